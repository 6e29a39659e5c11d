package harden

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/collect/files"
	"plimsoll/internal/edit"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const shopFiles = `
-- compose.yaml --
# The shop.
services:
  web:
    image: ${IMAGE} # moved often
    restart: always
  db:
    image: db:1
    restart: ${POLICY:-always}
  base: &base
    image: b:1
  twin: *base
  child:
    extends: {service: parent}
  parent:
    image: p:1
    restart: always
-- .env --
A=1
IMAGE=web:1
-- Dockerfile --
FROM a:1
RUN true
`

// shop is a folder of files to harden.
type shop struct {
	*testing.T
	dir string
	o   Options
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{T: t, dir: t.TempDir()}
	for _, f := range txtar.Parse([]byte(shopFiles)).Files {
		if err := os.WriteFile(filepath.Join(s.dir, f.Name), f.Data, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	s.o = Options{State: t.TempDir(), Folder: s.dir, Files: readFiles, Tool: "test"}
	return s
}

func readFiles(ctx context.Context, root string, instead map[string][]byte) (*snapshot.Snapshot, error) {
	return files.Collect(ctx, files.Options{Path: root, Taken: time.Unix(1, 0).UTC(), Instead: instead})
}

func (s *shop) read(name string) string {
	s.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

func (s *shop) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o640); err != nil {
		s.Fatal(err)
	}
}

// edit returns a step for a service, or for the Dockerfile.
func (s *shop) edit(service, field, from, to string) step.Step {
	key := "compose/" + filepath.Base(s.dir) + "/" + service
	on := snapshot.Subject{Kind: snapshot.KindContainer, Scope: "files:elsewhere", Key: key, Name: service}
	if service == "Dockerfile" {
		on = snapshot.Subject{Kind: snapshot.KindFile, Scope: "files:elsewhere", Key: "dockerfile/Dockerfile", Name: service}
	}
	return step.New(step.FileEdit, on, step.Change{Field: field, From: from, To: to})
}

func (s *shop) bound(service string) step.Step {
	return s.edit(service, fieldRestart, "always", "on-failure:5")
}

// TestEditFiles goes the whole way: shown, applied, verified and taken back.
func TestEditFiles(t *testing.T) {
	s := newShop(t)
	was := s.read("compose.yaml")
	const pinned = "a:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	steps := []step.Step{s.bound("web"), s.edit("web", fieldMemory, "0", "67108864"), s.bound("parent"), s.edit("Dockerfile", "FROM of stage 0", "a:1", pinned)}
	verdicts, diffs, err := PreviewFiles(t.Context(), s.o, steps[:2])
	if err != nil || len(diffs) != 1 || slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.Refused != "" }) {
		t.Fatalf("PreviewFiles = %+v, %v, %v", verdicts, diffs, err)
	}
	s.o.Shown = map[string]string{"compose.yaml": diffs[0].Digest()}
	rep, err := Apply(t.Context(), s.o, steps)
	if !errors.Is(err, ErrPrecondition) || len(rep.Steps) != 3 {
		t.Fatalf("Apply = %+v, %v; want the one on parent, which child extends, refused", rep, err)
	}
	want := strings.Replace(was, "    restart: always\n  db", "    restart: on-failure:5\n    mem_limit: 64m\n  db", 1)
	if got := s.read("compose.yaml"); got != want {
		t.Errorf("compose.yaml is\n%s", got)
	}
	if got := s.read("Dockerfile"); got != "FROM "+pinned+"\nRUN true\n" {
		t.Errorf("Dockerfile is\n%s", got)
	}
	if fi, err := os.Stat(filepath.Join(s.dir, "compose.yaml")); err != nil || fi.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", fi.Mode(), err)
	}
	checks, err := Verify(t.Context(), s.o, rep.ID)
	if err != nil || len(checks) != 3 || slices.ContainsFunc(checks, func(c Check) bool { return !c.Holds }) {
		t.Errorf("Verify = %+v, %v", checks, err)
	}
	back, err := Rollback(t.Context(), s.o, rep.ID)
	if err != nil || back.Steps[0].State != StateUndone || back.Steps[0].Undo != step.UndoExact {
		t.Fatalf("Rollback = %+v, %v", back, err)
	}
	if got := s.read("compose.yaml"); got != was {
		t.Errorf("compose.yaml is, after rollback,\n%s", got)
	}
	s.clean(0)
}

