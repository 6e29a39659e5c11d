package host

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"plimsoll/internal/snapshot"
)

const (
	maxListeners = 256 // TCP rows of one process
	maxProbes    = 32  // listeners that are asked; the rest stays unknown
)

// Listeners lists the listening sockets of the daemon's process. TCP ones are
// asked for /_ping without a client certificate, at their own address or the
// loopback one, when the daemon lives in our network namespace.
func (m *Machine) Listeners(ctx context.Context, engineScope string, d snapshot.DaemonProcess) ([]snapshot.Listener, snapshot.PartStatus) {
	part := snapshot.PartStatus{Scope: engineScope, Part: snapshot.PartEngineListeners, State: snapshot.Observed}
	rows, err := m.daemonTCP(d.PID)
	if err != nil {
		return nil, unread(part, err, "the daemon's TCP sockets")
	}
	if len(rows) >= maxListeners { // the daemon's own may be among the rest
		part.State, part.Reason = snapshot.Failed, snapshot.ReasonPartial
		part.Detail = "More TCP listeners share the daemon's network than are looked at."
	}
	paths, rows, err := m.ownListeners(ctx, d, rows, &part)
	if err != nil {
		return nil, unread(part, err, "the daemon's open sockets")
	}
	for i, l := range rows {
		rows[i].addr = netip.AddrPortFrom(l.addr.Addr().Unmap(), l.addr.Port())
	}
	slices.SortFunc(rows, func(a, b tcpListener) int { return a.addr.Compare(b.addr) })
	rows = slices.CompactFunc(rows, func(a, b tcpListener) bool { return a.addr == b.addr })

	out := make([]snapshot.Listener, 0, len(rows)+len(paths))
	for _, l := range rows {
		out = append(out, snapshot.Listener{
			Scope: engineScope, Network: "tcp", Address: l.addr.Addr().String(), Port: l.addr.Port(), API: apiUnknown,
		})
	}
	if m.sharesNetwork(d.PID) {
		askAll(ctx, out, rows)
	} else if len(rows) > 0 && !m.ownNetwork() {
		part.Reason, part.Grant = snapshot.ReasonPartial, "docker run --network host"
		part.Detail = "This program has a network namespace of its own, so the daemon's TCP listeners were not asked."
	} else if len(rows) > 0 {
		part.Reason = snapshot.ReasonPartial
		part.Detail = "The daemon has a network namespace of its own, so its TCP listeners were not asked."
	}
	for _, p := range paths {
		out = append(out, snapshot.Listener{Scope: engineScope, Network: "unix", Address: text(p)})
	}
	return out, part
}

// daemonTCP lists the TCP listeners in a process's network namespace.
func (m *Machine) daemonTCP(pid int) ([]tcpListener, error) {
	d, err := m.folder(proc(pid))
	if err != nil {
		return nil, err
	}
	defer d.close()
	return m.tcpListeners(pid, d, maxListeners)
}

// ownListeners keeps those of the listeners in the daemon's network that are its
// own. Where its open files are closed to this user, its configuration says which.
func (m *Machine) ownListeners(ctx context.Context, d snapshot.DaemonProcess, rows []tcpListener, part *snapshot.PartStatus) ([]string, []tcpListener, error) {
	own, err := m.sockets(ctx, d.PID)
	if errors.Is(err, fs.ErrPermission) {
		paths, chosen, ok := m.configured(m.Config(ctx, d), rows)
		if !ok {
			return nil, nil, err
		}
		if part.Reason == snapshot.ReasonNone {
			part.Reason, part.Grant = snapshot.ReasonPartial, grant
			part.Detail = "The daemon's open sockets may be seen by root only; listed are the addresses of its configuration on which something listens."
		}
		return paths, chosen, nil
	}
	if err != nil {
		return nil, nil, err
	}
	paths, err := m.unixListeners(ctx, d.PID)
	return paths, slices.DeleteFunc(rows, func(l tcpListener) bool { return !own[l.inode] }), err
}

// matching keeps the listeners that an address of the configuration can mean:
// those on its port, and where it is a number, at it.
func matching(rows []tcpListener, at string) []tcpListener {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil
	}
	a, err := netip.ParseAddr(host)
	var out []tcpListener
	for _, l := range rows {
		if l.addr.Port() == uint16(n) && (err != nil || a.IsUnspecified() || l.addr.Addr().Unmap() == a.Unmap()) {
			out = append(out, l)
		}
	}
	return out
}

// sharesNetwork reports whether a process is proved to be in our network
// namespace.
func (m *Machine) sharesNetwork(pid int) bool {
	theirs, err := m.link(proc(pid) + "/ns/net")
	if errors.Is(err, fs.ErrPermission) {
		return m.sameTables(pid)
	}
	if err != nil {
		return false
	}
	ours, err := tree{}.link("/proc/self/ns/net")
	return err == nil && ours == theirs
}

// askAll probes the TCP listeners at once.
func askAll(ctx context.Context, out []snapshot.Listener, rows []tcpListener) {
	var wg sync.WaitGroup
	for i := range rows[:min(len(rows), maxProbes)] {
		wg.Go(func() { out[i].API = ask(ctx, reachable(rows[i].addr)) })
	}
	wg.Wait()
}

// reachable replaces the unspecified address by loopback.
func reachable(a netip.AddrPort) string {
	switch {
	case a.Addr() == netip.IPv4Unspecified():
		a = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	case a.Addr() == netip.IPv6Unspecified():
		a = netip.AddrPortFrom(netip.IPv6Loopback(), a.Port())
	}
	return a.String()
}

// unread completes a part's status after an error of reading; what was being
// read must have existed, so absence is a failure.
func unread(part snapshot.PartStatus, err error, what string) snapshot.PartStatus {
	part.State, part.Reason = outcome(err)
	part.Detail = "Cannot read " + what + ": " + strings.ToValidUTF8(err.Error(), "?")
	switch part.State {
	case snapshot.Absent:
		part.State, part.Reason = snapshot.Failed, snapshot.ReasonPartial
	case snapshot.Denied:
		part.Grant = grant
	case snapshot.Skipped:
		if u := unmounted(err); u != nil {
			part.Grant = u.grant()
		}
	case snapshot.Observed, snapshot.Failed:
	}
	return part
}

// grant is what makes the processes of other users readable.
const grant = "sudo plimsoll assess"
