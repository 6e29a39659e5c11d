package host

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

const none = int64(-1) // no limit

// known v1 controllers that Docker sets limits with.
var limiting = []string{"memory", "cpu", "cpuset", "pids"}

// membership is one line of /proc/PID/cgroup; version 2 has no controllers.
type membership struct {
	controllers []string
	path        string
}

func parseMembership(b []byte) []membership {
	var out []membership
	for l := range bytes.Lines(b) {
		f := strings.SplitN(strings.TrimSuffix(string(l), "\n"), ":", 3)
		if len(f) != 3 || !strings.HasPrefix(f[2], "/") {
			continue
		}
		m := membership{path: f[2]}
		if f[1] != "" {
			m.controllers = strings.Split(f[1], ",")
		}
		out = append(out, m)
	}
	return out
}

// group is where a process's control groups are in the file system.
type group struct {
	version   int
	contained bool              // a container ID is in the path
	parent    string            // of its group, as the kernel names it
	own       string            // a directory that lists its processes
	dirs      map[string]string // by controller; in version 2 all are ""
	tops      map[string]string // the mount point above each
	childless bool              // it has no groups in it
	err       error             // why the group cannot be located
}

var containerID = regexp.MustCompile(`[0-9a-f]{64}`)

// group locates a process's groups among the machine's mounts. A limiting
// controller mounted in version 1 makes the machine count as version 1.
func (m *Machine) group(members []membership) group {
	mounts, err := m.cgroups()
	g := group{version: 2, dirs: map[string]string{}, tops: map[string]string{}, err: err}
	if err != nil {
		return g
	}
	for _, mt := range mounts {
		if mt.kind == "cgroup" && slices.ContainsFunc(limiting, func(c string) bool { return slices.Contains(mt.super, c) }) {
			g.version = 1
		}
	}
	for _, mb := range members {
		if (len(mb.controllers) == 0) != (g.version == 2) {
			continue
		}
		key := ""
		if g.version == 1 {
			i := slices.IndexFunc(mb.controllers, func(c string) bool { return slices.Contains(limiting, c) })
			if i < 0 {
				continue
			}
			key = mb.controllers[i]
		}
		dir, top, ok := locate(mounts, key, mb.path)
		if !ok {
			continue
		}
		for _, c := range append([]string{key}, mb.controllers...) {
			g.dirs[c], g.tops[c] = dir, top
		}
		// The memory group is the one that limits are judged by.
		if g.own == "" || key == "memory" || slices.Contains(mb.controllers, "memory") {
			g.own, g.parent = dir, path.Dir(mb.path)
		}
		g.contained = g.contained || containerID.MatchString(mb.path)
	}
	if g.own == "" {
		g.err = errors.New("no control group of the process is mounted where it can be read")
		return g
	}
	// While the process lives, its group does.
	info, err := m.info(g.own)
	g.err, g.childless = err, err == nil && childless(info)
	return g
}

// locate turns a group's path into a directory: the last mount of the
// controller's hierarchy ("" is version 2) whose root holds it. A path with ".."
// is outside our own control group namespace.
func locate(mounts []mount, controller, name string) (dir, top string, ok bool) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", "", false
	}
	for _, mt := range slices.Backward(mounts) {
		if controller == "" && mt.kind != "cgroup2" ||
			controller != "" && (mt.kind != "cgroup" || !slices.Contains(mt.super, controller)) {
			continue
		}
		rel := name
		if mt.root != "/" {
			var inside bool
			if rel, inside = strings.CutPrefix(name, mt.root); !inside || rel != "" && rel[0] != '/' {
				continue
			}
		}
		return path.Join(mt.point, rel), mt.point, true
	}
	return "", "", false
}

