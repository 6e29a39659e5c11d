package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"plimsoll/internal/dockerapi"
)

// Engine is what harden needs of a Docker engine; [*dockerapi.Client] is one.
// Configurations pass through it as the API's own JSON, so that a field this
// program does not know survives a re-creation.
type Engine interface {
	Endpoint() dockerapi.Endpoint
	Get(ctx context.Context, path string, query url.Values, limit int64) ([]byte, error)
	ContainerInspectRaw(ctx context.Context, id string) (json.RawMessage, error)
	ImageInspectRaw(ctx context.Context, ref string) (json.RawMessage, error)
	Changes(ctx context.Context, id string) ([]dockerapi.Change, error)

	ContainerUpdate(ctx context.Context, id string, u dockerapi.Update) ([]string, error)
	ContainerCreate(ctx context.Context, name string, config json.RawMessage) (id string, warnings []string, err error)
	NetworkConnect(ctx context.Context, network, id string, endpoint json.RawMessage) error
	Rename(ctx context.Context, id, name string) error
	Start(ctx context.Context, id string) error
	Stop(ctx context.Context, id string, grace *int) error
	Remove(ctx context.Context, id string, force bool) error
}

// engineInfo is what harden needs to know of the engine as a whole.
type engineInfo struct {
	ID        string
	MemTotal  int64 // bytes of the machine
	NCPU      int64
	SwapLimit bool // the kernel accounts for swap
}

func (r *runner) info(ctx context.Context) (engineInfo, error) {
	var in engineInfo
	return in, r.get(ctx, "/info", nil, &in)
}

func (r *runner) get(ctx context.Context, path string, query url.Values, v any) error {
	b, err := r.eng.Get(ctx, path, query, dockerapi.MaxList)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("GET %s: the engine's answer is not understood: %w", path, err)
	}
	return nil
}

// inspect returns a container, by ID or exact name, raw and read; both are nil
// when there is none.
func (r *runner) inspect(ctx context.Context, ref string) (json.RawMessage, *view, error) {
	raw, err := r.eng.ContainerInspectRaw(ctx, ref)
	if errors.Is(err, dockerapi.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	v, err := parseView(raw)
	if err != nil {
		return nil, nil, err
	}
	if v.ID != ref && v.Name != ref { // the API also takes the beginning of an ID
		return nil, nil, nil
	}
	return raw, v, nil
}

// others describes every other container of the engine.
func (r *runner) others(ctx context.Context, id string) ([]*view, error) {
	var all []*view
	if r.peers != nil {
		all = r.peers.all
	}
	if all == nil {
		var err error
		if all, err = r.everyone(ctx); err != nil {
			return nil, err
		}
	}
	if r.peers != nil {
		r.peers.all = all
	}
	return slices.DeleteFunc(slices.Clone(all), func(v *view) bool { return v.ID == id }), nil
}

// everyone describes every container of the engine.
func (r *runner) everyone(ctx context.Context) ([]*view, error) {
	var list []struct {
		ID string `json:"Id"`
	}
	if err := r.get(ctx, "/containers/json", url.Values{"all": {"1"}}, &list); err != nil {
		return nil, err
	}
	var out []*view
	for _, c := range list {
		_, v, err := r.inspect(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if v != nil { // it may have ended meanwhile
			out = append(out, v)
		}
	}
	return out, nil
}

// memoryUse returns the bytes that a running container holds and the kernel
// cannot simply drop: its use without inactive page cache.
func (r *runner) memoryUse(ctx context.Context, id string) (int64, error) {
	var s struct {
		Memory struct {
			Usage int64
			Stats struct {
				InactiveV1 int64 `json:"total_inactive_file"`
				InactiveV2 int64 `json:"inactive_file"`
			}
		} `json:"memory_stats"`
	}
	if err := r.get(ctx, "/containers/"+id+"/stats", url.Values{"stream": {"false"}, "one-shot": {"true"}}, &s); err != nil {
		return 0, err
	}
	if s.Memory.Usage <= 0 {
		return 0, errors.New("the engine reports none")
	}
	cache := max(s.Memory.Stats.InactiveV1, s.Memory.Stats.InactiveV2)
	return max(s.Memory.Usage-cache, 1), nil
}