// TestEditOfEachField previews an edit of every property that compose files are
// edited for: reading the edited file gives what the simulation says.
func TestEditOfEachField(t *testing.T) {
	s := newShop(t)
	s.write("compose.yaml", `services:
  web:
    image: a:1
    privileged: true
    restart: always
    cap_add: [NET_ADMIN]
    pid: host
    ipc: host
    uts: host
    cgroup_parent: shop.slice
    oom_kill_disable: true
    oom_score_adj: -500
    group_add:
      - disk # why?
      - "20"
    device_cgroup_rules: ["c *:* m"]
    devices: ["/dev/sda:/dev/sda", /dev/fuse]
    sysctls:
      kernel.msgmax: 65536
  made:
    build:
      dockerfile_inline: |
        FROM a:1
        USER 5
`)
	const pinned = "a:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	var fields []string
	for _, c := range []step.Change{
		set(fieldMemory, "0", "67108864"), set(fieldSwap, "0", "67108864"), set(fieldPids, "-1", "100"), set(fieldShares, "0", "512"),
		set(fieldRestart, "always", "on-failure:5"), set(fieldReadonly, "false", "true"), set("HostConfig.Privileged", "true", "false"),
		set("HostConfig.CapDrop", "", "NET_RAW"), set(fieldNoNew, "", "true"), set(fieldImage, "a:1", pinned),
		set("HostConfig.PidMode", "host", ""), set("HostConfig.IpcMode", "host", "private"), set("HostConfig.UTSMode", "host", ""),
		set("HostConfig.CgroupParent", "shop.slice", ""), set("HostConfig.OomKillDisable", "true", "false"), set("HostConfig.OomScoreAdj", "-500", "0"),
		set("HostConfig.CapAdd[NET_ADMIN]", "true", "false"), set("HostConfig.GroupAdd[disk]", "true", "false"),
		set("HostConfig.DeviceCgroupRules[c *:* m]", "true", "false"), set("HostConfig.Sysctls[kernel.msgmax]", "65536", ""),
		set("HostConfig.Devices[/dev/sda]", "/dev/sda rwm", ""),
	} {
		of, _ := snapshot.SplitField(c.Field)
		fields = append(fields, of)
		v, err := Preview(t.Context(), s.o, []step.Step{s.edit("web", c.Field, c.From, c.To)})
		if err != nil || v[0].Refused != "" {
			t.Errorf("%s: %+v, %v", c.Field, v, err)
		}
	}
	slices.Sort(fields)
	if d := cmp.Diff(edit.ServiceFields(), fields); d != "" {
		t.Errorf("tried (-editable +tried):\n%s", d)
	}
}

// TestEditOfEachRecipeField does the same for Dockerfiles.
func TestEditOfEachRecipeField(t *testing.T) {
	s := newShop(t)
	s.write("Dockerfile", "# syntax=docker/dockerfile:1\nFROM a:1 AS b\nFROM b\nRUN apt-get update && \\\n    apt-get install --allow-unauthenticated x && curl -k y\n")
	const pin = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	want := "# syntax=docker/dockerfile:1" + pin + "\nFROM a:1" + pin + " AS b\nFROM b\nRUN apt-get update && \\\n    apt-get install x && curl y\n"
	st := s.edit("Dockerfile", snapshot.SyntaxField, "docker/dockerfile:1", "docker/dockerfile:1"+pin)
	st.Set = append(st.Set,
		set(snapshot.StageBase+"0", "a:1", "a:1"+pin),
		set(snapshot.RunField(1, 0), "apt-get --allow-unauthenticated, curl -k", ""))
	st = step.New(st.Kind, snapshot.Subject{Kind: st.Target.Kind, Scope: st.Target.Scope, Key: st.Target.Key, Name: st.Target.Name}, st.Set...)
	rep, err := Apply(t.Context(), s.o, []step.Step{st})
	if got := s.read("Dockerfile"); err != nil || got != want {
		t.Errorf("Apply: %v, the file is\n%s", err, got)
	}
	checks, err := Verify(t.Context(), s.o, rep.ID)
	if err != nil || len(checks) != 3 || slices.ContainsFunc(checks, func(c Check) bool { return !c.Holds }) {
		t.Errorf("Verify = %+v, %v", checks, err)
	}
}

