package host

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"

	"plimsoll/test/testbed"
)

var _ docker.Local = (*Machine)(nil)

const (
	socket = "/var/run/docker.sock"
	prefix = "collect-host-" // of the containers that these tests create
)

func TestRealDaemon(t *testing.T) {
	testbed.Engine(t)
	m, ctx := Open(""), context.Background()
	d := m.Daemon(ctx, socket)
	if !d.Known() || !isDaemon(d.V.Exe) || d.V.PID < 1 || d.V.Started.IsZero() || d.V.Nofile == 0 || d.V.UID != 0 {
		t.Fatalf("daemon: %+v", d)
	}
	c := m.Config(ctx, d.V)
	if !c.Known() {
		t.Errorf("config: %+v", c)
	}
	files, part := m.Sockets(ctx, "engine:x", []string{socket})
	i := slices.IndexFunc(files, func(f snapshot.File) bool { return f.Engine == "engine:x" })
	if part.State != snapshot.Observed || i < 0 || files[i].Type != "socket" || !files[i].ACL.Known() || len(files[i].Parents) == 0 {
		t.Errorf("sockets: %+v %+v", part, files)
	}
	ls, part := m.Listeners(ctx, "engine:x", d.V)
	if part.State != snapshot.Observed || !slices.ContainsFunc(ls, func(l snapshot.Listener) bool { return l.Address == socket }) {
		t.Errorf("listeners: %+v %+v", part, ls)
	}
	if v := m.Verifier(ctx, d.V); !v.Known() {
		t.Errorf("verifier: %+v", v)
	}
	scope, h, parts := m.Collect(ctx, socket)
	if !strings.HasPrefix(scope.ID, "host:") || h.Kernel == "" || h.MemTotal == 0 || !h.Cgroup.Known() || !h.Accounts.Known() {
		t.Errorf("host: %+v", h)
	}
	if testing.Verbose() {
		b, err := json.MarshalIndent([]any{d, c, files, ls, scope, h, parts, m.Package(ctx, d.V.Exe)}, "", " ")
		t.Logf("%s %v", b, err)
	}
}

// TestCurrentDaemon reads the engine whose containerd is no child of it, beside
// another engine on the same machine.
func TestCurrentDaemon(t *testing.T) {
	bed := testbed.Current(t)
	m, ctx := Open(""), t.Context()
	d := m.Daemon(ctx, bed.Address())
	if !d.Known() {
		t.Fatalf("daemon: %+v", d)
	}
	a, err := m.findAgents(ctx)
	if err != nil || len(a.engines) < 2 || len(a.containerds) < 2 {
		t.Fatalf("want two engines and two containerds: %+v, %v", a, err)
	}
	if v := m.Verifier(ctx, d.V); !v.Known() {
		t.Errorf("verifier: %+v", v)
	}
	c := m.Config(ctx, d.V)
	files, part := m.Files(ctx, "engine:x", docker.FileQuery{Process: d.V, Config: c, Root: "/var/lib/docker", Runtimes: []string{"runc"}})
	i := slices.IndexFunc(files, func(f snapshot.File) bool { return f.Role == snapshot.RoleContainerdRoot })
	if part.Reason != "" || i < 0 || files[i].State != snapshot.Observed || !strings.Contains(files[i].Path, "engine-current") {
		t.Errorf("%+v, containerd's root among %+v", part, files)
	}
	sockets, part := m.Sockets(ctx, "engine:x", []string{bed.Address()})
	own := slices.DeleteFunc(sockets, func(f snapshot.File) bool { return f.Engine == "" })
	if part.State != snapshot.Observed || len(own) != 1 || "unix://"+own[0].Path != bed.Address() {
		t.Errorf("sockets of the engine: %+v %+v", part, own)
	}
}

