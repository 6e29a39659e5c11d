package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// recordings are the folders with answers of a real engine.
var recordings = []string{"../../internal/collect/docker/testdata/engine-20.10", "../../internal/dockerapi/inspect/testdata/engine-20.10"}

// fake is an engine that says what a test wants.
type fake struct {
	t      *testing.T
	socket string
	server *http.Server
	hook   func(w http.ResponseWriter, path string) bool // true: it has answered

	mu      sync.Mutex
	answers map[string]string // by path without the version
	rows    []map[string]any

	informed chan struct{} // closed when GET /info was answered
	once     sync.Once
}

// newFake starts an engine without containers on a socket.
func newFake(t *testing.T, socket string) *fake {
	t.Helper()
	f := &fake{t: t, socket: socket, informed: make(chan struct{}), answers: map[string]string{
		"/version": recorded(t, "version"), "/info": recorded(t, "info"),
		"/containers/json": "[]", "/images/json": "[]", "/networks": "[]", "/volumes": `{"Volumes":[]}`,
	}}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	f.server = &http.Server{Handler: f}
	go func() { _ = f.server.Serve(l) }()
	t.Cleanup(func() { _ = f.server.Close() })
	return f
}

func recorded(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range recordings {
		if b, err := os.ReadFile(filepath.Join(dir, name+".json")); err == nil {
			return string(b)
		}
	}
	t.Fatalf("no recording %s in %v", name, recordings)
	return ""
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	if f.hook != nil && f.hook(w, path) {
		return
	}
	f.mu.Lock()
	answer, ok := f.answers[path]
	f.mu.Unlock()
	if !ok && path != "/_ping" {
		http.Error(w, `{"message":"no such object"}`, http.StatusNotFound)
		return
	}
	fmt.Fprint(w, answer)
	if path == "/info" {
		f.once.Do(func() { close(f.informed) })
	}
}

func (f *fake) set(path, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answer
}

// add lists a container like the recorded one, as changed by edit, and returns
// its answer to inspect.
func (f *fake) add(name string, edit func(top, host, config map[string]any)) string {
	f.t.Helper()
	var top map[string]any
	if err := json.Unmarshal([]byte(recorded(f.t, "web")), &top); err != nil {
		f.t.Fatal(err)
	}
	id := fmt.Sprintf("%064x", len(f.rows)+1)
	top["Id"], top["Name"] = id, "/"+name
	if edit != nil {
		edit(top, top["HostConfig"].(map[string]any), top["Config"].(map[string]any))
	}
	f.rows = append(f.rows, map[string]any{"Id": id, "Names": []string{"/" + name}, "Image": "img", "ImageID": top["Image"], "State": "running"})
	f.set("/containers/json", f.json(f.rows))
	doc := f.json(top)
	f.set("/containers/"+id+"/json", doc)
	return doc
}

func (f *fake) json(v any) string {
	f.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// die ends the engine as kill -9 does, in the middle of an answer.
func (f *fake) die() { _ = f.server.Close() }
