package host

import (
	"testing"

	"plimsoll/internal/snapshot"
)

func TestPrograms(t *testing.T) {
	m := fake(t, map[string]string{"etc/machine-id": "00112233445566778899aabbccddeeff\n", "usr/sbin/runc": "x", "usr/bin/containerd-shim-runsc-v1": "x"})
	got := m.Programs([]string{"runc", "/usr/sbin/../sbin/runc", "io.containerd.runsc.v1", "/opt/none", "../../etc/passwd"})
	want := map[string]snapshot.State{
		"/usr/sbin/runc": snapshot.Observed, "/usr/bin/containerd-shim-runsc-v1": snapshot.Observed,
		"/opt/none": snapshot.Absent, "/usr/bin/passwd": snapshot.Absent,
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for _, f := range got {
		if st, ok := want[f.Path]; !ok || f.State != st || f.Role != snapshot.RoleRuntime {
			t.Errorf("%+v, want %v", f, want)
		}
	}
}
