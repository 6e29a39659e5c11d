package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"
)

const (
	maxPrograms  = 64   // distinct executables of one container
	maxPorts     = 256  // listening ports of one container
	maxProcesses = 4096 // processes of one container that are looked at
)

// unseen stands among a container's programs for a process whose executable may
// not be read, or for those beyond the bounds.
const unseen = "?"

var errReused = fmt.Errorf("the number is another process's: %w", syscall.ESRCH)

// Container reads the kernel's view of a container's first process. The number
// may by now belong to another process: the facts are kept only when the process
// is in a container and still there after them, so that all are about it. A user's
// name, where one is given, is looked up in the container's own accounts.
func (m *Machine) Container(ctx context.Context, pid int, user string) docker.ContainerFacts {
	dir := proc(pid)
	if pid <= 0 {
		return noFacts(snapshot.Absent, snapshot.ReasonNone, "no process")
	}
	fail := func(err error, source string) docker.ContainerFacts {
		f := vanished[struct{}](err, source)
		return noFacts(f.State, f.Reason, source)
	}
	if err := ctx.Err(); err != nil {
		return fail(err, dir)
	}
	d, err := m.folder(dir)
	if err != nil {
		return fail(err, dir)
	}
	defer d.close()
	b, err := d.record("cgroup")
	if err != nil {
		return fail(err, dir+"/cgroup")
	}
	g := m.group(parseMembership(b))
	facts := docker.ContainerFacts{Process: m.process(ctx, pid, d, g), Cgroup: m.cgroup(g), Usage: m.usage(g)}
	if user != "" {
		facts.Account = m.accountIn(pid, user)
	}
	if !d.exists("stat") {
		return fail(syscall.ESRCH, dir+"/stat")
	}
	return facts
}

// noFacts gives all three facts one state and reason.
func noFacts(s snapshot.State, r snapshot.Reason, source string) docker.ContainerFacts {
	return docker.ContainerFacts{
		Process: snapshot.Missing[snapshot.Process](s, r, source),
		Cgroup:  snapshot.Missing[snapshot.Cgroup](s, r, source),
		Usage:   snapshot.Missing[snapshot.Usage](s, r, source),
	}
}

// process reads everything of the process itself. One field that cannot be
// read makes the whole fact missing, as its zero value would be a pass.
func (m *Machine) process(ctx context.Context, pid int, d folder, g group) snapshot.Fact[snapshot.Process] {
	var p snapshot.Process
	var n namespaces
	for _, step := range []struct {
		source string
		read   func() error
	}{
		{"/ns", func() error { return m.fillNamespaces(&p, &n, d, g) }},
		{"/status", func() error { return m.fillStatus(&p, pid, d, n.user) }},
		{"/attr/current", func() (err error) { p.LSM, err = m.label(d); return err }},
		{"/mountinfo", func() error { return fillRoot(&p, d) }},
		{"/limits", func() (err error) { p.Nofile, p.Nproc, err = limits(d); return err }},
		{"/exe", func() error { return m.fillMembers(ctx, &p, pid, n, g) }},
		{"/net/tcp", func() (err error) {
			if !p.HostNet {
				p.Listening, err = m.listening.get(n.net, func() ([]uint16, error) { return m.ports(pid, d) })
			}
			return err
		}},
	} {
		if err := step.read(); err != nil {
			return vanished[snapshot.Process](err, "/proc/PID"+step.source)
		}
	}
	return snapshot.Seen(p, "/proc/PID")
}

// fillNamespaces compares namespaces with those of the machine's first process.
// A process that is in no container's control group and shares the machine's
// mounts is not a container's.
func (m *Machine) fillNamespaces(p *snapshot.Process, n *namespaces, d folder, g group) error {
	host, err := m.initial()
	if err != nil {
		return err
	}
	if *n, err = namespacesOf(d); err != nil {
		return err
	}
	if !g.contained && n.mnt == host.mnt {
		return errReused
	}
	p.HostNet, p.HostPid, p.HostIpc = n.net == host.net, n.pid == host.pid, n.ipc == host.ipc
	p.HostUts, p.HostUser = n.uts == host.uts, n.user == host.user
	return nil
}

func (m *Machine) fillStatus(p *snapshot.Process, pid int, d folder, userNS uint64) error {
	st, err := processStatus(d)
	if err != nil {
		return err
	}
	ids, err := m.idMap(pid, userNS)
	if err != nil {
		return err
	}
	p.UID = inward(ids, st.uid)
	if p.HostUID, err = m.hostUID(st.uid); err != nil {
		return err
	}
	p.CapEff, p.CapBnd, p.NoNewPriv, p.Seccomp = st.capEff, st.capBnd, st.noNewPrivs, st.seccomp
	ranges, err := m.gidmap()
	if err != nil {
		return err
	}
	for _, g := range st.groups {
		p.Groups = append(p.Groups, outward(ranges, g))
	}
	return nil
}

