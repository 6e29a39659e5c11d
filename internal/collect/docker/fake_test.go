package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// fakeEngine answers on a unix socket. Its answers are by path without the
// version prefix; a string is a body, a function answers itself.
type fakeEngine struct {
	t       *testing.T
	socket  string
	mu      sync.Mutex
	answers map[string]any
	asked   map[string]int
	server  *http.Server
}

// newFake starts an engine without containers.
func newFake(t *testing.T) *fakeEngine {
	t.Helper()
	f := &fakeEngine{t: t, asked: make(map[string]int), answers: map[string]any{
		"/version": recorded(t, "version"),
		"/info":    recorded(t, "info"),
		"/plugins": "[]", "/containers/json": "[]", "/images/json": "[]", "/networks": "[]", "/volumes": `{"Volumes":[]}`,
		"/nodes": "[]", "/secrets": "[]", "/configs": "[]",
	}}
	f.socket = filepath.Join(t.TempDir(), "e.sock")
	l, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	f.server = &http.Server{Handler: f}
	go func() { _ = f.server.Serve(l) }()
	t.Cleanup(func() { _ = f.server.Close() })
	return f
}

func recorded(t testing.TB, name string) string {
	t.Helper()
	dir := "testdata"
	if name == "web" || name == "db" { // containers, which package inspect decodes
		dir = filepath.Join("..", "..", "dockerapi", "inspect", dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "engine-20.10", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	f.mu.Lock()
	f.asked[path]++
	a, ok := f.answers[path]
	f.mu.Unlock()
	switch v := a.(type) {
	case string:
		fmt.Fprint(w, v)
	case func(http.ResponseWriter, *http.Request):
		v(w, r)
	default:
		if !ok && path != "/_ping" {
			http.Error(w, `{"message":"no such object"}`, http.StatusNotFound)
		}
	}
}

// set replaces an answer.
func (f *fakeEngine) set(path string, answer any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answer
}

// add lists a container and answers for it.
func (f *fakeEngine) add(id, name string, inspect any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(f.answers["/containers/json"].(string)), &rows); err != nil {
		f.t.Fatal(err)
	}
	rows = append(rows, map[string]any{"Id": id, "Names": []string{"/" + name}, "Image": "img", "ImageID": "sha256:img", "State": "running"})
	b, err := json.Marshal(rows)
	if err != nil {
		f.t.Fatal(err)
	}
	f.answers["/containers/json"] = string(b)
	f.answers["/containers/"+id+"/json"] = inspect
}

func (f *fakeEngine) connect() *dockerapi.Client {
	f.t.Helper()
	c, err := dockerapi.Connect(f.t.Context(), dockerapi.SocketEndpoint(f.socket))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

func (f *fakeEngine) collect(o Options) *snapshot.Snapshot {
	f.t.Helper()
	o.Client = f.connect()
	return Collect(f.t.Context(), o)
}

func status(code int, message string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message":"`+message+`"}`, code)
	}
}

// container is the inspect answer of a plain running container, changed by edit.
func container(t testing.TB, name string, edit func(top, host, config map[string]any)) string {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal([]byte(recorded(t, "web")), &top); err != nil {
		t.Fatal(err)
	}
	top["Name"], top["Image"] = "/"+name, "sha256:img"
	if edit != nil {
		edit(top, top["HostConfig"].(map[string]any), top["Config"].(map[string]any))
	}
	b, err := json.Marshal(top)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func labels(m map[string]string) func(top, host, config map[string]any) {
	return func(_, _, config map[string]any) { config["Labels"] = m }
}

// fakeLocal is a machine on which everything was found.
type fakeLocal struct {
	daemon snapshot.Fact[snapshot.DaemonProcess]
	facts  ContainerFacts
}

func newLocal() fakeLocal {
	return fakeLocal{
		daemon: snapshot.Seen(snapshot.DaemonProcess{PID: 7, Exe: "/usr/sbin/dockerd"}, "socket"),
		facts: ContainerFacts{
			Process: snapshot.Seen(snapshot.Process{UID: 0}, "/proc"),
			Cgroup:  snapshot.Seen(snapshot.Cgroup{Version: 1, MemoryMax: -1}, "/sys/fs/cgroup"),
			Usage:   snapshot.Seen(snapshot.Usage{MemoryCurrent: 1 << 20}, "/sys/fs/cgroup"),
		},
	}
}

func (l fakeLocal) Daemon(context.Context, string) snapshot.Fact[snapshot.DaemonProcess] {
	return l.daemon
}

func (l fakeLocal) Config(context.Context, snapshot.DaemonProcess) snapshot.Fact[snapshot.DaemonConfig] {
	return snapshot.Seen(snapshot.DaemonConfig{FileSeen: snapshot.Absent}, "command line")
}

func (l fakeLocal) Container(context.Context, int, string) ContainerFacts { return l.facts }

func (l fakeLocal) Resolve(path string) Resolved {
	return Resolved{Real: "/real" + path, Dev: 1, Ino: 2, State: snapshot.Observed}
}

func (l fakeLocal) Shown(real string, recursive bool) []string {
	if recursive {
		return []string{"/below" + real}
	}
	return nil
}

func (l fakeLocal) Sockets(_ context.Context, _ string, paths []string) ([]snapshot.File, snapshot.PartStatus) {
	return []snapshot.File{{Scope: "host:x", Path: paths[0], State: snapshot.Observed}}, snapshot.PartStatus{State: snapshot.Observed}
}

func (l fakeLocal) Files(_ context.Context, scope string, q FileQuery) ([]snapshot.File, snapshot.PartStatus) {
	return []snapshot.File{{Scope: "host:h", Engine: scope, Path: q.Root, Role: snapshot.RoleDataRoot}}, snapshot.PartStatus{State: snapshot.Observed}
}

func (l fakeLocal) Swarm(context.Context, snapshot.DaemonProcess, string) snapshot.Fact[snapshot.SwarmAddresses] {
	return snapshot.Seen(snapshot.SwarmAddresses{Listen: "0.0.0.0:2377"}, "docker-state.json")
}

func (l fakeLocal) Listeners(_ context.Context, scope string, _ snapshot.DaemonProcess) ([]snapshot.Listener, snapshot.PartStatus) {
	return []snapshot.Listener{{Scope: scope, Network: "unix"}}, snapshot.PartStatus{State: snapshot.Observed}
}

func (l fakeLocal) Verifier(context.Context, snapshot.DaemonProcess) snapshot.Fact[snapshot.Verifier] {
	return snapshot.Missing[snapshot.Verifier](snapshot.Denied, snapshot.ReasonDenied, "/etc/containerd/config.toml")
}

func (l fakeLocal) Package(context.Context, string) string { return "docker.io 20.10" }

// tarOf is an archive of one file, or of a symbolic link.
func tarOf(t *testing.T, name, content, link string) []byte {
	t.Helper()
	b := new(bytes.Buffer)
	w := tar.NewWriter(b)
	h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}
	if link != "" {
		h.Typeflag, h.Linkname = tar.TypeSymlink, link
	}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
