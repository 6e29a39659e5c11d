package host

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// Program is a running process.
type Program struct {
	PID      int
	Argv     []string
	UID, GID int64 // effective, in the machine's user namespace
	Started  time.Time
	Depth    int    // PID namespaces that number it, from ours inwards
	Group    string // its longest control group
}

// Programs lists the processes whose first argument, or its first word, has one
// of the base names. Denied counts processes that may be looked at by root only.
func (m *Machine) Programs(ctx context.Context, names ...string) (found []Program, denied int, err error) {
	pids, err := m.pids()
	if err != nil {
		return nil, 0, err
	}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		b, err := m.read(proc(pid)+"/cmdline", 2*maxText)
		if s, _ := outcome(err); s == snapshot.Denied {
			denied++
		}
		if err != nil || len(b) == 0 {
			continue
		}
		argv := arguments(b)
		first, _, _ := strings.Cut(argv[0], " ") // some write all of it into the first
		if !slices.Contains(names, path.Base(first)) {
			continue
		}
		p, err := m.describe(pid, argv)
		if err != nil {
			if s, _ := outcome(err); s == snapshot.Denied {
				denied++
			}
			continue // it ended meanwhile, or is closed to us
		}
		found = append(found, p)
	}
	return found, denied, nil
}

func arguments(b []byte) []string {
	parts := bytes.SplitN(bytes.TrimSuffix(b, []byte{0}), []byte{0}, maxArgs)
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return out
}

// describe reads what is told of one process.
func (m *Machine) describe(pid int, argv []string) (Program, error) {
	p := Program{PID: pid, Argv: argv}
	b, err := m.record(proc(pid) + "/status")
	if err != nil {
		return p, err
	}
	st, err := parseStatus(b)
	if err != nil {
		return p, err
	}
	p.Depth = st.pids
	if p.UID, err = m.hostUID(st.uid); err != nil {
		return p, err
	}
	if p.GID, err = m.effectiveGID(b); err != nil {
		return p, err
	}
	_, ticks, err := m.stat(pid)
	if err != nil {
		return p, err
	}
	if p.Started, err = m.started(ticks); err != nil {
		return p, err
	}
	if b, err := m.read(proc(pid)+"/cgroup", maxText); err == nil {
		for _, g := range parseMembership(b) {
			if len(g.path) > len(p.Group) {
				p.Group = g.path
			}
		}
	}
	return p, nil
}

func (m *Machine) effectiveGID(status []byte) (int64, error) {
	_, after, ok := strings.Cut("\n"+string(status), "\nGid:")
	f := strings.Fields(after)
	if !ok || len(f) < 2 {
		return 0, fmt.Errorf("status: has no Gid")
	}
	id, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0, err
	}
	ranges, err := m.gidmap()
	if err != nil {
		return 0, err
	}
	return outward(ranges, id), nil
}

// Variables returns the environment variables of a process whose names begin with
// a prefix. Callers conceal what may be a secret.
func (m *Machine) Variables(pid int, prefix string) ([][2]string, error) {
	b, err := m.read(proc(pid)+"/environ", 2*maxText)
	if err != nil {
		return nil, err
	}
	var out [][2]string
	for _, v := range arguments(b) {
		if name, value, ok := strings.Cut(v, "="); ok && strings.HasPrefix(name, prefix) {
			out = append(out, [2]string{name, value})
		}
	}
	return out, nil
}

// Ports lists the TCP addresses on which a process accepts connections.
func (m *Machine) Ports(ctx context.Context, pid int) ([]netip.AddrPort, error) {
	rows, err := m.daemonTCP(pid)
	if err != nil {
		return nil, err
	}
	own, err := m.sockets(ctx, pid)
	if err != nil {
		return nil, err
	}
	var out []netip.AddrPort
	for _, l := range rows {
		if own[l.inode] {
			out = append(out, netip.AddrPortFrom(l.addr.Addr().Unmap(), l.addr.Port()))
		}
	}
	slices.SortFunc(out, netip.AddrPort.Compare)
	return slices.Compact(out), nil
}

// AllPorts lists the TCP addresses on which anything in the machine's network
// accepts connections.
func (m *Machine) AllPorts() ([]netip.AddrPort, error) {
	rows, err := m.daemonTCP(1)
	if err != nil {
		return nil, err
	}
	if len(rows) >= maxListeners {
		return nil, errTooLarge
	}
	out := make([]netip.AddrPort, 0, len(rows))
	for _, l := range rows {
		out = append(out, netip.AddrPortFrom(l.addr.Addr().Unmap(), l.addr.Port()))
	}
	slices.SortFunc(out, netip.AddrPort.Compare)
	return slices.Compact(out), nil
}

// Executable opens the program of a process for reading.
func (m *Machine) Executable(pid int) (interface {
	io.ReaderAt
	io.Closer
}, error,
) {
	name := m.root + proc(pid) + "/exe"
	f, err := openQuietly(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// SharesNetwork reports whether a process is proved to be in our network
// namespace.
func (m *Machine) SharesNetwork(pid int) bool { return m.sharesNetwork(pid) }

// RuntimeConfigs lists the configuration files of the containerds that listen on
// a unix socket, of all when it is "".
func (m *Machine) RuntimeConfigs(ctx context.Context, socket string) []string {
	var out []string
	for _, a := range m.runtimes(ctx, socket) {
		b, err := m.read(proc(a.pid)+"/cmdline", 2*maxText)
		if err != nil {
			continue
		}
		config := argument(arguments(b), "c", "config")
		if config == "" {
			config = containerdConfig
		}
		out = append(out, config)
	}
	return out
}

// RuntimeVersion is the name and version that are built into the containerd which
// listens on a unix socket.
func (m *Machine) RuntimeVersion(ctx context.Context, socket string) (string, bool) {
	for _, a := range m.runtimes(ctx, socket) {
		f, err := m.Executable(a.pid)
		if err != nil {
			continue
		}
		info, err := buildinfo.Read(f)
		_ = f.Close() // it was only read
		if err != nil {
			continue
		}
		for _, s := range info.Settings {
			if s.Key == "-ldflags" {
				if m := containerdVersion.FindStringSubmatch(s.Value); m != nil {
					return "containerd://" + m[1], true
				}
			}
		}
		if strings.HasPrefix(info.Main.Path, "github.com/containerd/containerd") && strings.HasPrefix(info.Main.Version, "v") {
			return "containerd://" + strings.TrimPrefix(info.Main.Version, "v"), true
		}
		if name, version, ok := strings.Cut(m.Package(ctx, a.exe), " "); ok && strings.HasPrefix(name, "containerd") {
			return "containerd://" + version, true
		}
	}
	return "", false
}

var containerdVersion = regexp.MustCompile(`/version\.Version=v?([0-9][0-9A-Za-z.+~-]*)`)

// runtimes are the containerds that listen on a socket.
func (m *Machine) runtimes(ctx context.Context, socket string) []agent {
	a, err := m.findAgents(ctx)
	if err != nil {
		return nil
	}
	var out []agent
	for _, c := range a.containerds {
		if socket == "" {
			out = append(out, c)
			continue
		}
		if held, err := m.listensAt(ctx, c.pid, socket); err == nil && held {
			out = append(out, c)
		}
	}
	return out
}
