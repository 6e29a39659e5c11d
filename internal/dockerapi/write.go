package dockerapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Update is a change of a live container. A nil field stays as it is. The
// engine ignores a zero Memory or NanoCPUs, so a limit cannot be taken away.
type Update struct {
	Memory     *int64 // bytes
	MemorySwap *int64 // bytes, memory and swap together; -1 unlimited
	NanoCPUs   *int64 // 1e-9 CPU
	CPUShares  *int64 // relative weight
	CPUPeriod  *int64 // microseconds
	CPUQuota   *int64 // microseconds per period; -1 unlimited
	PidsLimit  *int64 // 0 or -1 unlimited
	Restart    *Restart
}

// Restart is a restart policy in the engine's words.
type Restart struct {
	Name  string // no, on-failure, always, unless-stopped
	Count int    // with on-failure; 0 is unlimited
}

// ContainerUpdate changes limits and restart policy of a container in place and
// returns the engine's warnings.
func (c *Client) ContainerUpdate(ctx context.Context, id string, u Update) ([]string, error) {
	value := func(p *int64) int64 {
		if p == nil {
			return 0
		}
		return *p
	}
	o := client.ContainerUpdateOptions{Resources: &container.Resources{
		Memory: value(u.Memory), MemorySwap: value(u.MemorySwap), NanoCPUs: value(u.NanoCPUs), CPUShares: value(u.CPUShares),
		CPUPeriod: value(u.CPUPeriod), CPUQuota: value(u.CPUQuota), PidsLimit: u.PidsLimit,
	}}
	if u.Restart != nil {
		o.RestartPolicy = &container.RestartPolicy{Name: container.RestartPolicyMode(u.Restart.Name), MaximumRetryCount: u.Restart.Count}
	}
	var warnings []string
	err := c.write(ctx, "update container", id, func(ctx context.Context) error {
		r, err := c.library.ContainerUpdate(ctx, id, o)
		warnings = clean(r.Warnings)
		return err
	})
	return warnings, err
}

// ContainerCreate creates a container from the body of POST /containers/create:
// the fields of Config at the top, HostConfig and NetworkingConfig beside them.
// The body is passed as it is, so that no field of a newer engine is lost.
func (c *Client) ContainerCreate(ctx context.Context, name string, config json.RawMessage) (id string, warnings []string, err error) {
	if err := reference("container", name); err != nil {
		return "", nil, err
	}
	b, err := c.do(ctx, http.MethodPost, "/containers/create", url.Values{"name": {name}}, bytes.NewReader(config), MaxObject)
	if err != nil {
		return "", nil, err
	}
	var answer struct {
		ID       string `json:"Id"`
		Warnings []string
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return "", nil, fmt.Errorf("create container %s: the engine's answer is not understood: %w", name, err)
	}
	return answer.ID, clean(answer.Warnings), reference("container", answer.ID)
}

// Start starts a container; one that runs already is no error.
func (c *Client) Start(ctx context.Context, id string) error {
	return c.write(ctx, "start container", id, func(ctx context.Context) error {
		_, err := c.library.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
}

// Stop stops a container and returns when it has; grace is in seconds, nil for
// the container's own setting. One that is stopped already is no error.
func (c *Client) Stop(ctx context.Context, id string, grace *int) error {
	return c.write(ctx, "stop container", id, func(ctx context.Context) error {
		_, err := c.library.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: grace})
		return err
	})
}

// Rename gives a container another name.
func (c *Client) Rename(ctx context.Context, id, name string) error {
	if err := reference("container", name); err != nil {
		return err
	}
	return c.write(ctx, "rename container", id, func(ctx context.Context) error {
		_, err := c.library.ContainerRename(ctx, id, client.ContainerRenameOptions{NewName: name})
		return err
	})
}

// Remove deletes a container, never its volumes; force also ends a running one.
func (c *Client) Remove(ctx context.Context, id string, force bool) error {
	return c.write(ctx, "remove container", id, func(ctx context.Context) error {
		_, err := c.library.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: force})
		return err
	})
}

// NetworkConnect attaches a container to a network. endpoint is the engine's
// EndpointSettings as JSON; nil for the defaults.
func (c *Client) NetworkConnect(ctx context.Context, network, id string, endpoint json.RawMessage) error {
	if err := reference("network", network); err != nil {
		return err
	}
	if err := reference("container", id); err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Container      string
		EndpointConfig json.RawMessage `json:",omitempty"`
	}{id, endpoint})
	if err != nil {
		return fmt.Errorf("connect %s to network %s: %w", id, network, err)
	}
	_, err = c.do(ctx, http.MethodPost, "/networks/"+network+"/connect", nil, bytes.NewReader(body), MaxObject)
	return err
}

// Change is one path that differs between a container's writable layer and its
// image.
type Change struct {
	Path string `json:"Path"`
	Kind int    `json:"Kind"` // 0 modified, 1 added, 2 deleted
}

// Changes lists the paths changed in a container's writable layer.
func (c *Client) Changes(ctx context.Context, id string) ([]Change, error) {
	if err := reference("container", id); err != nil {
		return nil, err
	}
	b, err := c.Get(ctx, "/containers/"+id+"/changes", nil, MaxObject)
	if err != nil {
		return nil, err
	}
	var changes []Change
	if err := json.Unmarshal(b, &changes); err != nil {
		return nil, fmt.Errorf("changes of container %s: the engine's answer is not understood: %w", id, err)
	}
	return changes, nil
}

// write runs one call of the library and classifies its error.
func (c *Client) write(ctx context.Context, what, id string, call func(context.Context) error) error {
	if err := reference("container", id); err != nil {
		return err
	}
	f := new(failure)
	err := call(context.WithValue(ctx, failureKey{}, f))
	op := what + " " + id
	switch {
	case err == nil:
		return nil
	case f.err != nil:
		return transportError(op, f.err)
	}
	return libraryError(op, err)
}

func clean(messages []string) []string {
	for i, m := range messages {
		messages[i] = printable(m)
	}
	return messages
}
