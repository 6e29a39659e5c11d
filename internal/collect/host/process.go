package host

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// proc is the directory of a process.
func proc(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// status is what is used of /proc/PID/status.
type status struct {
	uid            int64 // effective, in the reader's user namespace
	capEff, capBnd uint64
	noNewPrivs     bool
	seccomp        int
	groups         []int64 // supplementary, in the reader's user namespace
	pids           int     // PID namespaces from the reader's inwards that number it
}

// statusFields are read of some sixty.
var statusFields = [...]string{"Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Groups", "NSpid"}

// parseStatus reads /proc/PID/status. A field that is missing is an error,
// because its zero value would look like an answer; NoNewPrivs (Linux 4.10) and
// NSpid (4.1) are older than any kernel an engine supports.
func parseStatus(b []byte) (status, error) {
	var s status
	seen := 0
	for l := range bytes.Lines(b) {
		name, rest, ok := bytes.Cut(l, []byte(":"))
		i := slices.IndexFunc(statusFields[:], func(s string) bool { return s == string(name) })
		if !ok || i < 0 {
			continue
		}
		key, value := statusFields[i], string(rest)
		f := strings.Fields(value)
		if len(f) == 0 && key != "Groups" {
			continue
		}
		var err error
		switch key {
		case "Uid":
			if len(f) < 2 {
				return s, fmt.Errorf("status: Uid %.40q is not four numbers", value)
			}
			s.uid, err = strconv.ParseInt(f[1], 10, 64)
		case "CapEff":
			s.capEff, err = strconv.ParseUint(f[0], 16, 64)
		case "CapBnd":
			s.capBnd, err = strconv.ParseUint(f[0], 16, 64)
		case "NoNewPrivs":
			s.noNewPrivs = f[0] == "1"
		case "Seccomp":
			s.seccomp, err = strconv.Atoi(f[0])
		case "Groups": // none is an empty line
			s.groups, err = numbers(f)
		case "NSpid":
			s.pids = len(f)
		}
		if err != nil {
			return s, fmt.Errorf("status: %s %.40q: %w", key, value, err)
		}
		seen++
	}
	if seen < len(statusFields) {
		return s, fmt.Errorf("status: %d found of the fields %s", seen, strings.Join(statusFields[:], ", "))
	}
	return s, nil
}

// maxGIDs is more than the kernel gives to anyone but a stress test.
const maxGIDs = 1024

// numbers reads a list of group numbers.
func numbers(fields []string) ([]int64, error) {
	if len(fields) > maxGIDs {
		return nil, fmt.Errorf("%d groups are more than %d", len(fields), maxGIDs)
	}
	out := make([]int64, 0, len(fields))
	for _, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func processStatus(d folder) (status, error) {
	b, err := d.record("status")
	if err != nil {
		return status{}, err
	}
	return parseStatus(b)
}

func (m *Machine) status(pid int) (status, error) {
	d, err := m.folder(proc(pid))
	if err != nil {
		return status{}, err
	}
	defer d.close()
	return processStatus(d)
}

// parseStat reads the parent and the start time, in clock ticks since boot, of
// /proc/PID/stat. The name in it may hold any byte, so fields are counted from
// its closing parenthesis.
func parseStat(b []byte) (parent int, start uint64, err error) {
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(f) < 20 {
		return 0, 0, fmt.Errorf("stat: %d fields after the name, want at least 20", len(f))
	}
	if parent, err = strconv.Atoi(string(f[1])); err != nil {
		return 0, 0, fmt.Errorf("stat: parent: %w", err)
	}
	if start, err = strconv.ParseUint(string(f[19]), 10, 64); err != nil {
		return 0, 0, fmt.Errorf("stat: start time: %w", err)
	}
	return parent, start, nil
}

func (m *Machine) stat(pid int) (parent int, start uint64, err error) {
	b, err := m.record(proc(pid) + "/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseStat(b)
}

// started turns ticks since boot into a time, whole seconds UTC. User space
// sees 100 ticks a second on every architecture that Go supports.
func (m *Machine) started(ticks uint64) (time.Time, error) {
	b, err := m.read("/proc/stat", maxTable)
	if err != nil {
		return time.Time{}, err
	}
	for l := range bytes.Lines(b) {
		v, ok := bytes.CutPrefix(l, []byte("btime "))
		if !ok {
			continue
		}
		boot, err := strconv.ParseInt(string(bytes.TrimSpace(v)), 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("/proc/stat: btime: %w", err)
		}
		return time.Unix(boot+int64(ticks/100), 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("/proc/stat: has no btime")
}

// parseLimits reads the hard limits of open files and of processes from
// /proc/PID/limits; -1 is unlimited.
func parseLimits(b []byte) (nofile, nproc int64, err error) {
	find := func(name string) (int64, error) {
		_, after, ok := strings.Cut("\n"+string(b), "\n"+name+" ")
		f := strings.Fields(after)
		if !ok || len(f) < 2 {
			return 0, fmt.Errorf("limits: has no %q", name)
		}
		if f[1] == "unlimited" {
			return -1, nil
		}
		v, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("limits: %s: %w", name, err)
		}
		return v, nil
	}
	if nofile, err = find("Max open files"); err != nil {
		return 0, 0, err
	}
	nproc, err = find("Max processes")
	return nofile, nproc, err
}

func limits(d folder) (nofile, nproc int64, err error) {
	b, err := d.record("limits")
	if err != nil {
		return 0, 0, err
	}
	return parseLimits(b)
}

// openFiles is how many files a process may have open.
func (m *Machine) openFiles(pid int) (int64, error) {
	d, err := m.folder(proc(pid))
	if err != nil {
		return 0, err
	}
	defer d.close()
	most, _, err := limits(d)
	return most, err
}

// exe returns the path of a process's executable, as it was when started: the
// kernel marks one that an upgrade replaced.
func (m *Machine) exe(pid int) (string, error) {
	s, err := m.link(proc(pid) + "/exe")
	return strings.TrimSuffix(s, " (deleted)"), err
}

// isDaemon reports whether an executable is one that answers the engine API.
func isDaemon(exe string) bool {
	b := path.Base(exe)
	return b == "dockerd" || strings.HasPrefix(b, "dockerd-") || b == "podman"
}

// idRange is one line of /proc/PID/uid_map.
type idRange struct{ inside, outside, count int64 }

func parseIDMap(b []byte) []idRange {
	var out []idRange
	for l := range bytes.Lines(b) {
		f := strings.Fields(string(l))
		if len(f) != 3 {
			continue
		}
		var n [3]int64
		ok := true
		for i := range f {
			v, err := strconv.ParseUint(f[i], 10, 32)
			ok = ok && err == nil
			n[i] = int64(v)
		}
		if ok {
			out = append(out, idRange{n[0], n[1], n[2]})
		}
	}
	return out
}

// overflowID is what the kernel shows for an ID that a namespace does not map.
const overflowID = 65534

// inward maps an ID of the outer namespace to the inner one.
func inward(ranges []idRange, id int64) int64 {
	for _, r := range ranges {
		if id >= r.outside && id-r.outside < r.count {
			return r.inside + id - r.outside
		}
	}
	return overflowID
}

// outward maps an ID of the inner namespace to the outer one.
func outward(ranges []idRange, id int64) int64 {
	for _, r := range ranges {
		if id >= r.inside && id-r.inside < r.count {
			return r.outside + id - r.inside
		}
	}
	return overflowID
}

// hostUID maps an ID that /proc showed us to the initial user namespace. It is
// the same number unless this program runs in a user namespace of its own; one
// nested in another is not seen through.
func (m *Machine) hostUID(id int64) (int64, error) {
	ranges, err := m.uidmap()
	if err != nil {
		return 0, err
	}
	return outward(ranges, id), nil
}
