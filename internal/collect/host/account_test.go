package host

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestAccountIn(t *testing.T) {
	const passwd = "root:x:0:0::/:/bin/sh\nweb:x:1000:1000::/:/bin/sh\nweb:x:0:0::/:/bin/sh\n"
	big := strings.Repeat("#", maxText+1)
	for name, tt := range map[string]struct {
		files map[string]string
		state snapshot.State
		uid   int64
	}{
		"the first line counts": {map[string]string{"proc/42/root/etc/passwd": passwd}, snapshot.Observed, 1000},
		"a link inside":         {map[string]string{"proc/42/root/etc/passwd": "-> /lib/passwd", "proc/42/root/lib/passwd": passwd}, snapshot.Observed, 1000},
		"a link out":            {map[string]string{"proc/42/root/etc/passwd": "-> ../../../../etc/passwd", "etc/passwd": passwd}, snapshot.Failed, 0},
		"an absolute link out":  {map[string]string{"proc/42/root/etc/passwd": "-> /host/passwd", "host/passwd": passwd}, snapshot.Failed, 0},
		"a folder that links":   {map[string]string{"proc/42/root/etc": "-> ../../../etc", "etc/passwd": passwd}, snapshot.Failed, 0},
		"a loop":                {map[string]string{"proc/42/root/etc/passwd": "-> passwd"}, snapshot.Failed, 0},
		"no such name":          {map[string]string{"proc/42/root/etc/passwd": "root:x:0:0::/:/bin/sh\n"}, snapshot.Failed, 0},
		"no file":               {map[string]string{"proc/42/root/etc/": ""}, snapshot.Failed, 0},
		"a folder":              {map[string]string{"proc/42/root/etc/passwd/": ""}, snapshot.Failed, 0},
		"larger than the bound": {map[string]string{"proc/42/root/etc/passwd": passwd + big}, snapshot.Failed, 0},
		"no process":            {map[string]string{"proc/1/x": ""}, snapshot.Failed, 0},
		"a number that is none": {map[string]string{"proc/42/root/etc/passwd": "web:x:-1:0::/:/bin/sh\n"}, snapshot.Failed, 0},
	} {
		f := fake(t, tt.files).accountIn(42, "web")
		if f.State != tt.state || f.V != tt.uid || f.Known() != (f.Reason == "") {
			t.Errorf("%s: %+v, want %s %d", name, f, tt.state, tt.uid)
		}
	}
}

// TestAccountInFIFO must not wait for a writer.
func TestAccountInFIFO(t *testing.T) {
	m := fake(t, map[string]string{"proc/42/root/etc/": ""})
	if err := syscall.Mkfifo(filepath.Join(m.root, "proc/42/root/etc/passwd"), 0o644); err != nil {
		t.Fatal(err)
	}
	if f := m.accountIn(42, "web"); f.State != snapshot.Failed {
		t.Errorf("%+v", f)
	}
}

func TestOwners(t *testing.T) {
	files := process("42", map[string]string{
		"proc/43/status": statusText("0", "43"), "proc/44/status": statusText("100005", "44"), "proc/45/x": "",
		"proc/42/uid_map": "0 100000 65536\n",
	})
	m := fake(t, files)
	o := owners{m: m, userNS: 200, uids: map[int64]bool{7: true}}
	if _, err := m.idMap(42, 200); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{44, 46} { // the latter ended
		o.add(pid)
	}
	if got := o.list(); len(got) != 2 || got[0] != 5 || got[1] != 7 {
		t.Errorf("users %v, want 5 and 7", got)
	}
	o.add(43) // root of the machine, which the container does not map
	if got := o.list(); got[len(got)-1] != overflowID {
		t.Errorf("users %v", got)
	}
	if err := os.WriteFile(filepath.Join(m.root, "proc/45/status"), []byte("Uid:\tx\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.add(45)
	if got := o.list(); got[0] != unseenID {
		t.Errorf("a process that was not read is not among %v", got)
	}
}
