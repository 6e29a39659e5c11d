package host

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// wellKnown are the usual sockets of container runtimes. One that does not
// exist is not listed.
var wellKnown = []struct {
	path string
	role snapshot.FileRole
}{
	{"/run/docker.sock", snapshot.RoleEngineSocket},
	{"/run/containerd/containerd.sock", snapshot.RoleRuntimeSocket},
	{"/run/docker/containerd/containerd.sock", snapshot.RoleRuntimeSocket},
	{"/run/crio/crio.sock", snapshot.RoleRuntimeSocket},
	{"/run/podman/podman.sock", snapshot.RoleRuntimeSocket},
	{"/run/buildkit/buildkitd.sock", snapshot.RoleRuntimeSocket},
}

// Sockets describes the engine's API sockets as given, the other unix sockets
// that engines and containerds on the machine listen on, and well-known ones of
// other runtimes. A socket reached by several paths is listed once, by the first
// in this order.
func (m *Machine) Sockets(ctx context.Context, engineScope string, engineSockets []string) ([]snapshot.File, snapshot.PartStatus) {
	part := snapshot.PartStatus{Scope: engineScope, Part: snapshot.PartEngineSockets, State: snapshot.Observed}
	l := socketList{m: m, seen: make(map[inode]bool)}
	l.scope, _ = m.scope()
	for _, s := range engineSockets {
		if s = strings.TrimPrefix(s, "unix://"); strings.HasPrefix(s, "/") {
			l.add(s, snapshot.RoleEngineSocket, engineScope)
		}
	}
	switch a, err := m.findAgents(ctx); {
	case err != nil:
		part = unread(part, err, "the machine's processes")
	default:
		unseen := a.denied
		for _, p := range a.containerds {
			unseen += l.addListeners(ctx, p.pid, func(string) (snapshot.FileRole, string) {
				return snapshot.RoleRuntimeSocket, ""
			})
		}
		for _, p := range a.engines {
			unseen += l.addListeners(ctx, p.pid, l.roles(ctx, p.pid, engineScope))
		}
		if unseen > 0 {
			part.Reason, part.Grant = snapshot.ReasonPartial, grant
			part.Detail = "Some processes cannot be looked into, so runtimes with unusual sockets may be missing."
		}
	}
	for _, w := range wellKnown {
		if m.exists(w.path) {
			l.add(w.path, w.role, "")
		}
	}
	slices.SortStableFunc(l.files, func(a, b snapshot.File) int { return strings.Compare(a.Path, b.Path) })
	return l.files, part
}

// socketList gathers sockets, each inode once.
type socketList struct {
	m     *Machine
	scope string
	seen  map[inode]bool
	files []snapshot.File
}

func (l *socketList) add(name string, role snapshot.FileRole, engine string) {
	f := l.m.file(l.scope, name, role)
	f.Engine = engine
	if f.State != snapshot.Absent && f.Ino != 0 {
		id := inode{dev: f.Dev, ino: f.Ino}
		if l.seen[id] {
			return
		}
		l.seen[id] = true
	}
	for _, g := range l.files {
		if g.Path == f.Path {
			return
		}
	}
	l.files = append(l.files, f)
}

// addListeners adds the sockets that a process listens on; the result is 1 when
// they could not be seen.
func (l *socketList) addListeners(ctx context.Context, pid int, roleOf func(string) (snapshot.FileRole, string)) int {
	paths, err := l.m.unixListeners(ctx, pid)
	if err != nil {
		return 1
	}
	for _, p := range paths {
		// A path that is not there lies in another mount namespace.
		if role, engine := roleOf(p); role != "" && path.IsAbs(p) && l.m.exists(p) {
			l.add(p, role, engine)
		}
	}
	return 0
}

// roles tells the API sockets of an engine's process from those that it keeps
// for its own helpers, which answer no API and some of which are named at random:
// they lie in the folder of its running state, and its configuration does not
// name them. It also tells whether the sockets are the given engine's: they are
// when the process listens on one that is already known as such.
func (l *socketList) roles(ctx context.Context, pid int, engineScope string) func(string) (snapshot.FileRole, string) {
	own := ""
	paths, _ := l.m.unixListeners(ctx, pid) // addListeners meets the same error and counts it
	for _, p := range paths {
		if info, err := l.m.find(p); err == nil {
			n := inodeOf(info.info)
			if l.seen[inode{dev: n.dev, ino: n.ino}] && l.isEngines(n) {
				own = engineScope
			}
		}
	}
	d := l.m.daemonAt(ctx, pid, "socket-holder")
	cfg := l.m.Config(ctx, d.V) // what was not read names nothing and has the defaults
	state := l.m.stateDir(d.V, cfg)
	hosts, _ := cfg.V.Setting("hosts")
	return func(p string) (snapshot.FileRole, string) {
		if at, err := l.m.find(p); err == nil && state != "" && below(at.real, state) && !l.named(hosts, at) {
			return "", ""
		}
		return snapshot.RoleEngineSocket, own
	}
}

// named reports whether one of the addresses of a configuration is the socket.
func (l *socketList) named(hosts []string, at place) bool {
	for _, h := range hosts {
		name, ok := strings.CutPrefix(h, "unix://")
		if !ok {
			continue
		}
		if p, err := l.m.find(name); err == nil && inodeOf(p.info) == inodeOf(at.info) {
			return true
		}
	}
	return false
}

// stateDir is the folder of a daemon's running state, without links: what its
// configuration names as exec-root, else where a daemon of root or, with
// XDG_RUNTIME_DIR as usual, of another account keeps it.
func (m *Machine) stateDir(d snapshot.DaemonProcess, cfg snapshot.Fact[snapshot.DaemonConfig]) string {
	dir := "/var/run/docker"
	if d.UID != 0 {
		dir = "/run/user/" + strconv.FormatInt(d.UID, 10) + "/docker"
	}
	p, err := m.find(cfg.V.String("exec-root", dir))
	if err != nil {
		return ""
	}
	return p.real
}

// isEngines reports whether the socket is listed as the engine's own.
func (l *socketList) isEngines(n inode) bool {
	return slices.ContainsFunc(l.files, func(f snapshot.File) bool {
		return f.Engine != "" && f.Dev == n.dev && f.Ino == n.ino
	})
}
