package harden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

// fileBed is a folder with one file, on this machine, and the fake engine.
type fileBed struct {
	*testing.T
	path string
	o    Options
}

func newFileBed(t *testing.T, mode os.FileMode) *fileBed {
	t.Helper()
	if os.Geteuid() != 0 {
		testbed.Skip(t, "files can only be given away by root")
	}
	b := &fileBed{T: t, path: filepath.Join(t.TempDir(), "file"), o: testOptions(t, newFake())}
	b.o.Machine = thisMachine
	if err := os.WriteFile(b.path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Chmod(b.path, uint32(mode)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *fileBed) step(set ...step.Change) step.Step {
	b.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(b.path, &st); err != nil {
		b.Fatal(err)
	}
	return step.New(step.FileAccess, snapshot.Subject{
		Kind: snapshot.KindHostFile, Scope: thisMachine().ScopeID(), Key: "file" + b.path, Name: b.path, UID: inode(st.Dev, st.Ino) + " " + b.path,
	}, set...)
}

func (b *fileBed) now() string {
	b.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(b.path, &st); err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%04o %d:%d", st.Mode&0o7777, st.Uid, st.Gid)
}

// TestFileAccess makes each change, holds the result against the simulation and
// takes it back.
func TestFileAccess(t *testing.T) {
	for _, tc := range []struct {
		mode os.FileMode
		uid  int
		set  []step.Change
		want string
	}{
		{0o666, 0, []step.Change{set("mode", "0666", "0644")}, "0644 0:0"},
		{0o4755, 0, []step.Change{set("mode", "4755", "0755")}, "0755 0:0"},
		{0o640, 1000, []step.Change{set("uid", "1000", "0")}, "0640 0:0"},
		{0o6777, 1000, []step.Change{set("uid", "1000", "0"), set("mode", "6777", "0744")}, "0744 0:0"},
		{0o600, 0, []step.Change{set("gid", "0", "998")}, "0600 0:998"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			b := newFileBed(t, 0o600)
			if err := os.Chown(b.path, tc.uid, 0); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Chmod(b.path, uint32(tc.mode)); err != nil {
				t.Fatal(err)
			}
			s, before := b.step(tc.set...), b.now()
			world := &snapshot.Snapshot{Files: []snapshot.File{{Scope: s.Target.Scope, Path: b.path, State: snapshot.Observed, Mode: uint32(tc.mode), UID: int64(tc.uid)}}}
			overlay := snapshot.NewOverlay(world)
			if err := s.Simulate(overlay); err != nil {
				t.Fatal(err)
			}
			rep, err := Apply(t.Context(), b.o, []step.Step{s})
			if err != nil {
				t.Fatal(err)
			}
			f := overlay.Snapshot().Files[0]
			if simulated := fmt.Sprintf("%04o %d:%d", f.Mode, f.UID, f.GID); b.now() != tc.want || simulated != tc.want {
				t.Errorf("the file is %s, simulated %s, want %s", b.now(), simulated, tc.want)
			}
			if _, err := Rollback(t.Context(), b.o, rep.ID); err != nil || b.now() != before {
				t.Errorf("after rollback %s, want %s: %v", b.now(), before, err)
			}
		})
	}
}

// TestFileIsTheOneJudged: another file under the name, a link on the way, a
// changed mode, a setuid file to be given away: refused, and nothing is touched.
func TestFileIsTheOneJudged(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(b *fileBed) error
		set   step.Change
		want  string
	}{
		"replaced": {func(b *fileBed) error {
			if err := os.Rename(b.path, b.path+".old"); err != nil {
				return err
			}
			return os.WriteFile(b.path, nil, 0o666)
		}, set("mode", "0666", "0644"), "another file"},
		"link": {func(b *fileBed) error {
			if err := os.Rename(b.path, b.path+".old"); err != nil {
				return err
			}
			return os.Symlink(b.path+".old", b.path)
		}, set("mode", "0666", "0644"), "another file"},
		"linked folder": {func(b *fileBed) error {
			dir := filepath.Dir(b.path)
			if err := os.Rename(dir, dir+".old"); err != nil {
				return err
			}
			b.Cleanup(func() { os.RemoveAll(dir + ".old") })
			return os.Symlink(dir+".old", dir)
		}, set("mode", "0666", "0644"), "is gone"},
		"gone":    {func(b *fileBed) error { return os.Remove(b.path) }, set("mode", "0666", "0644"), "is gone"},
		"changed": {func(b *fileBed) error { return os.Chmod(b.path, 0o600) }, set("mode", "0666", "0644"), "it changed since"},
		"setuid":  {func(b *fileBed) error { return syscall.Chmod(b.path, 0o4755) }, set("uid", "0", "1000"), "it is setuid"},
		"no mode": {func(*fileBed) error { return nil }, set("mode", "0666", "99"), "is not one"},
		"field":   {func(*fileBed) error { return nil }, set("acl", "", "x"), "has no"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFileBed(t, 0o666)
			s := b.step(tc.set)
			if err := tc.spoil(b); err != nil {
				t.Fatal(err)
			}
			rep, err := Apply(t.Context(), b.o, []step.Step{s})
			if e := refusal(err); e == nil || !strings.Contains(e.reason(), tc.want) || rep.Journal != "" {
				t.Errorf("Apply: %v, want a refusal with %q", err, tc.want)
			}
		})
	}
}

func TestFileAccessKilled(t *testing.T) {
	var b *fileBed
	killEverywhere(t, func() (Options, step.Step) {
		b = newFileBed(t, 0o666)
		return b.o, b.step(set("mode", "0666", "0600"), set("gid", "0", "998"))
	}, func(point string, e *Entry) {
		want := map[bool]string{true: "0600 0:998", false: "0666 0:0"}[e.InForce()]
		if d := cmp.Diff(want, b.now()); d != "" {
			t.Errorf("%s, phase %s: %s", point, e.Phase, d)
		}
	})
}

// TestHalfAFileChangeIsTakenBack: killed between owner and mode.
func TestHalfAFileChangeIsTakenBack(t *testing.T) {
	b := newFileBed(t, 0o666)
	s := b.step(set("mode", "0666", "0600"), set("gid", "0", "998"))
	killAt(b.o, 1, func(o Options) { _, _ = Apply(t.Context(), o, []step.Step{s}) })
	if err := os.Chown(b.path, 0, 998); err != nil {
		t.Fatal(err)
	}
	out, err := Recover(t.Context(), b.o)
	if err != nil || len(out) != 1 || out[0].State != StateRolledBack || b.now() != "0666 0:0" {
		t.Errorf("Recover = %+v, %v; the file is %s", out, err, b.now())
	}
}
