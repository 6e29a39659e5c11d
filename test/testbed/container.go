package testbed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// cleanupTimeout bounds the removal of everything a test left.
const cleanupTimeout = 2 * time.Minute

// Spec is the document that POST /containers/create takes, in the engine's own
// field names: Image, Cmd, HostConfig and so on. An absent Image is [Image].
type Spec map[string]any

// Name returns a container name that no other test uses.
func (b *Bed) Name(name string) string { return b.prefix + name }

func newPrefix() string { return "tb-" + rand.Text()[:8] + "-" }

// Create makes a container without starting it and returns its ID. name becomes
// [Bed.Name](name). The container is removed when the test ends.
func (b *Bed) Create(name string, spec Spec) string {
	b.t.Helper()
	id, err := b.create(b.t.Context(), name, spec)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// Run is [Bed.Create] and a start.
func (b *Bed) Run(name string, spec Spec) string {
	b.t.Helper()
	id, err := b.run(b.t.Context(), name, spec)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// RunMany runs one container for each name, some at a time, and returns the IDs
// in the order of the names.
func (b *Bed) RunMany(names []string, spec func(i int) Spec) []string {
	b.t.Helper()
	ids, errs := make([]string, len(names)), make([]error, len(names))
	Each(len(names), 4, func(i int) { ids[i], errs[i] = b.run(b.t.Context(), names[i], spec(i)) })
	for _, err := range errs {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return ids
}

// Commit makes an image of a container with the given configuration and returns
// its reference. The image is removed when the test ends.
func (b *Bed) Commit(id, name string, config Spec) string {
	b.t.Helper()
	repo := strings.ToLower(b.Name(name))
	b.Post("/commit?container="+id+"&tag=1&repo="+repo, config, nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.images = append(b.images, repo+":1")
	return repo + ":1"
}

func (b *Bed) run(ctx context.Context, name string, spec Spec) (string, error) {
	id, err := b.create(ctx, name, spec)
	if err != nil {
		return "", err
	}
	_, err = b.Call(ctx, http.MethodPost, "/containers/"+id+"/start", nil)
	return id, err
}

func (b *Bed) create(ctx context.Context, name string, spec Spec) (string, error) {
	body := Spec{"Image": Image}
	maps.Copy(body, spec)
	answer, err := b.Call(ctx, http.MethodPost, "/containers/create?name="+url.QueryEscape(b.Name(name)), body)
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", err
	}
	b.mu.Lock()
	b.created = append(b.created, made.ID)
	b.mu.Unlock()
	return made.ID, nil
}

// removeAll removes what the test created and every container whose name has
// the test's prefix: the program under test may have put another in its place.
func (b *Bed) removeAll() {
	// The test's own context has ended by now.
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	ids := b.created
	if len(ids) == 0 {
		return
	}
	filter, _ := json.Marshal(map[string][]string{"name": {"^/?" + b.prefix}}) // a map of strings always encodes
	answer, err := b.Call(ctx, http.MethodGet, "/containers/json?all=1&filters="+url.QueryEscape(string(filter)), nil)
	if err != nil {
		b.t.Errorf("list what the test left: %v", err)
	}
	var left []struct{ ID string }
	if err == nil {
		if err := json.Unmarshal(answer, &left); err != nil {
			b.t.Errorf("list what the test left: %v", err)
		}
	}
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	for _, c := range left {
		if !known[c.ID] {
			ids = append(ids, c.ID)
		}
	}
	Each(len(ids), 4, func(i int) { b.remove(ctx, ids[i]) })
	for _, ref := range b.images {
		if _, err := b.Call(ctx, http.MethodDelete, "/images/"+ref, nil); err != nil && !gone(err) {
			b.t.Errorf("remove image: %v", err)
		}
	}
}

// remove deletes a container with its anonymous volumes; one that is gone
// already is no error.
func (b *Bed) remove(ctx context.Context, id string) {
	_, err := b.Call(ctx, http.MethodDelete, "/containers/"+id+"?force=1&v=1", nil)
	if err != nil && !gone(err) {
		b.t.Errorf("remove container: %v", err)
	}
}
