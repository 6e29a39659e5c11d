package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// View is the file system as one process of the machine sees it, for collectors
// of what runs on machines: reads are bounded, links stay inside, and what is not
// mounted here is told from what does not exist.
type View struct {
	t       tree
	Machine bool // it is the machine's own
}

// View returns the machine's own file system.
func (m *Machine) View() View { return View{t: m.tree, Machine: true} }

// ViewOf returns the file system that a process sees.
func (m *Machine) ViewOf(pid int) (View, error) {
	t, err := m.viewOf(pid)
	return View{t: t, Machine: err == nil && t.root == m.root}, err
}

// Outcome says what an error of reading means for the evidence.
func Outcome(err error) (snapshot.State, snapshot.Reason) { return outcome(err) }

// Text makes a string of the machine fit for a snapshot.
func Text(s string) string { return text(s) }

// Read returns the content of a regular file of at most a mebibyte.
func (v View) Read(name string) ([]byte, error) { return v.t.read(name, maxText) }

// File describes a file, be it absent or unreadable.
func (v View) File(scope, name string, role snapshot.FileRole) snapshot.File {
	return v.t.file(scope, path.Clean(name), role)
}

// Changed returns when the content of a file was changed last.
func (v View) Changed(name string) (time.Time, error) {
	p, err := v.t.find(name)
	if err != nil {
		return time.Time{}, err
	}
	return p.info.ModTime().UTC().Truncate(time.Second), nil
}

// List returns the names in a folder, sorted; those of folders end in a slash.
func (v View) List(dir string) ([]string, error) {
	entries, err := v.t.entries(dir)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		n := e.Name()
		if p, err := v.t.find(path.Join(dir, n)); err == nil && p.info.IsDir() {
			n += "/"
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

// Size is the size of a file in bytes.
func (v View) Size(name string) (int64, error) {
	p, err := v.t.find(name)
	if err != nil {
		return 0, err
	}
	return p.info.Size(), nil
}

// Exists reports whether a path leads somewhere.
func (v View) Exists(name string) bool { return v.t.exists(name) }

// Digest is the sha256 of a file's content, "" when it is not readable.
func (v View) Digest(name string) string {
	b, err := v.Read(name)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// OnMachine returns the path at which the machine itself has a file of a
// process's view: the mounts of both say which folder of which file system each
// point shows. It is false where the machine shows it nowhere.
func (m *Machine) OnMachine(pid int, v View, name string) (string, bool) {
	if v.Machine {
		return name, true
	}
	inside, err := v.t.find(name)
	if err != nil {
		return "", false
	}
	b, err := m.read(proc(pid)+"/mountinfo", maxTable)
	if err != nil {
		return "", false
	}
	outside, err := m.mounts()
	if err != nil {
		return "", false
	}
	in, ok := covering(parseMounts(b), inside.real)
	if !ok {
		return "", false
	}
	at := path.Join(in.root, strings.TrimPrefix(inside.real, strings.TrimSuffix(in.point, "/"))) // in its file system
	want := inodeOf(inside.info)
	for _, mt := range slices.Backward(outside) {
		if mt.device != in.device || !below(at, mt.root) {
			continue
		}
		there := path.Join(mt.point, strings.TrimPrefix(at, strings.TrimSuffix(mt.root, "/")))
		if p, err := m.find(there); err == nil && inodeOf(p.info) == want {
			return there, true
		}
	}
	return "", false
}

// covering returns the mount that a path lies on: the last of the longest points.
func covering(mounts []mount, name string) (mount, bool) {
	best, ok := mount{}, false
	for _, mt := range mounts {
		if below(name, mt.point) && (!ok || len(mt.point) >= len(best.point)) {
			best, ok = mt, true
		}
	}
	return best, ok
}

// UnitFiles lists the file of a systemd unit, its drop-ins and the environment
// files that they name, in the order in which systemd reads them.
func (m *Machine) UnitFiles(scope, name string, role snapshot.FileRole) []snapshot.File {
	l := fileList{view: m.tree, scope: scope}
	l.unit(name, role)
	return l.files
}

// Addresses lists the IP addresses of the machine's own interfaces, loopback
// left out, as the kernel's tables of its network namespace have them.
func (m *Machine) Addresses() ([]netip.Addr, error) {
	b, err := m.read("/proc/1/net/fib_trie", maxTable)
	if err != nil {
		if b, err = m.read("/proc/self/net/fib_trie", maxTable); err != nil {
			return nil, err
		}
	}
	seen := make(map[netip.Addr]bool)
	last := netip.Addr{}
	for l := range bytes.Lines(b) {
		f := strings.Fields(string(l))
		if len(f) >= 2 && f[0] == "|--" {
			last, _ = netip.ParseAddr(f[1])
		}
		if len(f) >= 3 && f[0] == "/32" && f[1] == "host" && f[2] == "LOCAL" && last.IsValid() && !last.IsLoopback() {
			seen[last] = true
		}
	}
	if b, err := m.read("/proc/1/net/if_inet6", maxText); err == nil {
		for l := range bytes.Lines(b) {
			f := strings.Fields(string(l))
			if len(f) < 1 || len(f[0]) != 32 {
				continue
			}
			if raw, err := hex.DecodeString(f[0]); err == nil {
				if a, ok := netip.AddrFromSlice(raw); ok && !a.IsLoopback() {
					seen[a] = true
				}
			}
		}
	}
	out := make([]netip.Addr, 0, len(seen))
	for a := range seen {
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, nil
}

// Name is the machine's host name.
func (m *Machine) Name() string { return text(m.hostname()) }

// IsAbsent reports whether an error proves that there is nothing.
func IsAbsent(err error) bool { return gone(err) }

// IsDenied reports whether an error is one of rights.
func IsDenied(err error) bool {
	s, _ := outcome(err)
	return s == snapshot.Denied
}

// Tables reads a file of the kernel's or a small text of the machine.
func (m *Machine) Tables(name string) (string, error) { return m.line(name) }

// UserHomes lists the home folders of people and root: those below /home, and
// /root.
func (m *Machine) UserHomes() []string {
	out := []string{"/root"}
	entries, err := m.entries("/home")
	if err != nil {
		return out
	}
	for _, e := range entries {
		if e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
			out = append(out, path.Join("/home", e.Name()))
		}
	}
	slices.Sort(out)
	return out
}
