package host

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"

	"plimsoll/internal/snapshot"
)

// OpenMounted returns the machine whose root is mounted below a directory of the
// container that this program runs in. What is not mounted there is told from what
// does not exist: it gives an error that names the mount to add, be it that the
// path is missing or that something of the container's own stands in its place.
func OpenMounted(root string) *Machine {
	m := Open(root)
	if m.root == "" {
		return m
	}
	m.held = &held{root: m.root}
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return m // nothing is known to be mounted, so that nothing is believed
	}
	for _, mt := range parseMounts(b) {
		if below(mt.point, m.root) {
			m.held.points = append(m.held.points, mt.point)
		}
	}
	return m
}

// held says what of a machine is mounted where this program sees it.
type held struct {
	root   string
	points []string // mount points at the root or below it
}

// madeUp are the file systems that the kernel makes up: where they are not
// mounted, an empty folder is in their place.
var madeUp = []string{"/proc", "/sys"}

// check returns an error for a path of the machine, without symbolic links, that
// no mount shows.
func (h *held) check(real string) error {
	if h == nil {
		return nil
	}
	need := h.root
	for _, k := range madeUp {
		if below(real, k) {
			need = h.root + k
		}
	}
	for _, p := range h.points {
		if below(p, need) && below(h.root+real, p) {
			return nil
		}
	}
	return &unmountedError{path: real, root: h.root}
}

// unmountedError is met where a path of the machine is not mounted.
type unmountedError struct{ path, root string }

func (e *unmountedError) Error() string {
	return fmt.Sprintf("%s of the machine is not mounted at %s", text(e.path), e.root)
}

func (e *unmountedError) grant() string { return "docker run -v /:" + e.root + ":ro" }

// unmounted returns the error of a path that is not mounted, or nil.
func unmounted(err error) *unmountedError {
	u, _ := errors.AsType[*unmountedError](err)
	return u
}

// Lacking returns the options of docker run that this container would need to see
// its machine whole; none where the program runs on the machine itself.
func (m *Machine) Lacking() []string {
	if m.held == nil {
		return nil
	}
	var out []string
	if m.held.check("/") != nil || m.held.check("/proc") != nil || m.held.check("/sys") != nil {
		out = append(out, "-v /:"+m.root+":ro")
	}
	own := tree{readers: m.readers}
	b, err := own.record("/proc/self/status")
	if err != nil {
		return out
	}
	if !m.seesAll() {
		out = append(out, "--pid host")
	}
	if !m.ownNetwork() {
		out = append(out, "--network host")
	}
	st, err := parseStatus(b)
	if err != nil {
		return out
	}
	for _, c := range []struct {
		name string
		bit  uint
	}{{"DAC_READ_SEARCH", 2}, {"SYS_PTRACE", 19}, {"AUDIT_CONTROL", 30}} {
		if st.capEff>>c.bit&1 == 0 {
			out = append(out, "--cap-add "+c.name)
		}
	}
	return out
}

// seesAll reports whether processes have the same numbers here and on the
// machine.
func (m *Machine) seesAll() bool {
	ours, err := tree{}.link("/proc/self/ns/pid")
	if err != nil {
		return false
	}
	n, err := parseNamespace(ours)
	if err == nil && n == fixed.pid {
		return true
	}
	host, hostErr := m.initial()
	return err == nil && hostErr == nil && n == host.pid
}

// ownNetwork reports whether this program is in the machine's network namespace.
func (m *Machine) ownNetwork() bool {
	if m.held == nil {
		return true
	}
	ours, err := tree{}.link("/proc/self/ns/net")
	if err != nil {
		return false
	}
	n, err := parseNamespace(ours)
	host, hostErr := m.initial()
	if hostErr != nil {
		return m.sameTables(1)
	}
	return err == nil && n == host.net
}

// ownName reports whether the kernel's host name is the machine's: this program is
// in the first UTS namespace, or in that of the first process.
func (m *Machine) ownName() bool {
	if m.root == "" {
		return true
	}
	if m.held == nil {
		return false
	}
	ours, err := tree{}.link("/proc/self/ns/uts")
	if err != nil {
		return false
	}
	n, err := parseNamespace(ours)
	if err == nil && n == fixed.uts {
		return true
	}
	host, hostErr := m.initial()
	return err == nil && hostErr == nil && n == host.uts
}

// engineFolder is where an engine keeps the files that it mounts into a container.
var engineFolder = regexp.MustCompile(`containers/([0-9a-f]{64})(/|$)`)

// Self returns the ID of the container that this program runs in, "" when it is
// not known to run in one.
func Self() string {
	own := tree{readers: new(readers)}
	mounts, mountsErr := own.read("/proc/self/mountinfo", maxTable)
	groups, groupsErr := own.read("/proc/self/cgroup", maxText)
	if mountsErr != nil && groupsErr != nil {
		return ""
	}
	return selfIn(mounts, groups)
}

// selfIn finds a container's ID in what the kernel says of a process in it: engines
// mount a container's own host name and resolver files, and name control groups
// after it.
func selfIn(mountinfo, cgroup []byte) string {
	for _, mt := range parseMounts(mountinfo) {
		switch mt.point {
		case "/etc/hostname", "/etc/hosts", "/etc/resolv.conf":
			if f := engineFolder.FindStringSubmatch(mt.root); f != nil {
				return f[1]
			}
		}
	}
	for _, g := range parseMembership(cgroup) {
		if id := containerID.FindString(path.Base(g.path)); id != "" {
			return id
		}
	}
	return ""
}

// Outside returns the path by which this program reaches a path of the machine.
func (m *Machine) Outside(name string) (string, error) { return m.outside(name) }

// Glob lists the paths of the machine that match a pattern, in which one
// component may be "*"; sorted as the folder has them, symbolic links followed
// inside the machine.
func (m *Machine) Glob(pattern string) []string {
	dir, rest, ok := strings.Cut(pattern, "/*/")
	if !ok {
		if m.exists(pattern) {
			return []string{pattern}
		}
		return nil
	}
	names, err := m.list(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		if p := dir + "/" + n + "/" + rest; m.exists(p) {
			out = append(out, p)
		}
	}
	return out
}

// IsSocket reports whether a path of the machine leads to a unix socket.
func (m *Machine) IsSocket(name string) bool {
	return m.tree.file("", name, snapshot.RoleEngineSocket).Type == "socket"
}