// TestEditOfARegistryConfiguration goes the way through the file that a registry
// reads at its start: lines, comments and what stands beside stay.
func TestEditOfARegistryConfiguration(t *testing.T) {
	s := newShop(t)
	const was = "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /r} # here\n  delete:\n    enabled: true # for the collector\nhttp:\n  addr: :5000\n  debug:\n    addr: :5001\n"
	s.write("config.yml", was)
	st := step.New(step.FileEdit, snapshot.Subject{Kind: snapshot.KindRegistry, Scope: "files:elsewhere", Key: "file/config.yml", Name: "config.yml"},
		set("storage.delete.enabled", "true", "false"), set("http.debug.addr", ":5001", "127.0.0.1:5001"))
	if len(st.Set) != len(snapshot.RegistryFields) {
		t.Errorf("%d of %d fields are tried", len(st.Set), len(snapshot.RegistryFields))
	}
	rep, err := Apply(t.Context(), s.o, []step.Step{st})
	want := strings.Replace(strings.Replace(was, "enabled: true", "enabled: false", 1), "addr: :5001", "addr: \"127.0.0.1:5001\"", 1)
	if got := s.read("config.yml"); err != nil || got != want {
		t.Fatalf("Apply: %v, the file is\n%s", err, got)
	}
	checks, err := Verify(t.Context(), s.o, rep.ID)
	if err != nil || len(checks) != 2 || !checks[0].Holds || !checks[1].Holds {
		t.Errorf("Verify = %+v, %v", checks, err)
	}
	if _, err := Rollback(t.Context(), s.o, rep.ID); err != nil || s.read("config.yml") != was {
		t.Errorf("Rollback: %v, the file is\n%s", err, s.read("config.yml"))
	}
	st.Target.Key = "file/other.yml"
	if _, err := Apply(t.Context(), s.o, []step.Step{st}); !errors.Is(err, ErrPrecondition) {
		t.Errorf("a step for another file: %v", err)
	}
}

// clean says that nothing is left but the files, and so many before-images.
func (s *shop) clean(kept int) {
	s.Helper()
	left, err := filepath.Glob(filepath.Join(s.dir, ".plimsoll*"))
	if err != nil || len(left) > 0 {
		s.Errorf("left beside the files: %v, %v", left, err)
	}
	if got := images(s.T, s.o.State); len(got) != kept {
		s.Errorf("before-images: %v, want %d", got, kept)
	}
}

func TestEditRefuses(t *testing.T) {
	const image = "x:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for _, tt := range []struct {
		name    string
		prepare func(*shop)
		step    func(*shop) step.Step
		want    string
	}{
		{
			"changed since planned", func(s *shop) {
				s.write("compose.yaml", strings.Replace(s.read("compose.yaml"), "restart: always", "restart: no", 1))
			},
			func(s *shop) step.Step { return s.bound("web") }, "changed since the step was made",
		},
		{
			"changed since shown", func(s *shop) { s.o.Shown = map[string]string{"compose.yaml": digest(nil)} },
			func(s *shop) step.Step { return s.bound("web") }, "compose.yaml changed since its changes were shown",
		},
		{
			"a variable of an env file", nil, func(s *shop) step.Step { return s.edit("web", fieldImage, "web:1", image) },
			"compose.yaml:4: image is set by the variable IMAGE; change that, or write the value here by hand (it has its value in .env:2)",
		},
		{"shared by an alias", nil, func(s *shop) step.Step { return s.edit("twin", fieldReadonly, "false", "true") }, "compose.yaml:11: an edit here would change more"},
		{"shared by an anchor", nil, func(s *shop) step.Step { return s.edit("base", fieldReadonly, "false", "true") }, "compose.yaml:11: an edit here would change more"},
		{"extended by another", nil, func(s *shop) step.Step { return s.bound("parent") }, "would change or leave otherwise than meant: compose/"},
		{"gone", nil, func(s *shop) step.Step { return s.bound("nobody") }, "its file no longer defines it"},
		{"a symbolic link", func(s *shop) {
			if err := errors.Join(os.Rename(filepath.Join(s.dir, "compose.yaml"), filepath.Join(s.dir, "real")), os.Symlink("real", filepath.Join(s.dir, "compose.yaml"))); err != nil {
				s.Fatal(err)
			}
		}, func(s *shop) step.Step { return s.bound("web") }, "symbolic link"},
		{"a hard link", func(s *shop) {
			if err := os.Link(filepath.Join(s.dir, "compose.yaml"), filepath.Join(s.dir, "twin")); err != nil {
				s.Fatal(err)
			}
		}, func(s *shop) step.Step { return s.bound("web") }, "compose.yaml has several names"},
		{"a container", nil, func(*shop) step.Step { return memoryStep("id") }, "this run edits files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			if tt.prepare != nil {
				tt.prepare(s)
			}
			was := s.read("compose.yaml")
			rep, err := Apply(t.Context(), s.o, []step.Step{tt.step(s)})
			if !errors.Is(err, ErrPrecondition) || len(rep.Steps) != 1 || !strings.Contains(rep.Steps[0].Why, tt.want) {
				t.Errorf("Apply = %+v, %v; want %q", rep.Steps, err, tt.want)
			}
			if s.read("compose.yaml") != was || rep.ID != "" {
				t.Error("something was done")
			}
			s.clean(0)
		})
	}
}

