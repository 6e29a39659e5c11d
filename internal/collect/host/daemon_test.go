package host

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// listening is a machine with a live socket at /s that this test process
// listens on, seen as the given executable.
func listening(t *testing.T, exe string, more map[string]string) *Machine {
	t.Helper()
	pid := strconv.Itoa(os.Getpid())
	files := process(pid, map[string]string{
		"proc/" + pid + "/exe": "-> " + exe, "proc/" + pid + "/task/1/children": "50 51 \n",
		"proc/50/exe": "-> /usr/bin/docker-proxy", "proc/51/exe": "-> /usr/bin/containerd",
	})
	maps.Copy(files, more)
	m := fake(t, files)
	dir, err := os.MkdirTemp("", "h") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := os.Link(filepath.Join(dir, "s"), m.root+"/s"); err != nil {
		testbed.Skip(t, "no hard link: "+err.Error())
	}
	return m
}

func TestDaemonByPeer(t *testing.T) {
	d := listening(t, "/usr/bin/dockerd (deleted)", nil).Daemon(context.Background(), "unix:///s")
	want := snapshot.DaemonProcess{
		PID: os.Getpid(), Exe: "/usr/bin/dockerd", UID: 1000, Started: time.Unix(1700000042, 0).UTC(),
		Nofile: -1, Proxies: 1, FoundBy: "socket-peer",
	}
	if !d.Known() || d.V != want {
		t.Errorf("\n got %+v\nwant %+v", d, want)
	}
}

// TestDaemonImpostor: a listener whose command line says dockerd is no daemon,
// and no pid file replaces what the kernel said.
func TestDaemonImpostor(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	files := process("42", map[string]string{
		"proc/42/exe": "-> /usr/bin/dockerd", "run/docker.pid": "42\n",
		"proc/" + pid + "/cmdline": "dockerd\x00--userns-remap=default\x00",
	})
	d := listening(t, "/usr/bin/sleep", files).Daemon(context.Background(), "/s")
	if d.State != snapshot.Failed || d.Reason != snapshot.ReasonUnresolved {
		t.Errorf("%+v", d)
	}
}

func TestDaemonInContainer(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	m := listening(t, "/usr/bin/dockerd", map[string]string{"proc/" + pid + "/status": statusText("0", pid+"\t1")})
	if d := m.Daemon(context.Background(), "/s"); d.Known() {
		t.Errorf("a daemon of another PID namespace: %+v", d)
	}
}

// holder is a process that listens on /var/run/docker.sock.
func holder(pid, exe, path string) map[string]string {
	dir := "proc/" + pid + "/"
	return process(pid, map[string]string{
		dir + "exe": "-> " + exe, dir + "fd/3": "-> socket:[77]", dir + "task/1/children": "",
		dir + "net/unix":  "Num\n0: 00000002 00000000 00010000 0001 01 77 " + path + "\n",
		"run/docker.sock": "", "var/run": "-> /run",
	})
}

