package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// password is looked for in everything that is collected; the line of the file
// is its bcrypt hash.
const (
	password = "canary-7f3a-password"
	htpasswd = "ada:$2b$04$qUkHzjLFg9Hz3FUKC.xEPeVkFvs4KNdhEXVLhZGjs5FG/rvUnuDt.\n"
)

// collect asks a registry and returns its evidence and what was said.
func collect(t *testing.T, o Options) (snapshot.Registry, []string) {
	t.Helper()
	var said []string
	o.Taken, o.Say = time.Now(), func(m string) { said = append(said, m) }
	s, err := Collect(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.Taken = o.Taken.UTC().Truncate(time.Second)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), password) || strings.Contains(string(b), "$2b$") {
		t.Errorf("a password is in the snapshot: %s", b)
	}
	return s.Registries[0], said
}

func TestOpenRegistry(t *testing.T) {
	r := testbed.StartRegistry(t, testbed.RegistryOptions{Delete: true})
	fill(t, r.Address, "shop/web")
	got, _ := collect(t, Options{Address: r.Address})
	if v := got.API.V; v.TLS != nil || len(v.Plain) != 1 || v.Status != 200 || len(v.Challenges) != 0 {
		t.Errorf("api: %+v", v)
	}
	v := got.Content.V
	if v.Catalog != 200 || v.Listed != 1 || len(v.Repos) != 1 || v.Repos[0] != (snapshot.RegistryRepo{Name: "shop/web", Tags: 200, Manifest: 200}) {
		t.Errorf("content: %+v", v)
	}
	if v.Blobs < 2 || len(v.Corrupt) != 0 || len(v.Foreign) != 0 {
		t.Errorf("content: %+v", v)
	}
	if got.Product != "distribution" || got.Sure || got.Console {
		t.Errorf("product %q, sure %t, console %t", got.Product, got.Sure, got.Console)
	}
	if got.Probe.State != snapshot.Skipped {
		t.Errorf("probe: %+v", got.Probe)
	}
}

func TestTLS(t *testing.T) {
	r := testbed.StartRegistry(t, testbed.RegistryOptions{TLS: true, Htpasswd: htpasswd})
	got, _ := collect(t, Options{Address: r.Address})
	v := got.API.V
	if v.TLS == nil || v.TLS.Version != "1.3" || v.TLS.Trusted || v.TLS.Why != "unknown-authority" || v.TLS.Pinned || v.TLS.NotAfter.IsZero() || len(v.Plain) != 0 {
		t.Errorf("api: %+v, TLS %+v", v, v.TLS)
	}
	if v.Status != 401 || len(v.Challenges) != 1 || v.Challenges[0].Scheme != "basic" || got.Content.V.Catalog != 401 {
		t.Errorf("api: %+v, content: %+v", v, got.Content.V)
	}
	got, _ = collect(t, Options{Address: r.Address, Pins: func(string) []byte { return r.CA }})
	if v := got.API.V.TLS; !v.Trusted || v.Why != "" || !v.Pinned {
		t.Errorf("with its authority pinned: %+v", v)
	}
}

// TestProbe looks at the folder of the registry: nothing but what was said may
// be left.
func TestProbe(t *testing.T) {
	for name, tt := range map[string]struct {
		options testbed.RegistryOptions
		want    snapshot.RegistryProbe
		left    int
	}{
		"open":      {testbed.RegistryOptions{Delete: true}, snapshot.RegistryProbe{Push: 202, Delete: 404, Overwrite: "done", Tag: probeTag, Deleted: "done"}, 1},
		"no-delete": {testbed.RegistryOptions{}, snapshot.RegistryProbe{Push: 202, Delete: 405, Why: "deletion is off or refused, so nothing was pushed that could not be undone"}, 0},
		"read-only": {testbed.RegistryOptions{Delete: true, ReadOnly: true}, snapshot.RegistryProbe{Push: 405, Delete: 405, Why: "pushing is refused without a login"}, 0},
		"login":     {testbed.RegistryOptions{Delete: true, Htpasswd: htpasswd}, snapshot.RegistryProbe{Push: 401, Delete: 401, Why: "pushing is refused without a login"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := testbed.StartRegistry(t, tt.options)
			got, said := collect(t, Options{Address: r.Address, Probe: true})
			p := got.Probe.V
			if len(p.Left) != tt.left {
				t.Errorf("left: %q", p.Left)
			}
			p.Left = nil
			if fmt.Sprint(p) != fmt.Sprint(tt.want) {
				t.Errorf("got %+v, want %+v", p, tt.want)
			}
			if len(said) == 0 || !strings.Contains(said[0], "opens an upload") {
				t.Errorf("said: %q", said)
			}
			if again, _ := collect(t, Options{Address: r.Address}); len(again.Content.V.Repos) > 0 && again.Content.V.Repos[0].Manifest == 200 {
				t.Errorf("an image is left: %+v", again.Content.V)
			}
		})
	}
}

// TestInterruptedProbe cancels between the pushes: what was pushed is deleted
// all the same.
func TestInterruptedProbe(t *testing.T) {
	r := testbed.StartRegistry(t, testbed.RegistryOptions{Delete: true})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &collector{Options: Options{Say: func(string) {}}, address: r.Address, base: "http://" + r.Address, client: newClient(nil)}
	p := prober{c: c, repo: "plimsoll-probe-interrupted"}
	pushed := []image{newImage()}
	if status := p.push(ctx, &pushed[0]); status != 201 {
		t.Fatalf("push: HTTP %d", status)
	}
	cancel()
	p.undo(ctx, pushed)
	if p.out.Deleted != "done" || len(p.out.Left) != 1 {
		t.Errorf("%+v", p.out)
	}
}

func TestDebug(t *testing.T) {
	r := testbed.StartRegistry(t, testbed.RegistryOptions{Debug: "127.0.0.1:5001"})
	got, _ := collect(t, Options{Address: r.Address})
	if d := got.Debug.V; !d.Open || d.Health != 200 {
		t.Errorf("debug: %+v", got.Debug)
	}
}

// fill pushes one image.
func fill(t *testing.T, address, repo string) {
	t.Helper()
	c := &collector{Options: Options{Say: func(string) {}}, address: address, base: "http://" + address, client: newClient(nil)}
	p, m := prober{c: c, repo: repo}, newImage()
	if status := p.push(context.Background(), &m); status != http.StatusCreated {
		t.Fatalf("push: HTTP %d", status)
	}
}

func TestCorruptBlob(t *testing.T) {
	r := testbed.StartRegistry(t, testbed.RegistryOptions{})
	fill(t, r.Address, "shop/web")
	files, err := filepath.Glob(r.Storage + "/docker/registry/v2/blobs/sha256/*/*/data")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte("nonce")) {
			continue // the manifest, which the registry reads itself
		}
		if err := os.WriteFile(f, bytes.Replace(b, []byte("probe"), []byte("spoil"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := collect(t, Options{Address: r.Address})
	if v := got.Content.V; len(v.Corrupt) == 0 {
		t.Errorf("content: %+v", v)
	}
}