// idMap is how a process's user namespace numbers users. It is written once, so
// it is equal for all in it.
func (m *Machine) idMap(pid int, userNS uint64) ([]idRange, error) {
	return m.idMaps.get(userNS, func() ([]idRange, error) {
		b, err := m.read(proc(pid)+"/uid_map", maxText)
		return parseIDMap(b), err
	})
}

// labelFiles hold a process's label, the first that exists.
var labelFiles = [...]string{"attr/apparmor/current", "attr/current"}

// label is the process's AppArmor profile with mode or SELinux label; "" when no
// security module keeps one, for which the kernel answers "invalid". Such an
// answer is the kernel's about all processes, so it is not asked again.
func (m *Machine) label(d folder) (string, error) {
	for i, f := range labelFiles {
		if m.unlabeled[i].Load() {
			continue
		}
		b, err := d.file(f, maxText)
		switch {
		case err == nil:
			return text(strings.TrimRight(string(b), "\n\x00")), nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL):
			// The file of a process that ended is not there either.
			if d.exists("stat") {
				m.unlabeled[i].Store(true)
			}
		default:
			return "", err
		}
	}
	return "", nil
}

func fillRoot(p *snapshot.Process, d folder) error {
	b, err := d.file("mountinfo", maxTable)
	if err != nil {
		return err
	}
	mounts := parseCovered(b)
	ro, found := mounts.rootReadOnly()
	if !found {
		return errors.New("mountinfo: nothing is mounted on /")
	}
	p.RootReadOnly, p.WritableIn = ro, mounts.writableIn()
	return nil
}

// fillMembers looks at all processes in the container's control group, or
// without a group of its own at the first only: the base names of their
// executables, sorted, and whose they are.
func (m *Machine) fillMembers(ctx context.Context, p *snapshot.Process, pid int, n namespaces, g group) error {
	pids, complete, err := m.members(ctx, g)
	if err != nil {
		return err
	}
	if !slices.Contains(pids, pid) {
		pids = append(pids, pid)
	}
	if len(pids) > maxProcesses {
		pids, complete = pids[:maxProcesses], false
	}
	users := owners{m: m, userNS: n.user, uids: map[int64]bool{p.UID: true}, partial: !complete}
	names := make(map[string]bool)
	for _, q := range pids {
		if err := ctx.Err(); err != nil {
			return err
		}
		if q != pid {
			users.add(q)
		}
		exe, err := m.exe(q)
		switch s, _ := outcome(err); {
		case err == nil:
			names[text(path.Base(exe))] = true
		case s == snapshot.Denied:
			complete = false
		}
	}
	p.UIDs, p.Programs = users.list(), programList(names, complete)
	return nil
}

func programList(names map[string]bool, complete bool) []string {
	out := slices.Sorted(maps.Keys(names))
	if !complete || len(names) > maxPrograms {
		out = append([]string{unseen}, out...)
	}
	return out[:min(len(out), maxPrograms)]
}

// ports returns the TCP ports that are listened on in the process's network
// namespace, sorted.
func (m *Machine) ports(pid int, d folder) ([]uint16, error) {
	rows, err := m.tcpListeners(pid, d, 16*maxPorts) // several addresses may share a port
	if err != nil {
		return nil, err
	}
	var out []uint16
	for _, r := range rows {
		out = append(out, r.addr.Port())
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxPorts)], nil
}

// members lists the processes of the container's group and of the groups that
// it made itself; complete is false when there were more than are looked at.
func (m *Machine) members(ctx context.Context, g group) (pids []int, complete bool, err error) {
	const maxGroups = 256
	if !g.contained {
		return nil, true, nil
	}
	queue := []string{g.own}
	for i := 0; i < len(queue); i++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if i == maxGroups || len(pids) > maxProcesses {
			return pids, false, nil
		}
		b, err := m.read(queue[i]+"/cgroup.procs", maxTable)
		// The kernel refuses the list of a group of threads; its processes are
		// in the list of the group above.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EOPNOTSUPP) {
			return nil, false, err
		}
		for s := range strings.FieldsSeq(string(b)) {
			if p, err := strconv.Atoi(s); err == nil && p > 0 {
				pids = append(pids, p)
			}
		}
		if i == 0 && g.childless {
			break
		}
		entries, err := m.entries(queue[i])
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
		for _, e := range entries {
			if e.IsDir() {
				queue = append(queue, queue[i]+"/"+e.Name())
			}
		}
	}
	return pids, true, nil
}