// TestRollbackOverForeignEdit leaves to people what others changed since.
func TestRollbackOverForeignEdit(t *testing.T) {
	s := newShop(t)
	first, err := Apply(t.Context(), s.o, []step.Step{s.bound("web")})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Apply(t.Context(), s.o, []step.Step{s.edit("web", fieldReadonly, "false", "true")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rollback(t.Context(), s.o, first.ID); !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), "run "+second.ID+" edited") {
		t.Errorf("Rollback of the first = %v", err)
	}
	s.write("compose.yaml", s.read("compose.yaml")+"# mine\n")
	_, err = Rollback(t.Context(), s.o, second.ID)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Why, "nothing is taken back over someone else's change") || len(e.Hand) != 1 {
		t.Errorf("Rollback of the second = %v", err)
	}
	if !strings.HasSuffix(s.read("compose.yaml"), "read_only: true\n  db:\n    image: db:1\n    restart: ${POLICY:-always}\n  base: &base\n    image: b:1\n  twin: *base\n  child:\n    extends: {service: parent}\n  parent:\n    image: p:1\n    restart: always\n# mine\n") {
		t.Errorf("compose.yaml is\n%s", s.read("compose.yaml"))
	}
}

// TestKillWhileEditing ends runs at every point as kill -9 would: afterwards a
// file is as before or as planned, whole, and the journal knows which.
func TestKillWhileEditing(t *testing.T) {
	var s *shop
	var was string
	killEverywhere(t, func() (Options, step.Step) {
		s = newShop(t)
		was = s.read("compose.yaml")
		return s.o, s.bound("web")
	}, func(point string, e *Entry) {
		want, kept := was, 0
		if e.InForce() {
			want, kept = strings.Replace(was, "restart: always", "restart: on-failure:5", 1), 1
		}
		if now := s.read("compose.yaml"); now != want {
			t.Errorf("%s, phase %s: the file is\n%s", point, e.Phase, now)
		}
		s.clean(kept)
	})
}

// TestHalfWritten recovers a run that was killed while the file beside was
// written.
func TestHalfWritten(t *testing.T) {
	s := newShop(t)
	was := s.read("compose.yaml")
	st := s.bound("web")
	killAt(s.o, 2, func(o Options) { Apply(t.Context(), o, []step.Step{st}) })
	s.write(temporary("compose.yaml", st.ID), "services: {we")
	out, err := Recover(t.Context(), s.o)
	if err != nil || len(out) != 1 || out[0].State != StateUnchanged || s.read("compose.yaml") != was {
		t.Errorf("Recover = %+v, %v", out, err)
	}
	s.clean(0)
}

// TestForeignEditMeanwhile stops for a person when somebody else changed the file
// of a run that was killed.
func TestForeignEditMeanwhile(t *testing.T) {
	s := newShop(t)
	killAt(s.o, 3, func(o Options) { Apply(t.Context(), o, []step.Step{s.bound("web")}) })
	s.write("compose.yaml", "services: {}\n")
	if _, err := Recover(t.Context(), s.o); !errors.Is(err, ErrRollbackIncomplete) || !strings.Contains(err.Error(), "somebody else changed it") {
		t.Errorf("Recover = %v", err)
	}
	if s.read("compose.yaml") != "services: {}\n" {
		t.Error("their change is gone")
	}
}
