package host

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// byName is appended to how a daemon was found when its executable may not be
// read. Any process can give itself any name, but what root names itself is as
// true as what root would answer.
const byName = ", by name"

// program is the executable of a process. Where that is closed to this user, a
// process of root is taken at its word: the kernel shows to everyone whose it is,
// its name and its command line. Named says that this was so; the path is then
// that of the command line, or a bare name.
func (m *Machine) program(pid int) (exe string, named bool, err error) {
	exe, err = m.exe(pid)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return exe, false, err
	}
	if word := m.rootsWord(pid); word != "" {
		return word, true, nil
	}
	return "", false, err
}

// rootsWord is what a process of root says that it runs: the absolute path in
// its command line when the file there has the process's name, else the name. It
// is "" for any other user's process, and for one without a memory of its own.
func (m *Machine) rootsWord(pid int) string {
	st, err := m.status(pid)
	if err != nil {
		return ""
	}
	if uid, err := m.hostUID(st.uid); err != nil || uid != 0 {
		return ""
	}
	name, err := m.line(proc(pid) + "/comm")
	if err != nil || name == "" {
		return ""
	}
	b, err := m.read(proc(pid)+"/cmdline", 2*maxText)
	first, _, _ := bytes.Cut(b, []byte{0})
	if err != nil || len(first) == 0 { // a thread of the kernel has none
		return ""
	}
	if at := string(first); path.IsAbs(at) && path.Base(at) == name {
		if p, err := m.find(at); err == nil && p.info.Mode().IsRegular() {
			return p.real
		}
	}
	return path.Base(name)
}

// sameView reports whether a process sees the file system that we see. The
// numbers of mounts are unique among all namespaces, so whoever has ours mounted
// on its root is in ours.
func (m *Machine) sameView(pid int) bool {
	ours, err := m.read("/proc/self/mountinfo", maxTable)
	if err != nil || m.root != "" {
		return false
	}
	theirs, err := m.read(proc(pid)+"/mountinfo", maxTable)
	return err == nil && rootMount(ours) != "" && rootMount(ours) == rootMount(theirs)
}

// rootMount is what is mounted on the root, the topmost: its number and the
// directory of its file system.
func rootMount(b []byte) string {
	out := ""
	for l := range bytes.Lines(b) {
		if f := strings.Fields(string(l)); len(f) > 4 && f[4] == "/" {
			out = f[0] + " " + f[3]
		}
	}
	return out
}

// activated reports whether a daemon's command line says that another process
// opened its sockets for it.
func (m *Machine) activated(pid int) bool {
	b, err := m.read(proc(pid)+"/cmdline", 2*maxText)
	return err == nil && handedOver(parseCmdline(b).values["hosts"])
}

// handedOver reports whether sockets come from the daemon's starter.
func handedOver(hosts []string) bool {
	for _, h := range hosts {
		if strings.HasPrefix(h, "fd://") {
			return true
		}
	}
	return false
}

// configured lists the listeners of a daemon whose open files are closed to
// this user: those addresses of its configuration on which something listens, by
// the kernel's tables, which everyone may read. It is not known where another
// process hands sockets over.
func (m *Machine) configured(cfg snapshot.Fact[snapshot.DaemonConfig], rows []tcpListener) (unix []string, tcp []tcpListener, ok bool) {
	hosts, set := cfg.V.Setting("hosts")
	if !cfg.Known() || handedOver(hosts) {
		return nil, nil, false
	}
	if !set || len(hosts) == 0 {
		hosts = []string{"unix:///var/run/docker.sock"}
	}
	for _, h := range append(slices.Clip(hosts), metricsHost(cfg)...) {
		scheme, rest, _ := strings.Cut(h, "://")
		switch scheme {
		case "unix":
			if m.exists(rest) {
				unix = append(unix, rest)
			}
		case "tcp":
			found := matching(rows, rest)
			if len(found) == 0 {
				return nil, nil, false
			}
			tcp = append(tcp, found...)
		default:
			return nil, nil, false
		}
	}
	return unix, tcp, true
}

// metricsHost is where the daemon is configured to answer for its counters.
func metricsHost(cfg snapshot.Fact[snapshot.DaemonConfig]) []string {
	if at := cfg.V.String("metrics-addr", ""); at != "" {
		return []string{"tcp://" + at}
	}
	return nil
}

// sameTables reports whether a process is proved to be in our network namespace
// by a socket that both tables list: it is in one namespace only, and its number
// is unique.
func (m *Machine) sameTables(pid int) bool {
	ours, err := tree{readers: m.readers}.read("/proc/self/net/unix", maxTable)
	if err != nil {
		return false
	}
	theirs, err := m.read(proc(pid)+"/net/unix", maxTable)
	if err != nil {
		return false
	}
	known := parseUnix(ours)
	for ino := range parseUnix(theirs) {
		if _, ok := known[ino]; ok {
			return true
		}
	}
	return false
}
