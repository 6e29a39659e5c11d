package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"plimsoll/internal/snapshot"
)

const (
	secondsOnly = time.Second
	dialTimeout = 2 * time.Second
)

// vanished is the fact left by an error of reading a process: one that is gone
// was there a moment ago, so its absence proves nothing.
func vanished[T any](err error, source string) snapshot.Fact[T] {
	if s, _ := outcome(err); s == snapshot.Absent || errors.Is(err, syscall.ESRCH) {
		return snapshot.Missing[T](snapshot.Failed, snapshot.ReasonPartial, source)
	}
	return missing[T](err, source)
}

// Daemon finds the process that answers on a unix socket. The kernel knows who
// called listen; where that is an activator such as systemd, a pid file names
// the daemon, or else the process is looked for that holds the listening
// socket. In every case /proc/PID/exe must be a daemon's binary: a command line
// proves nothing, since any process can give itself any. Only where that may not
// be read is a process of root taken at its word.
func (m *Machine) Daemon(ctx context.Context, socket string) snapshot.Fact[snapshot.DaemonProcess] {
	socket = strings.TrimPrefix(socket, "unix://")
	pid, err := m.peer(ctx, socket)
	if err == nil && pid > 1 {
		return m.daemonAt(ctx, pid, "socket-peer")
	}
	if err == nil && pid == 1 { // a daemon may itself be the first process
		if exe, _, err := m.program(pid); err == nil && isDaemon(exe) {
			return m.daemonAt(ctx, pid, "socket-peer")
		}
	}
	result := missing[snapshot.DaemonProcess](err, socket)
	if err == nil {
		result = snapshot.Missing[snapshot.DaemonProcess](snapshot.Failed, snapshot.ReasonUnresolved, socket)
	}
	for _, f := range m.pidFiles(socket) {
		line, err := m.line(f)
		pid, bad := strconv.Atoi(line)
		if err != nil || bad != nil || pid <= 0 {
			continue
		}
		if d, ok := m.candidate(ctx, pid, socket, "pid-file"); ok {
			return d
		} else if d.State == snapshot.Denied {
			result = d
		}
	}
	a, err := m.findAgents(ctx)
	if err != nil {
		return result
	}
	for _, p := range a.engines {
		if d, ok := m.candidate(ctx, p.pid, socket, "socket-holder"); ok {
			return d
		}
	}
	if a.denied > 0 && result.State != snapshot.Absent {
		result.State, result.Reason = snapshot.Denied, snapshot.ReasonDenied
	}
	return result
}

// peer connects to the socket and returns the process that listens on it.
func (m *Machine) peer(ctx context.Context, socket string) (int, error) {
	name, err := m.outside(socket)
	if err != nil {
		return 0, err
	}
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "unix", name)
	if err != nil {
		return 0, err
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, fmt.Errorf("%s: not a unix socket", socket)
	}
	return peerPID(u)
}

// pidFiles are the places where a daemon may have left its process ID.
func (m *Machine) pidFiles(socket string) []string {
	files := []string{path.Join(path.Dir(socket), "docker.pid"), "/run/docker.pid", "/var/run/docker.pid"}
	if b, err := m.read(defaultConfig, maxText); err == nil {
		if v, err := parseDaemonJSON(b); err == nil {
			files = append(files, v["pidfile"]...)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// candidate describes a process when it is a daemon that holds the socket.
func (m *Machine) candidate(ctx context.Context, pid int, socket, foundBy string) (snapshot.Fact[snapshot.DaemonProcess], bool) {
	d := m.daemonAt(ctx, pid, foundBy)
	if !d.Known() {
		return d, false
	}
	if _, err := m.find(socket); err != nil {
		return missing[snapshot.DaemonProcess](err, socket), false
	}
	held, err := m.listensAt(ctx, pid, socket)
	if errors.Is(err, fs.ErrPermission) && strings.HasSuffix(d.V.FoundBy, byName) && m.activated(pid) {
		return d, true
	}
	if err != nil {
		return vanished[snapshot.DaemonProcess](err, proc(pid)+"/fd"), false
	}
	if held {
		return d, true
	}
	return snapshot.Missing[snapshot.DaemonProcess](snapshot.Failed, snapshot.ReasonUnresolved, proc(pid)+"/fd"), false
}

// daemonAt describes a process when its executable is a daemon's.
func (m *Machine) daemonAt(ctx context.Context, pid int, foundBy string) snapshot.Fact[snapshot.DaemonProcess] {
	type T = snapshot.DaemonProcess
	dir := proc(pid)
	exe, named, err := m.program(pid)
	if err != nil {
		return vanished[T](err, dir+"/exe")
	}
	if named {
		foundBy += byName
	}
	if !isDaemon(exe) {
		return snapshot.Missing[T](snapshot.Failed, snapshot.ReasonUnresolved, dir+"/exe")
	}
	st, err := m.status(pid)
	if err != nil {
		return vanished[T](err, dir+"/status")
	}
	if st.pids > 1 { // it numbers processes differently than we do
		return snapshot.Missing[T](snapshot.Failed, snapshot.ReasonUnresolved, dir+"/status: NSpid")
	}
	d := T{PID: pid, Exe: text(exe), FoundBy: foundBy}
	if d.UID, err = m.hostUID(st.uid); err != nil {
		return missing[T](err, "/proc/self/uid_map")
	}
	_, ticks, err := m.stat(pid)
	if err != nil {
		return vanished[T](err, dir+"/stat")
	}
	if d.Started, err = m.started(ticks); err != nil {
		return missing[T](err, "/proc/stat")
	}
	if d.Nofile, err = m.openFiles(pid); err != nil {
		return vanished[T](err, dir+"/limits")
	}
	children, err := m.children(ctx, pid)
	if err != nil {
		return vanished[T](err, dir+"/task")
	}
	for _, c := range children {
		if e, _, err := m.program(c); err == nil && strings.HasSuffix(path.Base(e), "docker-proxy") {
			d.Proxies++
		}
	}
	return snapshot.Seen(d, dir)
}

// children lists a process's children: by the kernel's lists for each thread,
// or, on a kernel built without them, by everyone's parent.
func (m *Machine) children(ctx context.Context, pid int) ([]int, error) {
	threads, err := m.list(proc(pid) + "/task")
	if err != nil {
		return nil, err
	}
	var out []int
	for _, t := range threads {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := m.read(proc(pid)+"/task/"+t+"/children", maxText)
		if errors.Is(err, fs.ErrNotExist) && !m.exists(proc(pid)+"/task/"+t+"/status") {
			continue // the thread ended
		}
		if err != nil {
			return m.childrenByParent(ctx, pid)
		}
		for s := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(s); err == nil {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

func (m *Machine) childrenByParent(ctx context.Context, pid int) ([]int, error) {
	pids, err := m.pids()
	if err != nil {
		return nil, err
	}
	var out []int
	for _, p := range pids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if parent, _, err := m.stat(p); err == nil && parent == pid {
			out = append(out, p)
		}
	}
	return out, nil
}
