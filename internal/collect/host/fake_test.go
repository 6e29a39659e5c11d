package host

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// fake builds a machine below a temporary directory. A content that begins with
// "-> " makes a symbolic link, a name that ends in / a directory.
func fake(t *testing.T, parts ...map[string]string) *Machine {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{}
	for _, p := range parts {
		maps.Copy(files, p)
	}
	for name, content := range files {
		at := filepath.Join(root, name)
		dir := filepath.Dir(at)
		if strings.HasSuffix(name, "/") {
			dir = at
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, link := strings.CutPrefix(content, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
		case link:
			err = os.Symlink(target, at)
		default:
			err = os.WriteFile(at, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m := Open(root)
	m.audit = func(context.Context) (snapshot.AuditState, error) { return snapshot.AuditState{Enabled: true}, nil }
	return m
}

const (
	cid        = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	wholeMap   = "         0          0 4294967295\n"
	fakeLimits = "Limit                     Soft Limit           Hard Limit           Units     \n" +
		"Max processes             100                  200                  processes \n" +
		"Max open files            1024                 unlimited            files     \n"
	v1Mounts = "22 27 0:21 / /proc rw - proc proc rw\n" +
		"34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
		"36 31 0:33 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
	v2Mounts = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
)

// ns are the links of a process whose namespaces all have one number.
func ns(pid string, n int) map[string]string {
	out := map[string]string{}
	for _, k := range []string{"net", "pid", "ipc", "uts", "user", "mnt"} {
		out["proc/"+pid+"/ns/"+k] = fmt.Sprintf("-> %s:[%d]", k, n)
	}
	return out
}

// process is one with the host's first process beside it.
func process(pid string, more map[string]string) map[string]string {
	dir := "proc/" + pid + "/"
	out := map[string]string{
		dir + "stat":        pid + " (a) b) S 7 " + strings.Repeat("0 ", 17) + "4200 0 0\n",
		dir + "status":      statusText("1000", pid),
		dir + "uid_map":     wholeMap,
		dir + "mountinfo":   "1 0 0:39 / / ro,relatime - overlay overlay rw\n",
		dir + "limits":      fakeLimits,
		dir + "cgroup":      "0::/system.slice/docker-" + cid + ".scope\n",
		dir + "exe":         "-> /usr/sbin/nginx",
		dir + "net/tcp":     "  sl  local\n   0: 0100007F:1F90 00000000:0000 0A 0 0 0 0 0 5 1\n   1: 00000000:0050 00000000:0000 0A 0 0 0 0 0 6 1\n   2: 0100007F:0016 0100007F:9999 01 0 0 0 0 0 7 1\n",
		"proc/self/uid_map": wholeMap, "proc/self/gid_map": wholeMap,
		"proc/stat": "cpu 1 2\nbtime 1700000000\n",
	}
	maps.Copy(out, ns(pid, 200))
	maps.Copy(out, ns("1", 100))
	maps.Copy(out, more)
	return out
}

func statusText(uid, nspid string) string {
	return "Name:\tx\nGroups:\t998 6 \nUid:\t9\t" + uid + "\t9\t9\nNSpid:\t" + nspid + "\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
}
