package harden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/collect/host"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

// canary is a secret of the configuration that no output may hold.
const canary = "canary-proxy-password"

// privateConfig is a configuration with a manner of its own and a secret.
const privateConfig = "{\n\t\"labels\": [\"a=b\",   \"proxy=http://u:" + canary + "@proxy:1\"],\n\n\t\"insecure-registries\":[ \"r.example:5000\", \"127.0.0.1:5000\" ]\n}\n"

// privateBed is an engine of the test's own with a configuration file.
type privateBed struct {
	*testing.T
	bed    *testbed.Bed
	eng    *dockerapi.Client
	config string
	on     snapshot.Subject
	unread bool   // whether the engine collected last may not run with its file
	state  string // of the options handed out last
}

func newPrivateBed(t *testing.T, content string) *privateBed {
	t.Helper()
	testbed.Mutable(t)
	config := filepath.Join(t.TempDir(), "daemon.json")
	if err := os.WriteFile(config, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	b := &privateBed{T: t, bed: testbed.Private(t, "--config-file", config), config: config}
	var err error
	if b.eng, err = dockerapi.Connect(t.Context(), dockerapi.SocketEndpoint(strings.TrimPrefix(b.bed.Address(), "unix://"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.eng.Close)
	info, err := newRunner(Options{Engine: b.eng}).info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.on = snapshot.Subject{Kind: snapshot.KindEngine, Scope: "engine:" + info.ID, Key: "engine", Name: "private"}
	return b
}

func thisMachine() Machine { return host.Open("") }

func (b *privateBed) options() Options {
	b.state = b.TempDir()
	return Options{Engine: b.eng, State: b.state, Tool: "plimsoll test", Machine: thisMachine}
}

// collect returns the engine and its default network as evidence has them.
func (b *privateBed) collect() *snapshot.Snapshot {
	b.Helper()
	local := host.Open("")
	local.Loaded(Loaded(b.state))
	scope, h, _ := local.Collect(b.Context(), b.eng.Endpoint().Socket)
	s := docker.Collect(b.Context(), docker.Options{
		Client: b.eng, Local: local, HostScope: scope.ID, Machine: docker.Machine{Name: h.Name, Kernel: h.Kernel},
	})
	for i := range s.Engines {
		e := &s.Engines[i]
		b.unread = e.Unread()
		e.Config.V.Loaded = false
		e.Config.V.Modified, e.Process.V.Started, e.Process.V.PID, e.Process.Source = time.Time{}, time.Time{}, 0, ""
		e.Config.Source, e.Verifier.Source = "", ""
	}
	return s
}

// age waits until a file that is written differs in time from the engine's start.
func (b *privateBed) age() { time.Sleep(3 * time.Second) }

func (b *privateBed) content() string {
	b.Helper()
	got, err := os.ReadFile(b.config)
	if err != nil {
		b.Fatal(err)
	}
	return string(got)
}

var reloadSteps = [][]step.Change{
	{set("live-restore", "", "true")},
	{set("debug", "", "true")},
	{set("insecure-registries", `["r.example:5000","127.0.0.1:5000"]`, `["127.0.0.1:5000"]`)},
}

// TestReloadAsSimulated: what is collected after a reload is what was simulated,
// what others wrote in the file stays byte for byte, and the way back is exact.
func TestReloadAsSimulated(t *testing.T) {
	b := newPrivateBed(t, privateConfig)
	b.age()
	o := b.options()
	for _, set := range reloadSteps {
		t.Run(set[0].Field, func(t *testing.T) {
			before := b.collect()
			s := step.New(step.DaemonReload, b.on, set...)
			overlay := snapshot.NewOverlay(before)
			if err := s.Simulate(overlay); err != nil {
				t.Fatal(err)
			}
			rep, err := Apply(t.Context(), o, []step.Step{s})
			if err != nil {
				t.Fatalf("%v, %+v", err, rep)
			}
			want := overlay.Snapshot()
			if d := cmp.Diff(want.Engines, b.collect().Engines); d != "" {
				t.Errorf("applied (-simulated +collected):\n%s", d)
			}
			if b.unread {
				t.Error("a reload casts doubt on the keys that it did not touch")
			}
			if got := b.content(); !strings.Contains(got, "\"a=b\",   \"proxy=http://u:"+canary+"@proxy:1\"],\n\n\t") {
				t.Errorf("the file's manner was lost:\n%s", got)
			}
			checks, err := Verify(t.Context(), o, rep.ID)
			if err != nil || len(checks) != 1 || !checks[0].Holds {
				t.Errorf("Verify = %+v, %v", checks, err)
			}
			noCanary(t, o.State, fmt.Sprint(rep, checks)+Diff([]step.Step{s}, nil))
			back, err := Rollback(t.Context(), o, rep.ID)
			if err != nil || back.Steps[0].Undo != step.UndoExact || back.Steps[0].Why != "" {
				t.Fatalf("Rollback = %+v, %v", back, err)
			}
			if got := b.content(); got != privateConfig {
				t.Errorf("the file after rollback:\n%s", got)
			}
			if d := cmp.Diff(before.Engines, b.collect().Engines); d != "" {
				t.Errorf("rolled back (-before +collected):\n%s", d)
			}
			if b.unread {
				t.Error("the way back casts doubt on the keys that it did not touch")
			}
			if left := images(t, o.State); len(left) > 0 {
				t.Errorf("images are left: %v", left)
			}
		})
	}
}

// noCanary looks for the secret in journal lines and in what was said.
func noCanary(t *testing.T, state, said string) {
	t.Helper()
	lines, err := filepath.Glob(filepath.Join(state, "journal", "*.jsonl"))
	if err != nil || len(lines) == 0 {
		t.Fatal("no journal", err)
	}
	for _, f := range lines {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		said += string(b)
	}
	if strings.Contains(said, canary) {
		t.Error("the configuration's secret is told")
	}
}

// TestRealReloadKilled kills harden at every point of a reload and of its
// rollback: afterwards file and engine agree with the journal.
func TestRealReloadKilled(t *testing.T) {
	b := newPrivateBed(t, privateConfig)
	var o Options
	killEverywhere(t, func() (Options, step.Step) {
		o = b.options()
		return o, step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))
	}, func(point string, e *Entry) {
		info, err := newRunner(o).daemonInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		forced := e.InForce()
		if info.LiveRestoreEnabled != forced || strings.Contains(b.content(), "live-restore") != forced {
			t.Errorf("%s: in force %t, running %t, file:\n%s", point, forced, info.LiveRestoreEnabled, b.content())
		}
		if forced {
			if _, err := Rollback(t.Context(), o, "latest"); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.content(); got != privateConfig {
			t.Fatalf("%s: the file is\n%s", point, got)
		}
	})
}

// TestRestartIsWrittenAndPending: without systemd the file is written, said to
// be pending, and in force after a restart of the engine.
func TestRestartIsWrittenAndPending(t *testing.T) {
	b := newPrivateBed(t, privateConfig)
	b.age()
	s := step.New(step.DaemonRestart, b.on,
		set("no-new-privileges", "", "true"), set("userland-proxy", "", "false"), set("log-level", "", `"info"`),
		set("experimental", "", "false"), set("metrics-addr", "", `"127.0.0.1:9323"`), set("log-opts.max-size", "", `"10m"`),
		set("log-opts.max-file", "", `"3"`), set("default-ulimits.nofile", "", snapshot.UlimitSetting("nofile", "1024", "65536")))
	before := b.collect()
	overlay := snapshot.NewOverlay(before)
	if err := s.Simulate(overlay); err != nil {
		t.Fatal(err)
	}
	o := b.options()
	v, err := Preview(t.Context(), o, []step.Step{s})
	if err != nil || v[0].Refused != "" || len(v[0].Warnings) != 1 {
		t.Fatalf("Preview = %+v, %v", v, err)
	}
	rep, err := Apply(t.Context(), o, []step.Step{s})
	if err != nil || !strings.Contains(rep.Steps[0].Why, "after a restart") {
		t.Fatalf("Apply = %+v, %v", rep, err)
	}
	checks, err := Verify(t.Context(), o, rep.ID)
	if err != nil || checks[0].Holds || !strings.Contains(checks[0].Why, "after a restart") {
		t.Fatalf("Verify = %+v, %v", checks, err)
	}
	if b.collect(); !b.unread {
		t.Error("a file that the engine did not read counts as what runs")
	}
	b.bed.Restart()
	if checks, err = Verify(t.Context(), o, rep.ID); err != nil || !checks[0].Holds {
		t.Fatalf("after a restart, Verify = %+v, %v", checks, err)
	}
	if d := cmp.Diff(overlay.Snapshot().Engines, b.collect().Engines); d != "" {
		t.Errorf("applied (-simulated +collected):\n%s", d)
	}
	back, err := Rollback(t.Context(), o, rep.ID)
	if err != nil || !strings.Contains(back.Steps[0].Why, "next start") || b.content() != privateConfig {
		t.Errorf("Rollback = %+v, %v, file:\n%s", back, err, b.content())
	}
	noCanary(t, o.State, fmt.Sprint(rep, checks, back))
}

// TestDaemonRefusals: what the engine would not take is refused and the file
// stays.
func TestDaemonRefusals(t *testing.T) {
	b := newPrivateBed(t, privateConfig)
	for _, tc := range []struct {
		name, content, want string
		s                   step.Step
	}{
		{"another value", privateConfig, "it changed since", step.New(step.DaemonReload, b.on, set("live-restore", "false", "true"))},
		{"not a value", privateConfig, "is not one of", step.New(step.DaemonReload, b.on, set("live-restore", "", "maybe"))},
		{"start only", privateConfig, "at its start only", step.New(step.DaemonReload, b.on, set("icc", "", "false"))},
		{"no setting", privateConfig, "not one that this version changes", step.New(step.DaemonRestart, b.on, set("data-root", "", `"/x"`))},
		{"unknown key", "{\"what\": 1}", "does not know what", step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))},
		{"on the command line", "{\"bridge\": \"x\"}", "on its command line too", step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))},
		{"broken", "{\"debug\": ", "not readable, or is not one", step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))},
		{"no filter", "{\"iptables\": false}", "on its command line too", step.New(step.DaemonRestart, b.on, set("icc", "", "false"))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := os.WriteFile(b.config, []byte(tc.content), 0o640); err != nil {
				t.Fatal(err)
			}
			_, err := Apply(t.Context(), b.options(), []step.Step{tc.s})
			if e := refusal(err); e == nil || !strings.Contains(e.reason(), tc.want) {
				t.Errorf("Apply: %v, want a refusal with %q", err, tc.want)
			}
			if got := b.content(); got != tc.content {
				t.Errorf("the file is now\n%s", got)
			}
		})
	}
	t.Run("link", func(t *testing.T) {
		real := b.config + ".real"
		if err := os.Rename(b.config, real); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(real, []byte(privateConfig), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, b.config); err != nil {
			t.Fatal(err)
		}
		_, err := Apply(t.Context(), b.options(), []step.Step{step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))})
		if e := refusal(err); e == nil || !strings.Contains(e.reason(), "symbolic link") {
			t.Errorf("Apply: %v", err)
		}
	})
}

// TestRollbackKeepsForeignEdits takes the key back out of a file that others
// edited since, and nothing else.
func TestRollbackKeepsForeignEdits(t *testing.T) {
	b := newPrivateBed(t, privateConfig)
	o := b.options()
	rep, err := Apply(t.Context(), o, []step.Step{step.New(step.DaemonReload, b.on, set("live-restore", "", "true"))})
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(b.content(), "a=b", "c=d", 1)
	if err := os.WriteFile(b.config, []byte(edited), 0o640); err != nil {
		t.Fatal(err)
	}
	back, err := Rollback(t.Context(), o, rep.ID)
	if err != nil || !strings.Contains(back.Steps[0].Why, "edited since") {
		t.Fatalf("Rollback = %+v, %v", back, err)
	}
	if got, want := b.content(), strings.Replace(privateConfig, "a=b", "c=d", 1); got != want {
		t.Errorf("the file is\n%s", got)
	}
	fi, err := os.Stat(b.config)
	if err != nil || fi.Mode().Perm() != 0o640 || fi.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}
