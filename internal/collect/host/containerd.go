package host

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// containerdRoot is where containerd keeps images and snapshots by default.
const containerdRoot = "/var/lib/containerd"

// containerd is the containerd of an engine.
type containerd struct {
	pid    int    // 0 when none runs
	exe    string // "" likewise
	view   tree   // the file system that it sees
	config string // path of its configuration file
	root   string // of its command line; "" when that names none
}

// containerd finds the engine's containerd: a child of the daemon, else the one
// that listens where the daemon looks for it, else the only one there is. Without
// any, the usual configuration file stands.
func (m *Machine) containerd(ctx context.Context, d snapshot.DaemonProcess) (containerd, error) {
	a, err := m.findAgents(ctx)
	if err != nil {
		return containerd{}, err
	}
	chosen := m.chooseContainerd(ctx, a, d)
	switch {
	case chosen == nil && len(a.containerds) > 0:
		return containerd{}, errors.New("several containerds run and none is known to be the engine's")
	case chosen == nil && a.denied > 0:
		return containerd{}, errDenied
	case chosen == nil:
		return containerd{view: m.tree, config: containerdConfig}, nil
	}
	b, err := m.read(proc(chosen.pid)+"/cmdline", 2*maxText)
	if err != nil {
		return containerd{}, err
	}
	args := strings.Split(string(b), "\x00")
	c := containerd{pid: chosen.pid, exe: chosen.exe, config: argument(args, "c", "config"), root: argument(args, "root")}
	if c.config == "" {
		c.config = containerdConfig
	}
	c.view, err = m.viewOf(chosen.pid)
	return c, err
}

func (m *Machine) chooseContainerd(ctx context.Context, a *agents, d snapshot.DaemonProcess) *agent {
	for i := range a.containerds {
		if parent, _, err := m.stat(a.containerds[i].pid); err == nil && parent == d.PID {
			return &a.containerds[i]
		}
	}
	address, elsewhere := m.containerdSocket(ctx, d), 0
	for i := range a.containerds {
		switch held, err := m.listensAt(ctx, a.containerds[i].pid, address); {
		case held:
			return &a.containerds[i]
		case err == nil:
			elsewhere++
		}
	}
	if len(a.containerds) == 1 && elsewhere == 0 {
		return &a.containerds[0]
	}
	return nil
}

// containerdSocket is where a daemon looks for a containerd before it starts one
// of its own.
func (m *Machine) containerdSocket(ctx context.Context, d snapshot.DaemonProcess) string {
	c := m.Config(ctx, d)
	return strings.TrimPrefix(c.V.String("containerd", "/run/containerd/containerd.sock"), "unix://")
}

// listensAt reports whether a process listens on the unix socket at a path. It
// is an error when that cannot be seen: the path or the process's sockets.
func (m *Machine) listensAt(ctx context.Context, pid int, socket string) (bool, error) {
	want, err := m.find(socket)
	if err != nil {
		return false, err
	}
	paths, err := m.unixListeners(ctx, pid)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(paths, func(at string) bool {
		p, err := m.find(at)
		return err == nil && p.real == want.real
	}), nil
}

// argument finds the absolute path that one of containerd's options names, as
// -c PATH or --config=PATH; "" when there is none.
func argument(args []string, options ...string) string {
	for i, a := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "-") || !slices.Contains(options, name) {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if path.IsAbs(value) {
			return value
		}
	}
	return ""
}

// dataRoot is where containerd keeps its data: what its command line says, else
// its configuration, else the default.
func (c *containerd) dataRoot() (string, error) {
	if c.root != "" {
		return c.root, nil
	}
	b, err := c.view.read(c.config, maxText)
	if s, _ := outcome(err); s == snapshot.Absent {
		return containerdRoot, nil
	}
	if err != nil {
		return containerdRoot, err
	}
	entries, _ := scanTOML(string(b))
	for _, e := range entries {
		if len(e.path) == 1 && e.path[0] == "root" && len(e.strings) == 1 && path.IsAbs(e.strings[0]) {
			return e.strings[0], nil
		}
	}
	return containerdRoot, nil
}