// knob reads one file of a group. A file that is not there sets no limit.
func (m *Machine) knob(dir, name string) (string, error) {
	if dir == "" {
		return "", nil
	}
	b, err := m.record(dir + "/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// limit reads a number; absent, "max" and version 1's huge numbers, which are
// the largest count of whole pages, are no limit.
func (m *Machine) limit(dir, name string) (int64, error) {
	s, err := m.knob(dir, name)
	if err != nil || s == "" || s == "max" {
		return none, err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	if n < 0 || n >= 1<<62 {
		return none, nil
	}
	return n, nil
}

// source names where limits come from without the container's ID or pid, so that
// equal containers stay equal.
func (g group) source() string { return "cgroup v" + strconv.Itoa(g.version) }

// cgroup reads what the kernel enforces on the container's own group.
func (m *Machine) cgroup(g group) snapshot.Fact[snapshot.Cgroup] {
	if g.err != nil {
		return vanished[snapshot.Cgroup](g.err, g.source())
	}
	c := snapshot.Cgroup{Version: g.version, Path: text(g.parent), CPUQuota: none, CPUShares: 1024}
	read := m.readV2
	if g.version == 1 {
		read = m.readV1
	}
	if err := read(g, &c); err != nil {
		return vanished[snapshot.Cgroup](err, g.source())
	}
	return snapshot.Seen(c, g.source())
}

func (m *Machine) readV1(g group, c *snapshot.Cgroup) (err error) {
	mem, cpu := g.dirs["memory"], g.dirs["cpu"]
	if c.MemoryMax, err = m.limit(mem, "memory.limit_in_bytes"); err != nil {
		return err
	}
	if c.MemorySwapMax, err = m.limit(mem, "memory.memsw.limit_in_bytes"); err != nil {
		return err
	}
	if c.MemoryAncestorMax, err = m.lowest(mem, g.tops["memory"], "memory.limit_in_bytes"); err != nil {
		return err
	}
	if c.CPUQuota, err = m.limit(cpu, "cpu.cfs_quota_us"); err != nil {
		return err
	}
	if c.CPUPeriod, err = m.limit(cpu, "cpu.cfs_period_us"); err != nil {
		return err
	}
	c.CPUPeriod = max(c.CPUPeriod, 0)
	shares, err := m.limit(cpu, "cpu.shares")
	if err != nil {
		return err
	}
	if shares > 0 {
		c.CPUShares = shares
	}
	if c.Cpuset, err = m.knob(g.dirs["cpuset"], "cpuset.cpus"); err != nil {
		return err
	}
	c.Cpuset = text(c.Cpuset)
	c.PidsMax, err = m.limit(g.dirs["pids"], "pids.max")
	return err
}

func (m *Machine) readV2(g group, c *snapshot.Cgroup) (err error) {
	if c.MemoryMax, err = m.limit(g.own, "memory.max"); err != nil {
		return err
	}
	swap, err := m.limit(g.own, "memory.swap.max")
	if err != nil {
		return err
	}
	// Version 2 limits swap alone; both together are bounded only when both are.
	c.MemorySwapMax = none
	if c.MemoryMax >= 0 && swap >= 0 {
		c.MemorySwapMax = c.MemoryMax + swap
	}
	if c.MemoryAncestorMax, err = m.lowest(g.own, g.tops[""], "memory.max"); err != nil {
		return err
	}
	cpu, err := m.knob(g.own, "cpu.max")
	if err != nil {
		return err
	}
	if quota, period, ok := strings.Cut(cpu, " "); ok {
		if c.CPUPeriod, err = strconv.ParseInt(period, 10, 64); err != nil {
			return err
		}
		if quota != "max" {
			if c.CPUQuota, err = strconv.ParseInt(quota, 10, 64); err != nil {
				return err
			}
		}
	}
	weight, err := m.limit(g.own, "cpu.weight")
	if err != nil {
		return err
	}
	if weight > 0 {
		c.CPUShares = sharesOf(weight)
	}
	if c.Cpuset, err = m.knob(g.own, "cpuset.cpus"); err != nil {
		return err
	}
	c.Cpuset = text(c.Cpuset)
	c.PidsMax, err = m.limit(g.own, "pids.max")
	return err
}

// sharesOf converts a version 2 weight (1 to 10,000, default 100) to the scale
// of version 1 (default 1024) as the kernel's scheduler does: weight x 1024 /
// 100, rounded. What runc wrote it from cannot be told: its formula changed
// between releases, and both lose precision.
func sharesOf(weight int64) int64 { return (weight*1024 + 50) / 100 }

// lowest is the least limit among the groups above a directory, up to and
// including the mount point.
func (m *Machine) lowest(dir, top, name string) (int64, error) {
	least := int64(math.MaxInt64)
	for dir != "" && dir != top && strings.HasPrefix(dir, top) {
		dir = path.Dir(dir)
		n, err := m.ancestors.get(dir+"/"+name, func() (int64, error) { return m.limit(dir, name) })
		if err != nil {
			return none, err
		}
		if n >= 0 {
			least = min(least, n)
		}
	}
	if least == math.MaxInt64 {
		return none, nil
	}
	return least, nil
}

// usage reads what the container's own group uses. Memory is the kernel's
// figure, page cache included. Where the PIDs controller is not there, Pids
// counts processes instead of threads.
func (m *Machine) usage(g group) snapshot.Fact[snapshot.Usage] {
	if g.err != nil {
		return vanished[snapshot.Usage](g.err, g.source())
	}
	mem, pids, current, peak := g.dirs["memory"], g.dirs["pids"], "memory.usage_in_bytes", "memory.max_usage_in_bytes"
	if g.version == 2 {
		mem, pids, current, peak = g.own, g.own, "memory.current", "memory.peak"
	}
	var u snapshot.Usage
	var err error
	if u.MemoryCurrent, err = m.limit(mem, current); err != nil {
		return vanished[snapshot.Usage](err, mem+"/"+current)
	}
	if u.MemoryCurrent < 0 {
		return snapshot.Missing[snapshot.Usage](snapshot.Failed, snapshot.ReasonPartial, g.own+"/"+current)
	}
	if u.MemoryPeak, err = m.limit(mem, peak); err != nil {
		return vanished[snapshot.Usage](err, mem+"/"+peak)
	}
	u.MemoryPeak = max(u.MemoryPeak, 0)
	if u.Pids, err = m.limit(pids, "pids.current"); err != nil {
		return vanished[snapshot.Usage](err, pids+"/pids.current")
	}
	if u.Pids < 0 {
		b, err := m.read(g.own+"/cgroup.procs", maxTable)
		if err != nil {
			return vanished[snapshot.Usage](err, g.own+"/cgroup.procs")
		}
		u.Pids = int64(len(bytes.Fields(b)))
	}
	return snapshot.Seen(u, g.source())
}
