package host

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

const (
	v1Own = "sys/fs/cgroup/memory/docker/" + cid + "/"
	v1CPU = "sys/fs/cgroup/cpu,cpuacct/docker/" + cid + "/"
	v2Own = "sys/fs/cgroup/system.slice/docker-" + cid + ".scope/"
)

func TestContainerV2(t *testing.T) {
	m := fake(t, process("42", map[string]string{
		"proc/1/mountinfo": v2Mounts, "proc/43/exe": "-> /bin/sh", "proc/44/exe": "-> /sbin/sshd (deleted)",
		"sys/fs/cgroup/system.slice/memory.max": "50000000\n", "sys/fs/cgroup/memory.max": "max\n",
		v2Own + "cgroup.procs": "42\n43\n", v2Own + "inner/cgroup.procs": "44\n0\n",
		v2Own + "memory.max": "67108864\n", v2Own + "memory.swap.max": "1048576\n", v2Own + "cpu.max": "50000 100000\n",
		v2Own + "cpu.weight": "39\n", v2Own + "cpuset.cpus": "0-1\n", v2Own + "pids.max": "max\n",
		v2Own + "memory.current": "4096\n", v2Own + "memory.peak": "8192\n", v2Own + "pids.current": "3\n",
	}))
	f := m.Container(context.Background(), 42, "")
	if !f.Process.Known() || !f.Cgroup.Known() || !f.Usage.Known() {
		t.Fatalf("%+v", f)
	}
	want := snapshot.Cgroup{
		Version: 2, Path: "/system.slice", MemoryMax: 64 << 20, MemoryAncestorMax: 50000000, MemorySwapMax: 65 << 20,
		CPUQuota: 50000, CPUPeriod: 100000, CPUShares: 399, Cpuset: "0-1", PidsMax: -1,
	}
	if f.Cgroup.V != want {
		t.Errorf("\n got %+v\nwant %+v", f.Cgroup.V, want)
	}
	if u := f.Usage.V; u != (snapshot.Usage{MemoryCurrent: 4096, MemoryPeak: 8192, Pids: 3}) {
		t.Errorf("usage %+v", u)
	}
	p := f.Process.V
	if !slices.Equal(p.Programs, []string{"nginx", "sh", "sshd"}) || !slices.Equal(p.Listening, []uint16{80, 8080}) {
		t.Errorf("programs %q, listening %d", p.Programs, p.Listening)
	}
	if p.UID != 1000 || p.HostUID != 1000 || !p.RootReadOnly || !p.NoNewPriv || p.Seccomp != 2 || p.Nofile != -1 || p.Nproc != 200 || p.HostNet || p.HostUser {
		t.Errorf("process %+v", p)
	}
}

func TestContainerV1(t *testing.T) {
	hybrid := v1Mounts + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	for name, mounts := range map[string]string{"v1": v1Mounts, "hybrid": hybrid} {
		t.Run(name, func(t *testing.T) {
			m := fake(t, process("42", map[string]string{
				"proc/1/mountinfo":                   mounts,
				"proc/42/cgroup":                     "8:pids:/docker/" + cid + "\n4:memory:/docker/" + cid + "\n1:cpu,cpuacct:/docker/" + cid + "\n0::/\n",
				"sys/fs/cgroup/unified/cgroup.procs": "42\n", "sys/fs/cgroup/pids/docker/" + cid + "/pids.max": "50\n",
				"sys/fs/cgroup/pids/docker/" + cid + "/pids.current": "2\n",
				"sys/fs/cgroup/memory/memory.limit_in_bytes":         "9223372036854771712\n",
				"sys/fs/cgroup/memory/docker/memory.limit_in_bytes":  "9223372036854710272\n", // 64 KiB pages
				v1Own + "cgroup.procs":                               "42\n", v1Own + "memory.limit_in_bytes": "67108864\n",
				v1Own + "memory.usage_in_bytes": "5\n", v1Own + "memory.max_usage_in_bytes": "7\n",
				v1CPU + "cpu.cfs_quota_us": "-1\n", v1CPU + "cpu.cfs_period_us": "100000\n", v1CPU + "cpu.shares": "512\n",
			}))
			f := m.Container(context.Background(), 42, "")
			want := snapshot.Cgroup{
				Version: 1, Path: "/docker", MemoryMax: 64 << 20, MemoryAncestorMax: -1, MemorySwapMax: -1,
				CPUQuota: -1, CPUPeriod: 100000, CPUShares: 512, PidsMax: 50,
			}
			if !f.Cgroup.Known() || f.Cgroup.V != want {
				t.Errorf("\n got %+v\nwant %+v", f.Cgroup, want)
			}
			if f.Usage.V != (snapshot.Usage{MemoryCurrent: 5, MemoryPeak: 7, Pids: 2}) {
				t.Errorf("usage %+v", f.Usage)
			}
		})
	}
}

