package harden

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"plimsoll/internal/dockerapi"
)

// fakeEngine behaves as Docker 20.10 does in what harden relies on, and fails
// where a real engine cannot be made to.
type fakeEngine struct {
	mu         sync.Mutex
	containers map[string]*fakeContainer
	images     map[string]string // reference -> ID
	made       int
	failAt     map[string]int                 // name of a call -> how many of it fail from now on
	crash      func(host map[string]any) bool // whether a started container ends at once
	use        int64                          // bytes of memory in use
	memTotal   int64
}

type fakeContainer struct {
	id, name, image, status string
	restarts                int
	config, host            map[string]any
	networks                map[string]any
	mounts                  []any
	created                 time.Time
	changes                 []dockerapi.Change
	health                  string
}

func newFake() *fakeEngine {
	return &fakeEngine{
		containers: map[string]*fakeContainer{}, images: map[string]string{"img:1": "sha256:aa", "reg/img@sha256:dd": "sha256:aa", "img:2": "sha256:bb"},
		failAt: map[string]int{}, use: 1 << 20, memTotal: 8 << 30,
	}
}

// add puts a running container into the engine.
func (f *fakeEngine) add(name string, change func(*fakeContainer)) string {
	f.made++
	c := &fakeContainer{
		id: fmt.Sprintf("%064x", f.made), name: name, image: "sha256:aa", status: "running", created: time.Unix(int64(1000+f.made), 0).UTC(),
		config:   map[string]any{"Image": "img:1", "Env": []any{"TOKEN=canary-secret"}, "StopTimeout": 0.0, "Labels": map[string]any{}},
		host:     map[string]any{"NetworkMode": "default", "RestartPolicy": map[string]any{"Name": "always", "MaximumRetryCount": 0.0}, "Memory": 0.0, "MemorySwap": 0.0, "NanoCpus": 0.0},
		networks: map[string]any{"bridge": map[string]any{"NetworkID": "n1"}},
	}
	if change != nil {
		change(c)
	}
	f.containers[c.id] = c
	return c.id
}

func (f *fakeEngine) find(ref string) (*fakeContainer, error) {
	for _, c := range f.containers {
		if c.id == ref || c.name == ref {
			return c, nil
		}
	}
	return nil, &dockerapi.Error{Op: "container " + ref, Kind: dockerapi.ErrNotFound}
}

func (f *fakeEngine) fails(ctx context.Context, call string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.failAt[call] > 0 {
		f.failAt[call]--
		return &dockerapi.Error{Op: call, Kind: dockerapi.ErrEngine, Message: "injected"}
	}
	return nil
}

func (f *fakeEngine) Endpoint() dockerapi.Endpoint {
	return dockerapi.Endpoint{Kind: dockerapi.KindUnix, Address: "unix:///fake"}
}

func (f *fakeEngine) Get(ctx context.Context, path string, _ url.Values, _ int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case path == "/info":
		return json.Marshal(map[string]any{"ID": "FAKE", "MemTotal": f.memTotal, "NCPU": 4, "SwapLimit": true})
	case path == "/containers/json":
		list := []any{}
		for id := range f.containers {
			list = append(list, map[string]any{"Id": id})
		}
		return json.Marshal(list)
	case strings.HasSuffix(path, "/stats"):
		return json.Marshal(map[string]any{"memory_stats": map[string]any{"usage": f.use}})
	}
	return nil, fmt.Errorf("unexpected path %s", path)
}

func (f *fakeEngine) ContainerInspectRaw(ctx context.Context, ref string) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.find(ref)
	if err != nil {
		return nil, err
	}
	state := map[string]any{"Status": c.status, "Running": c.status == "running" || c.status == "paused", "Paused": c.status == "paused"}
	if c.health != "" {
		state["Health"] = map[string]any{"Status": c.health}
	}
	return json.Marshal(map[string]any{
		"Id": c.id, "Name": "/" + c.name, "Image": c.image, "State": state, "Config": c.config, "HostConfig": c.host, "Mounts": c.mounts,
		"NetworkSettings": map[string]any{"Networks": c.networks}, "RestartCount": c.restarts, "Created": c.created,
	})
}

