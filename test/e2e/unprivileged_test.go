package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestUnprivileged runs as a user who is not root, in the group of the engine's
// socket and not. What everyone may read is used for both.
func TestUnprivileged(t *testing.T) {
	bed := testbed.Engine(t)
	u := enclosed(t)
	u.Root, u.UID, u.Home = "", 65534, "/"
	u.Env = []string{"XDG_STATE_HOME=/nonexistent"}
	socket := strings.TrimPrefix(bed.Address(), "unix://")
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok || of.Gid == 0 || of.Mode&0o060 != 0o060 || of.Mode&0o006 != 0 {
		testbed.Skip(t, "the engine's socket is not one for a group")
	}
	bed.Run("limited", testbed.Spec{"HostConfig": map[string]any{"Memory": 96 << 20}})

	onFile := []string{"file-docker-sock-mode", "file-docker-sock-owner", "host-docker-group-members-trusted"}
	t.Run("without the socket", func(t *testing.T) {
		r := decoded(t, u.Want(t, 0, "assess", "--format", "json"))
		judged(t, r, onFile...)
	})
	t.Run("with the socket", func(t *testing.T) {
		in := *u
		in.GIDs = []uint32{of.Gid}
		if d := in.Want(t, 0, "doctor"); strings.Contains(d.Out, "engine's host") || strings.Contains(d.Out, "on that host") {
			t.Errorf("the engine is said to be elsewhere: %v", d)
		}
		r := decoded(t, in.Want(t, 0, "assess", "--format", "json"))
		judged(t, r, append(onFile, "daemon-tcp-requires-mutual-tls", "daemon-live-restore", "file-etc-docker-owner", "cgroup-controllers-enforced")...)
		s := collected(t, &in)
		e := &s.Engines[0]
		if !e.Process.Known() || !e.Config.Known() || !strings.HasSuffix(e.Process.V.FoundBy, ", by name") {
			t.Errorf("daemon %+v, configuration %+v", e.Process, e.Config)
		}
		for i := range s.Containers {
			if c := &s.Containers[i]; c.Name == bed.Name("limited") {
				rt := &s.Runtimes[c.Runtime]
				if rt.Process.State != snapshot.Denied || !rt.Cgroup.Known() || rt.Cgroup.V.MemoryMax != 96<<20 {
					t.Errorf("process %+v, cgroup %+v", rt.Process, rt.Cgroup)
				}
			}
		}
	})
}

// judged fails unless each check came to a verdict about something.
func judged(t *testing.T, r *report.Result, checks ...string) {
	t.Helper()
	for _, id := range checks {
		found := false
		for _, f := range r.Findings {
			if f.Check == id {
				found = true
				if f.Status == "unknown" {
					t.Errorf("%s is unknown: %s, %s", id, f.Reason, f.Message)
				}
			}
		}
		if !found {
			t.Errorf("%s gave no finding", id)
		}
	}
}

func collected(t *testing.T, u *program.User) *snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Parse([]byte(u.Want(t, 0, "collect").Out))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