// TestContainerUnread takes one piece away at a time: the fact it belongs to
// must be missing, never a zero value that looks like an answer.
func TestContainerUnread(t *testing.T) {
	whole := process("42", map[string]string{"proc/1/mountinfo": v2Mounts, v2Own + "memory.current": "1\n", v2Own + "cgroup.procs": "42\n"})
	if f := fake(t, whole).Container(context.Background(), 42, ""); !f.Process.Known() || !f.Cgroup.Known() || !f.Usage.Known() {
		t.Fatalf("the whole is not known: %+v", f)
	}
	for name, change := range map[string]string{
		"proc/42/status": "", "proc/42/limits": "", "proc/42/mountinfo": "", "proc/42/ns/net": "-> bogus", "proc/1/ns/net": "-> net:[x",
		"proc/42/net/tcp": "sl\n 0: zz:zz 0 0A 0 0 0 0 0 5 1\n",
	} {
		files := maps.Clone(whole)
		files[name] = change
		if f := fake(t, files).Container(context.Background(), 42, ""); f.Process.State != snapshot.Failed || f.Process.Reason == "" {
			t.Errorf("with a broken %s: %+v", name, f.Process)
		}
	}
	for _, name := range []string{"proc/42/uid_map", "proc/42/net/tcp", "proc/42/ns/user"} {
		files := maps.Clone(whole)
		delete(files, name)
		if f := fake(t, files).Container(context.Background(), 42, ""); f.Process.State != snapshot.Failed || f.Process.Reason != snapshot.ReasonPartial {
			t.Errorf("without %s: %+v", name, f.Process)
		}
	}
	files := maps.Clone(whole)
	files[v2Own+"pids.max"] = "many"
	files[v2Own+"memory.current"] = "much"
	if f := fake(t, files).Container(context.Background(), 42, ""); f.Cgroup.Known() || f.Usage.Known() {
		t.Errorf("garbage limits: %+v", f)
	}
	delete(files, v2Own+"pids.max")
	delete(files, v2Own+"memory.current")
	delete(files, v2Own+"cgroup.procs")
	if f := fake(t, files).Container(context.Background(), 42, ""); f.Cgroup.State != snapshot.Failed {
		t.Errorf("without its group: %+v", f.Cgroup)
	}
}

func TestContainerIdentity(t *testing.T) {
	m := fake(t, process("42", map[string]string{"proc/1/mountinfo": v2Mounts, "proc/42/uid_map": "0 1000 1\n1 100000 65536\n"}))
	if f := m.Container(context.Background(), 42, ""); f.Process.V.UID != 0 || f.Process.V.HostUID != 1000 {
		t.Errorf("root in a user namespace: %+v", f.Process)
	}
	m = fake(t, process("42", map[string]string{"proc/1/mountinfo": v2Mounts, "proc/42/attr/current": "plain\n", "proc/42/attr/apparmor/current": "docker-default (enforce)\n"}))
	if f := m.Container(context.Background(), 42, ""); f.Process.V.LSM != "docker-default (enforce)" {
		t.Errorf("label: %+v", f.Process)
	}
	for _, pid := range []int{0, -1} {
		if f := m.Container(context.Background(), pid, ""); f.Process.State != snapshot.Absent {
			t.Errorf("pid %d: %+v", pid, f.Process)
		}
	}
	if f := m.Container(context.Background(), 99, ""); f.Process.State != snapshot.Failed || f.Process.Reason != snapshot.ReasonPartial {
		t.Errorf("a process that is gone: %+v", f.Process)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if f := m.Container(ctx, 42, ""); f.Process.State != snapshot.Failed {
		t.Errorf("cancelled: %+v", f.Process)
	}
}

// TestContainerReused: a process in no container's group that shares the host's
// mounts has taken the number of a container that ended.
func TestContainerReused(t *testing.T) {
	files := process("42", map[string]string{"proc/1/mountinfo": v2Mounts, "proc/42/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/": ""})
	maps.Copy(files, ns("42", 100))
	if f := fake(t, files).Container(context.Background(), 42, ""); f.Process.Known() {
		t.Errorf("a host process passed for a container: %+v", f.Process)
	}
	maps.Copy(files, ns("42", 100))
	files["proc/42/ns/mnt"] = "-> mnt:[7]"
	if f := fake(t, files).Container(context.Background(), 42, ""); !f.Process.V.HostNet || !f.Process.V.HostPid || !f.Process.V.HostUser || f.Process.V.Listening != nil {
		t.Errorf("a container of a rootless engine without groups: %+v", f.Process)
	}
}

func TestLocate(t *testing.T) {
	mounts := parseMounts([]byte("1 0 0:1 /docker/x /sys/fs/cgroup rw - cgroup2 c rw\n"))
	for in, want := range map[string]string{"/docker/x": "/sys/fs/cgroup", "/docker/x/y": "/sys/fs/cgroup/y", "/docker/xy": "", "/": "", "/../a": "", "/docker/x/../../a": ""} {
		if got, _, _ := locate(mounts, "", in); got != want {
			t.Errorf("locate(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestControllers(t *testing.T) {
	table := "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t1\t1\npids\t4\t1\t0\ncpu\t4\t1\t1\n"
	for _, tt := range []struct {
		mounts      string
		version     int
		controllers string
	}{
		{v1Mounts, 1, "cpu memory"},
		{v2Mounts, 2, "cpu io"},
		{v1Mounts + v2Mounts, 3, "cpu io memory"},
	} {
		m := fake(t, map[string]string{"proc/1/mountinfo": tt.mounts, "proc/cgroups": table, "sys/fs/cgroup/cgroup.controllers": "io cpu\n"})
		c, err := m.controllers()
		if err != nil || c.Version != tt.version || strings.Join(c.Controllers, " ") != tt.controllers {
			t.Errorf("%+v, %v; want %d %s", c, err, tt.version, tt.controllers)
		}
	}
	if c, err := fake(t, map[string]string{"proc/1/mountinfo": "x"}).controllers(); err == nil {
		t.Errorf("without mounts: %+v", c)
	}
}

func TestSharesOf(t *testing.T) {
	for weight, want := range map[int64]int64{100: 1024, 1: 10, 10000: 102400, 50: 512} {
		if got := sharesOf(weight); got != want {
			t.Errorf("sharesOf(%d) = %d, want %d", weight, got, want)
		}
	}
}