// With socket activation the kernel names the activator; here nobody answers.
func TestDaemonWithoutPeer(t *testing.T) {
	for name, tt := range map[string]struct {
		files   []map[string]string
		foundBy string
	}{
		"pid file":          {[]map[string]string{holder("42", "/usr/bin/dockerd", "/var/run/docker.sock"), {"run/docker.pid": "42"}}, "pid-file"},
		"named pid file":    {[]map[string]string{holder("42", "/usr/bin/dockerd", "/run/docker.sock"), {"etc/docker/daemon.json": `{"pidfile":"/p"}`, "p": "42\n"}}, "pid-file"},
		"no pid file":       {[]map[string]string{holder("42", "/snap/docker/1/bin/dockerd", "/run/docker.sock")}, "socket-holder"},
		"another's socket":  {[]map[string]string{holder("42", "/usr/bin/dockerd", "/srv/x.sock"), {"run/docker.pid": "42", "srv/x.sock": ""}}, ""},
		"stale pid file":    {[]map[string]string{holder("42", "/usr/bin/sleep", "/run/docker.sock"), {"run/docker.pid": "42"}}, ""},
		"hostile pid files": {[]map[string]string{holder("42", "/usr/bin/sleep", "/run/docker.sock"), {"run/docker.pid": "-1", "etc/docker/daemon.json": `{"pidfile":["/p","../x"]}`, "p": "1e9"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := fake(t, tt.files...).Daemon(context.Background(), "/var/run/docker.sock")
			if d.Known() != (tt.foundBy != "") || d.V.FoundBy != tt.foundBy {
				t.Errorf("%+v, want %q", d, tt.foundBy)
			}
		})
	}
}

func TestChildrenByParent(t *testing.T) {
	files := map[string]string{"proc/42/task/42/status": "x"}
	for pid, parent := range map[int]int{43: 42, 44: 1, 45: 42} {
		files[fmt.Sprintf("proc/%d/stat", pid)] = fmt.Sprintf("%d (x) S %d %s", pid, parent, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0")
	}
	got, err := fake(t, files).children(context.Background(), 42)
	if err != nil || fmt.Sprint(got) != "[43 45]" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestListeners(t *testing.T) {
	files := holder("42", "/usr/bin/dockerd", "/run/docker.sock")
	files["proc/42/fd/4"] = "-> socket:[5]"
	ls, part := fake(t, files).Listeners(context.Background(), "engine:x", snapshot.DaemonProcess{PID: 42})
	want := []snapshot.Listener{
		{Scope: "engine:x", Network: "tcp", Address: "127.0.0.1", Port: 8080, API: "unknown"},
		{Scope: "engine:x", Network: "unix", Address: "/run/docker.sock"},
	}
	if fmt.Sprint(ls) != fmt.Sprint(want) || part.State != snapshot.Observed || part.Reason != snapshot.ReasonPartial {
		t.Errorf("%+v %+v", ls, part)
	}
	_, part = fake(t, files).Listeners(context.Background(), "engine:x", snapshot.DaemonProcess{PID: 99})
	if part.State != snapshot.Failed || part.Detail == "" {
		t.Errorf("without the process: %+v", part)
	}
}

// TestSocketsOfAnUnusualEngine: what tells a helper's socket is the engine's own
// folder, not a word in the path.
func TestSocketsOfAnUnusualEngine(t *testing.T) {
	files := holder("42", "/usr/bin/dockerd", "/srv/docker/api.sock")
	files["proc/42/status"] = statusText("0", "42")
	files["proc/42/cmdline"] = "dockerd\x00--exec-root=/srv/state\x00-H\x00unix:///srv/docker/api.sock\x00-H\x00unix:///srv/state/own.sock\x00"
	files["srv/docker/api.sock"], files["real/ab12.sock"], files["real/own.sock"], files["srv/state"] = "", "", "", "-> /real"
	files["proc/42/fd/5"], files["proc/42/fd/6"] = "-> socket:[78]", "-> socket:[79]"
	files["proc/42/net/unix"] += "0: 2 0 00010000 0001 01 78 /srv/state/ab12.sock\n0: 2 0 00010000 0001 01 79 /srv/state/own.sock\n"
	got, _ := fake(t, files, ns("self", 200)).Sockets(context.Background(), "engine:x", nil)
	var paths []string
	for _, f := range got {
		if f.Role == snapshot.RoleEngineSocket && f.Path != "/run/docker.sock" { // the usual one is always listed
			paths = append(paths, f.Path)
		}
	}
	if fmt.Sprint(paths) != "[/srv/docker/api.sock /srv/state/own.sock]" {
		t.Errorf("sockets %q", paths)
	}
}

func TestSockets(t *testing.T) {
	files := holder("42", "/usr/bin/dockerd", "/run/docker.sock")
	files["proc/42/fd/5"], files["proc/42/fd/6"] = "-> socket:[78]", "-> socket:[79]"
	files["proc/42/net/unix"] += "0: 2 0 00010000 0001 01 78 /srv/api.sock\n0: 2 0 00010000 0001 01 79 /run/docker/metrics.sock\n"
	files["srv/api.sock"], files["run/docker/metrics.sock"], files["run/podman/podman.sock"] = "", "", ""
	files["proc/42/status"], files["proc/42/cmdline"] = statusText("0", "42"), "dockerd\x00"
	got, part := fake(t, files).Sockets(context.Background(), "engine:x", []string{"unix:///var/run/docker.sock", "tcp://x", "/gone.sock"})
	lines := make([]string, len(got))
	want := []string{
		"/gone.sock engine-socket engine:x absent", "/run/podman/podman.sock runtime-socket  observed",
		"/srv/api.sock engine-socket engine:x observed", "/var/run/docker.sock engine-socket engine:x observed",
	}
	for i, f := range got {
		lines[i] = fmt.Sprintf("%s %s %s %s", f.Path, f.Role, f.Engine, f.State)
	}
	if fmt.Sprint(lines) != fmt.Sprint(want) || part.State != snapshot.Observed {
		t.Errorf("\n got %q\nwant %q\n%+v", lines, want, part)
	}
}