// start runs a container and returns what the kernel says of it.
func start(t *testing.T, name string, options []string, command ...string) docker.ContainerFacts {
	t.Helper()
	testbed.Mutable(t)
	args := append([]string{"run", "-d", "--rm", "--name", prefix + name}, options...)
	args = append(append(args, "testbed/busybox:1"), command...)
	if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
		t.Fatalf("docker run: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", prefix+name).Run() })
	return again(t, name)
}

// again reads a started container once more.
func again(t *testing.T, name string) docker.ContainerFacts { return lookedUp(t, name, "") }

// lookedUp reads it with a user's name.
func lookedUp(t *testing.T, name, user string) docker.ContainerFacts {
	t.Helper()
	out, err := exec.Command("docker", "inspect", "-f", "{{.State.Pid}}", prefix+name).Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return Open("").Container(context.Background(), pid, user)
}

func TestRealContainerBounded(t *testing.T) {
	f := start(t, "bounded", []string{
		"--memory", "64m", "--memory-swap", "96m", "--cpus", "0.5", "--cpu-shares", "512", "--pids-limit", "50",
		"--cpuset-cpus", "0", "--user", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only",
		"--ulimit", "nofile=100:200", "--ulimit", "nproc=300:400",
	}, "sleep", "600")
	if !f.Process.Known() || !f.Cgroup.Known() || !f.Usage.Known() {
		t.Fatalf("%+v", f)
	}
	p, c := f.Process.V, f.Cgroup.V
	want := snapshot.Process{
		UID: 1000, HostUID: 1000, NoNewPriv: true, Seccomp: 2, LSM: p.LSM, HostUser: true, RootReadOnly: true,
		Nofile: 200, Nproc: 400, Programs: []string{"busybox"}, Groups: []int64{1000}, UIDs: []int64{1000},
	}
	if got, w := mustJSON(t, p), mustJSON(t, want); got != w {
		t.Errorf("process\n got %s\nwant %s", got, w)
	}
	if c.MemoryMax != 64<<20 || c.MemorySwapMax != 96<<20 || c.CPUQuota*2 != c.CPUPeriod || c.PidsMax != 50 || c.Cpuset != "0" {
		t.Errorf("cgroup: %+v", c)
	}
	if c.Version == 1 && (c.CPUShares != 512 || c.Path != "/docker") {
		t.Errorf("cgroup: %+v", c)
	}
	if u := f.Usage.V; u.MemoryCurrent <= 0 || u.MemoryCurrent > u.MemoryPeak || u.Pids != 1 {
		t.Errorf("usage: %+v", u)
	}
}

// TestRealContainerUsers: a further process is another user's, and the user's
// name is looked up in the container's own passwd file, unless that is mounted.
func TestRealContainerUsers(t *testing.T) {
	start(t, "users", []string{"--user", "1000"}, "sleep", "600")
	command := exec.Command("docker", "exec", "-d", "--user", "0", prefix+"users", "sleep", "600")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("docker exec: %v: %s", err, out)
	}
	var f docker.ContainerFacts
	for range 50 {
		if f = lookedUp(t, "users", "app"); len(f.Process.V.UIDs) > 1 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if p := f.Process.V; !slices.Equal(p.UIDs, []int64{0, 1000}) || p.UID != 1000 {
		t.Errorf("users %v, first %d", p.UIDs, p.UID)
	}
	if !f.Account.Known() || f.Account.V != 1000 {
		t.Errorf("app is %+v, want 1000", f.Account)
	}
	if f := lookedUp(t, "users", "nobody-there"); f.Account.Known() || f.Account.Reason != snapshot.ReasonUnresolved {
		t.Errorf("a name that is not there: %+v", f.Account)
	}
	start(t, "mounted", []string{"-v", "/etc/passwd:/etc/passwd:ro"}, "sleep", "600")
	if f := lookedUp(t, "mounted", "root"); f.Account.Known() {
		t.Errorf("a mounted file was read: %+v", f.Account)
	}
}