func (f *fakeEngine) ImageInspectRaw(ctx context.Context, ref string) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	id, ok := f.images[ref]
	if !ok {
		return nil, &dockerapi.Error{Op: "image", Kind: dockerapi.ErrNotFound}
	}
	return json.Marshal(map[string]any{"Id": id, "Config": map[string]any{}})
}

func (f *fakeEngine) Changes(ctx context.Context, id string) ([]dockerapi.Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.find(id)
	if err != nil {
		return nil, err
	}
	return c.changes, nil
}

// change runs a writing call on a container, unless it is to fail.
func (f *fakeEngine) change(ctx context.Context, call, id string, do func(*fakeContainer) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fails(ctx, call); err != nil {
		return err
	}
	c, err := f.find(id)
	if err != nil {
		return err
	}
	return do(c)
}

func (f *fakeEngine) ContainerUpdate(ctx context.Context, id string, u dockerapi.Update) ([]string, error) {
	return nil, f.change(ctx, "update", id, func(c *fakeContainer) error {
		set := func(name string, v *int64) {
			if v != nil && *v != 0 { // 0 is ignored, as the engine does
				c.host[name] = float64(*v)
			}
		}
		swap, _ := c.host["MemorySwap"].(float64)
		if u.Memory != nil && u.MemorySwap == nil && swap != -1 && float64(*u.Memory) > swap {
			return &dockerapi.Error{Op: "update", Kind: dockerapi.ErrEngine, Message: "Memory limit should be smaller than already set memoryswap limit"}
		}
		set("Memory", u.Memory)
		set("MemorySwap", u.MemorySwap)
		set("NanoCpus", u.NanoCPUs)
		set("CpuShares", u.CPUShares)
		if u.PidsLimit != nil {
			c.host["PidsLimit"] = float64(max(*u.PidsLimit, 0))
		}
		if u.Restart != nil {
			c.host["RestartPolicy"] = map[string]any{"Name": u.Restart.Name, "MaximumRetryCount": float64(u.Restart.Count)}
		}
		return nil
	})
}

func (f *fakeEngine) ContainerCreate(ctx context.Context, name string, body json.RawMessage) (string, []string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fails(ctx, "create"); err != nil {
		return "", nil, err
	}
	if _, err := f.find(name); err == nil {
		return "", nil, &dockerapi.Error{Op: "create", Kind: dockerapi.ErrConflict}
	}
	var config map[string]any
	if err := json.Unmarshal(body, &config); err != nil {
		return "", nil, err
	}
	host, _ := config["HostConfig"].(map[string]any)
	delete(config, "HostConfig")
	delete(config, "NetworkingConfig")
	f.mu.Unlock()
	id := f.add(name, func(c *fakeContainer) { c.status, c.config, c.host = "created", config, host })
	f.mu.Lock()
	return id, nil, nil
}

func (f *fakeEngine) NetworkConnect(ctx context.Context, network, id string, _ json.RawMessage) error {
	return f.change(ctx, "connect", id, func(c *fakeContainer) error {
		c.networks[network] = map[string]any{}
		return nil
	})
}

func (f *fakeEngine) Rename(ctx context.Context, id, name string) error {
	return f.change(ctx, "rename", id, func(c *fakeContainer) error {
		if _, err := f.find(name); err == nil {
			return &dockerapi.Error{Op: "rename", Kind: dockerapi.ErrConflict}
		}
		c.name = name
		return nil
	})
}

func (f *fakeEngine) Start(ctx context.Context, id string) error {
	return f.change(ctx, "start", id, func(c *fakeContainer) error {
		c.status = "running"
		if f.crash != nil && f.crash(c.host) {
			c.status = "exited"
		}
		return nil
	})
}

func (f *fakeEngine) Stop(ctx context.Context, id string, _ *int) error {
	return f.change(ctx, "stop", id, func(c *fakeContainer) error {
		c.status = "exited"
		return nil
	})
}

func (f *fakeEngine) Remove(ctx context.Context, id string, force bool) error {
	return f.change(ctx, "remove", id, func(c *fakeContainer) error {
		if c.status == "running" && !force {
			return &dockerapi.Error{Op: "remove", Kind: dockerapi.ErrConflict}
		}
		delete(f.containers, c.id)
		return nil
	})
}
