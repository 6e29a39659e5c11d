package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// tcpListener is a listening row of /proc/PID/net/tcp or tcp6.
type tcpListener struct {
	addr  netip.AddrPort
	inode uint64
}

// parseTCP reads the listening rows of a TCP table, at most limit of them. The
// kernel prints them before all others, so a table cut at its end still has
// them.
func parseTCP(r io.Reader, limit int) ([]tcpListener, error) {
	var out []tcpListener
	s := bufio.NewScanner(r)
	for s.Scan() && len(out) < limit {
		f := strings.Fields(s.Text())
		if len(f) < 10 || f[3] != "0A" { // 0A is TCP_LISTEN
			continue
		}
		a, err := parseHexAddr(f[1])
		if err != nil {
			return nil, err
		}
		ino, err := strconv.ParseUint(f[9], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("TCP table: inode: %w", err)
		}
		out = append(out, tcpListener{a, ino})
	}
	return out, s.Err()
}

// parseHexAddr reads ADDRESS:PORT of a TCP table. The address is the memory in
// network order, printed as 32-bit numbers of the machine's byte order.
func parseHexAddr(s string) (netip.AddrPort, error) {
	h, p, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(h)
	port, perr := strconv.ParseUint(p, 16, 16)
	if err != nil || perr != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("TCP table: address %.60q is not HEX:PORT", s)
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("TCP table: address %.60q has %d bytes, want 4 or 16", s, len(b))
	}
	return netip.AddrPortFrom(a, uint16(port)), nil
}

// tcpListeners reads both tables of a process's network namespace. To print one
// the kernel walks all connections of the machine, so a table is skipped when
// the namespace's own count says that it is empty.
func (m *Machine) tcpListeners(pid int, d folder, limit int) ([]tcpListener, error) {
	var out []tcpListener
	for _, table := range []struct{ name, count, key string }{
		{"/net/tcp", "net/sockstat", "TCP:"},
		{"/net/tcp6", "net/sockstat6", "TCP6:"},
	} {
		b, err := d.record(table.count)
		if err == nil && inUse(b, table.key, "inuse") == "0" {
			if inUse(b, "sockets:", "used") == "0" { // processes have none of any kind; since Linux 4.16 this counts the namespace's
				return nil, nil
			}
			continue
		}
		f, err := m.open(proc(pid) + table.name)
		if err != nil {
			if table.key == "TCP6:" && m.exists(proc(pid)+"/net/tcp") {
				continue // the kernel has no IPv6
			}
			return nil, err
		}
		rows, err := parseTCP(io.LimitReader(f, maxTable), limit-len(out))
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// inUse returns what /proc/PID/net/sockstat counts of a protocol, or of all
// sockets; "" when it does not say.
func inUse(b []byte, key, word string) string {
	for l := range bytes.Lines(b) {
		if !bytes.HasPrefix(l, []byte(key)) {
			continue
		}
		if f := strings.Fields(string(l)); len(f) >= 3 && f[0] == key && f[1] == word {
			return f[2]
		}
	}
	return ""
}

// parseUnix reads the listening stream sockets of /proc/PID/net/unix: inode
// and the path they were bound to. A path may hold spaces.
func parseUnix(b []byte) map[uint64]string {
	const accepting = 0x10000 // __SO_ACCEPTCON
	out := make(map[uint64]string)
	for l := range bytes.Lines(b) {
		rest := string(bytes.TrimSuffix(l, []byte("\n")))
		var f [7]string
		for i := range f {
			f[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
		}
		flags, err := strconv.ParseUint(f[3], 16, 32)
		ino, ierr := strconv.ParseUint(f[6], 10, 64)
		if err != nil || ierr != nil || flags&accepting == 0 || rest == "" {
			continue
		}
		if _, dup := out[ino]; !dup { // a newline in a path could forge a second row
			out[ino] = rest
		}
	}
	return out
}

// sockets returns the inodes of the sockets that a process has open.
func (m *Machine) sockets(ctx context.Context, pid int) (map[uint64]bool, error) {
	return m.openSock.get(pid, func() (map[uint64]bool, error) { return m.readSockets(ctx, pid) })
}

func (m *Machine) readSockets(ctx context.Context, pid int) (map[uint64]bool, error) {
	dir := proc(pid) + "/fd"
	names, err := m.list(dir)
	if err != nil {
		return nil, err
	}
	d, err := m.folder(dir)
	if err != nil {
		return nil, err
	}
	defer d.close()
	out := make(map[uint64]bool)
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, err := d.link(n)
		if err != nil {
			continue // closed meanwhile
		}
		if s, ok := strings.CutPrefix(l, "socket:["); ok {
			if ino, err := strconv.ParseUint(strings.TrimSuffix(s, "]"), 10, 64); err == nil {
				out[ino] = true
			}
		}
	}
	return out, nil
}

// unixListeners returns the paths of the unix sockets that a process listens
// on, sorted; abstract ones begin with @.
func (m *Machine) unixListeners(ctx context.Context, pid int) ([]string, error) {
	return m.unixPaths.get(pid, func() ([]string, error) { return m.readUnixListeners(ctx, pid) })
}

func (m *Machine) readUnixListeners(ctx context.Context, pid int) ([]string, error) {
	own, err := m.sockets(ctx, pid)
	if err != nil {
		return nil, err
	}
	b, err := m.read(proc(pid)+"/net/unix", maxTable)
	if err != nil {
		return nil, err
	}
	var out []string
	for ino, p := range parseUnix(b) {
		if own[ino] {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