func TestRealContainerListens(t *testing.T) {
	f := start(t, "listens", nil, "nc", "-l", "-p", "8080")
	for range 50 { // it takes a moment to listen
		if f.Process.Known() && len(f.Process.V.Listening) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
		f = again(t, "listens")
	}
	if !slices.Equal(f.Process.V.Listening, []uint16{8080}) {
		t.Errorf("listening: %+v", f.Process)
	}
}

func TestRealContainerOpen(t *testing.T) {
	f := start(t, "open", []string{"--net", "host", "--pid", "host", "--ipc", "host", "--uts", "host", "--cap-add", "NET_ADMIN"}, "sleep", "600")
	p, c := f.Process.V, f.Cgroup.V
	if !p.HostNet || !p.HostPid || !p.HostIpc || !p.HostUts || p.UID != 0 || p.RootReadOnly || p.NoNewPriv {
		t.Errorf("process: %+v", f.Process)
	}
	if p.CapBnd != snapshot.CapMask(append([]string{"NET_ADMIN"}, snapshot.DefaultCaps...)...) {
		t.Errorf("capabilities: %v", snapshot.CapList(p.CapBnd))
	}
	if c.MemoryMax != -1 || c.MemorySwapMax != -1 || c.CPUQuota != -1 || c.PidsMax != -1 || c.CPUShares != 1024 {
		t.Errorf("cgroup: %+v", c)
	}
}

// TestRealImpostor shows that a process which only calls itself dockerd is not
// taken for one.
func TestRealImpostor(t *testing.T) {
	m := Open("")
	if d := m.daemonAt(context.Background(), os.Getpid(), "pid-file"); d.Known() || d.Reason != snapshot.ReasonUnresolved {
		t.Errorf("the test binary counts as a daemon: %+v", d)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRealFiles(t *testing.T) {
	testbed.Engine(t)
	m, ctx := Open(""), context.Background()
	files, part := m.HostFiles(ctx)
	i := slices.IndexFunc(files, func(f snapshot.File) bool { return f.Role == snapshot.RoleEngineDir })
	if part.State != snapshot.Observed || i < 0 || files[i].State != snapshot.Observed || files[i].Type != "dir" || !files[i].ACL.Known() {
		t.Errorf("host files: %+v %+v", part, files)
	}
	d := m.Daemon(ctx, socket)
	list, part := m.Files(ctx, "engine:x", docker.FileQuery{Process: d.V, Config: m.Config(ctx, d.V), Root: "/var/lib/docker", Runtimes: []string{"runc"}})
	if part.State != snapshot.Observed || part.Reason != "" {
		t.Errorf("engine files: %+v", part)
	}
	for _, role := range []snapshot.FileRole{snapshot.RoleEngineBinary, snapshot.RoleDataRoot, snapshot.RoleContainerdRoot, snapshot.RoleContainerdBinary, snapshot.RoleRuntimeBinary} {
		i := slices.IndexFunc(list, func(f snapshot.File) bool { return f.Role == role })
		if i < 0 || list[i].State != snapshot.Observed || list[i].UID != 0 || len(list[i].Parents) == 0 {
			t.Errorf("%s: %+v", role, list)
			continue
		}
		if v := list[i].Volume; (role == snapshot.RoleDataRoot || role == snapshot.RoleContainerdRoot) && (!v.Known() || v.V.Free <= 0 || v.V.RootDevice == "" || v.V.Mount == "") {
			t.Errorf("%s lies on %+v", role, v)
		}
	}
}

// TestRealAudit asks the machine's kernel. Without rights the answer is a lack
// of rights, never an empty list of rules.
func TestRealAudit(t *testing.T) {
	testbed.Engine(t)
	st, err := readAudit(context.Background())
	switch s, _ := outcome(err); {
	case os.Geteuid() == 0 && err != nil && s != snapshot.Absent && s != snapshot.Denied: // in a container root lacks the right too
		t.Errorf("%+v, %v", st, err)
	case os.Geteuid() != 0 && err == nil:
		t.Errorf("an unprivileged user was told %+v", st)
	}
	t.Logf("%+v, %v", st, err)
}
