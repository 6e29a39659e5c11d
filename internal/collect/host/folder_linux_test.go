package host

import (
	"context"
	"os/exec"
	"strconv"
	"testing"
)

// What is read through a process's directory is never another's: after its end
// there is nothing.
func TestFolderOfProcess(t *testing.T) {
	sleeper := exec.Command("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	d, err := Open("").folder("/proc/" + strconv.Itoa(sleeper.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if b, err := d.record("stat"); err != nil || len(b) == 0 || !d.exists("stat") {
		t.Errorf("of a living process: %q, %v, there: %t", b, err, d.exists("stat"))
	}
	if err := sleeper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = sleeper.Wait() // it says that it was killed
	if b, err := d.record("stat"); err == nil || d.exists("stat") {
		t.Errorf("of a process that ended: %q, there: %t", b, d.exists("stat"))
	}
	if l, err := d.link("exe"); err == nil {
		t.Errorf("of a process that ended: %q", l)
	}
}

// The long tables are read unless the namespace's own counts say that there is
// nothing in them.
func TestPortsByCounts(t *testing.T) {
	const row = "  sl  local\n   0: 00000000000000000000000000000000:0016 0:0 0A 0 0 0 0 0 5 1\n"
	for name, c := range map[string]struct {
		sockstat, sockstat6 string
		want                int
	}{
		"no counts":       {want: 3}, // two of version 4 in the table of process
		"no sockets":      {sockstat: "sockets: used 0\nTCP: inuse 0 orphan 0\n", sockstat6: "TCP6: inuse 0\n"},
		"only version 6":  {sockstat: "sockets: used 1\nTCP: inuse 0 orphan 0\n", sockstat6: "TCP6: inuse 1\n", want: 1},
		"only version 4":  {sockstat: "sockets: used 2\nTCP: inuse 2 orphan 0\n", sockstat6: "TCP6: inuse 0\n", want: 2},
		"only the others": {sockstat: "sockets: used 4\nTCP: inuse 0 orphan 0\n", sockstat6: "TCP6: inuse 0\n"},
		"not of sockets":  {sockstat: "sockets: used 0\nTCP: inuse 1 orphan 0\n", sockstat6: "TCP6: inuse 0\n", want: 2},
	} {
		more := map[string]string{"proc/1/mountinfo": v2Mounts, v2Own + "cgroup.procs": "42\n", "proc/42/net/tcp6": row}
		if c.sockstat != "" {
			more["proc/42/net/sockstat"], more["proc/42/net/sockstat6"] = c.sockstat, c.sockstat6
		}
		f := fake(t, process("42", more)).Container(context.Background(), 42, "")
		if got := f.Process.V.Listening; !f.Process.Known() || len(got) != c.want {
			t.Errorf("%s: listening %d, want %d of them (%s)", name, got, c.want, f.Process.Source)
		}
	}
}
