package cli

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/harden"
)

// stubEngine is the engine of the minimal snapshot, as far as live updates need
// one. What it does not have panics.
type stubEngine struct {
	harden.Engine
	id       string
	host     map[string]any
	labels   map[string]string
	onUpdate func() // what happens during an update
}

func newStub() *stubEngine {
	return &stubEngine{id: "7S6Z", host: map[string]any{
		"Memory": 0, "MemorySwap": 0, "NanoCpus": 500000000, "RestartPolicy": map[string]any{"Name": "always"}, "NetworkMode": "shop",
	}}
}

func (s *stubEngine) connect(context.Context, dockerapi.Endpoint) (harden.Engine, func(), error) {
	return s, func() {}, nil
}

func (s *stubEngine) Endpoint() dockerapi.Endpoint {
	return dockerapi.Endpoint{Address: "unix:///var/run/docker.sock"}
}

func (s *stubEngine) Get(_ context.Context, path string, _ url.Values, _ int64) ([]byte, error) {
	if strings.HasSuffix(path, "/stats") {
		return []byte(`{"memory_stats":{"usage":20971520}}`), nil
	}
	return json.Marshal(map[string]any{"ID": s.id, "MemTotal": 8 << 30, "NCPU": 4, "SwapLimit": true})
}

func (s *stubEngine) ContainerInspectRaw(_ context.Context, ref string) (json.RawMessage, error) {
	id := strings.Repeat("c", 64)
	if ref != id {
		return nil, &dockerapi.Error{Op: "container", Kind: dockerapi.ErrNotFound}
	}
	return json.Marshal(map[string]any{
		"Id": id, "Name": "/web", "State": map[string]any{"Status": "running", "Running": true},
		"Config": map[string]any{"Labels": s.labels}, "HostConfig": s.host,
	})
}

func (s *stubEngine) ContainerUpdate(_ context.Context, _ string, u dockerapi.Update) ([]string, error) {
	if s.onUpdate != nil {
		s.onUpdate()
	}
	for key, v := range map[string]*int64{"Memory": u.Memory, "MemorySwap": u.MemorySwap} {
		if v != nil {
			s.host[key] = *v
		}
	}
	if u.Restart != nil {
		s.host["RestartPolicy"] = map[string]any{"Name": u.Restart.Name, "MaximumRetryCount": u.Restart.Count}
	}
	return nil, nil
}

// withStub is a machine with one container that fails two checks, and its engine.
func (b *bench) withStub() *stubEngine {
	s := newStub()
	b.connect, b.collect = s.connect, unlimited
	return s
}
