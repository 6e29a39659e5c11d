package dockerapi

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"plimsoll/test/testbed"
)

// realEngine connects to the engine of this machine or skips the test.
func realEngine(t *testing.T) *Client {
	t.Helper()
	testbed.Engine(t)
	c, err := Connect(t.Context(), SocketEndpoint(testbed.Socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestRealEngineReads(t *testing.T) {
	c := realEngine(t)
	b, err := c.Get(t.Context(), "/version", nil, MaxObject)
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Version string }
	if err := json.Unmarshal(b, &v); err != nil || v.Version == "" {
		t.Fatalf("version %q, %v", b, err)
	}
	if c.Calls() != 2 {
		t.Errorf("%d calls, want 2: ping and version", c.Calls())
	}
	if _, err := c.ContainerInspectRaw(t.Context(), "plimsoll-no-such"); !errors.Is(err, ErrNotFound) {
		t.Errorf("inspect of a missing container: %v", err)
	}
}

// TestRealEngineWrites walks one container through every write.
func TestRealEngineWrites(t *testing.T) {
	testbed.Mutable(t)
	c, ctx := realEngine(t), t.Context()
	const name = "collect-docker-writes"
	_ = c.Remove(ctx, name, true)
	id, _, err := c.ContainerCreate(ctx, name, json.RawMessage(`{"Image":"testbed/busybox:1","Cmd":["sleep","600"],"StopTimeout":1}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Remove(context.WithoutCancel(ctx), id, true) })
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("start", c.Start(ctx, id))
	mem, pids := int64(64<<20), int64(50)
	_, err = c.ContainerUpdate(ctx, id, Update{Memory: &mem, MemorySwap: &mem, PidsLimit: &pids, Restart: &Restart{Name: "on-failure", Count: 5}})
	must("update", err)
	b, err := c.ContainerInspectRaw(ctx, id)
	must("inspect", err)
	var got struct {
		HostConfig struct {
			Memory, PidsLimit int64
			RestartPolicy     struct{ Name string }
		}
	}
	must("decode", json.Unmarshal(b, &got))
	if got.HostConfig.Memory != mem || got.HostConfig.PidsLimit != pids || got.HostConfig.RestartPolicy.Name != "on-failure" {
		t.Errorf("after update: %+v", got.HostConfig)
	}
	must("rename", c.Rename(ctx, id, name+"-2"))
	t.Cleanup(func() { _ = c.Remove(context.WithoutCancel(ctx), name+"-2", true) })
	_, err = c.Changes(ctx, id)
	must("changes", err)
	grace := 0
	must("stop", c.Stop(ctx, id, &grace))
	if err := c.Remove(ctx, id+"0", false); !errors.Is(err, ErrNotFound) {
		t.Errorf("remove of a missing container: %v", err)
	}
	must("remove", c.Remove(ctx, id, false))
	stopped, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	if err := c.Start(stopped, id); !errors.Is(err, ErrTimeout) {
		t.Errorf("start past the deadline: %v", err)
	}
}
