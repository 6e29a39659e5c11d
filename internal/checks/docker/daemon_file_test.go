package docker

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// ofFile is the snapshot of one daemon.json. Settings are KEY=VALUE, in the order
// of their lines; a list has several of one key.
func ofFile(settings ...string) *snapshot.Snapshot {
	const scope = "files:daemon.json"
	cfg := snapshot.DaemonConfig{File: "daemon.json", FileSeen: snapshot.Observed}
	for i, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		at := slices.IndexFunc(cfg.Settings, func(s snapshot.Setting) bool { return s.Key == k })
		if at < 0 {
			at = len(cfg.Settings)
			cfg.Settings = append(cfg.Settings, snapshot.Setting{Key: k, Origin: "file", Loc: &snapshot.Location{File: "daemon.json", Line: i + 2, Column: 3}})
		}
		cfg.Settings[at].Values = append(cfg.Settings[at].Values, v)
	}
	slices.SortFunc(cfg.Settings, func(a, b snapshot.Setting) int { return strings.Compare(a.Key, b.Key) })
	return &snapshot.Snapshot{
		Scopes:  []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeFiles, Name: "daemon.json"}},
		Parts:   []snapshot.PartStatus{{Scope: scope, Part: snapshot.PartEngineConfig, State: snapshot.Observed}},
		Engines: []snapshot.Engine{{Scope: scope, Config: snapshot.Seen(cfg, "daemon.json")}},
	}
}

func judgeFile(t *testing.T, id string, s *snapshot.Snapshot) check.Finding {
	t.Helper()
	i := slices.IndexFunc(Suite, func(c *check.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("there is no check %s", id)
	}
	found := check.RunOne(Suite[i], check.Inputs{Index: snapshot.NewIndex(s), Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	if len(found) != 1 {
		t.Fatalf("%s has %d findings", id, len(found))
	}
	return found[0]
}

// TestDaemonFile: the checks of an engine judge a daemon.json by itself; what it
// sets is shown at its line, what it does not set is said to be the default.
func TestDaemonFile(t *testing.T) {
	for _, tc := range []struct{ id, pass, fail, unset string }{
		{"daemon-log-level-info", "log-level=info", "debug=true", "pass"},
		{"daemon-manages-firewall", "iptables=true", "iptables=false", "pass"},
		{"daemon-no-insecure-registries", "insecure-registries=127.0.0.0/8", "insecure-registries=r.example:5000", "pass"},
		{"daemon-not-aufs", "storage-driver=overlay2", "storage-driver=vfs", "unknown"},
		{"daemon-tcp-requires-mutual-tls", "hosts=unix:///run/docker.sock", "hosts=tcp://0.0.0.0:2375", "unknown"},
		{"daemon-default-ulimits", "default-ulimits=nofile=1024:4096", "default-ulimits=nofile=-1:-1", "unknown"},
		{"daemon-userns-remap", "userns-remap=default", "userns-remap=", "fail"},
		{"daemon-cgroup-parent-default", "cgroup-parent=", "cgroup-parent=/other", "pass"},
		{"daemon-dm-basesize", "storage-opts=dm.fs=xfs", "storage-opts=dm.basesize=20G", "pass"},
		{"daemon-authorization-plugin", "authorization-plugins=opa", "authorization-plugins=", "fail"},
		{"daemon-remote-logging", "log-driver=awslogs", "log-driver=json-file", "fail"},
		{"daemon-live-restore", "live-restore=true", "live-restore=false", "fail"},
		{"daemon-userland-proxy-disabled", "userland-proxy=false", "userland-proxy=true", "fail"},
		{"daemon-seccomp-default-profile", "seccomp-profile=builtin", "seccomp-profile=unconfined", "pass"},
		{"daemon-not-experimental", "experimental=false", "experimental=true", "pass"},
		{"daemon-no-new-privileges", "no-new-privileges=true", "no-new-privileges=false", "fail"},
		{"daemon-log-rotation", "log-opts=max-size=10m", "log-opts=max-size=-1", "fail"},
		{"daemon-metrics-exposed", "metrics-addr=127.0.0.1:9323", "metrics-addr=0.0.0.0:9323", "pass"},
		{"daemon-registry-mirror-tls", "registry-mirrors=https://m.example", "registry-mirrors=http://m.example", "pass"},
		{"daemon-alt-runtimes-reviewed", "", "runtimes=odd=/usr/bin/odd", "pass"},
		{"daemon-proxy-credentials", "", "", "pass"},
		{"registry-mirror-configured", "registry-mirrors=https://m.example", "debug=true", "fail"},
		{"daemon-json-cli-conflict-free", "debug=true", "", "pass"},
	} {
		for _, each := range []struct{ setting, want string }{{tc.pass, "pass"}, {tc.fail, "fail"}, {"", tc.unset}} {
			var s *snapshot.Snapshot
			if s = ofFile(); each.setting != "" {
				s = ofFile(each.setting)
			} else if each.want != tc.unset {
				continue
			}
			f := judgeFile(t, tc.id, s)
			if f.Status.String() != each.want || f.Status == check.Unknown && f.Reason != snapshot.ReasonStatic {
				t.Errorf("%s with %q: %v(%v) %s, want %s", tc.id, each.setting, f.Status, f.Reason, f.Message, each.want)
			}
			placed := slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool { return e.Loc != nil && e.Loc.String() == "daemon.json:2:3" })
			if each.want == "fail" && each.setting != "" && !strings.HasSuffix(each.setting, "=") && tc.id != "registry-mirror-configured" && !placed {
				t.Errorf("%s with %q: the evidence is not placed: %+v", tc.id, each.setting, f.Evidence)
			}
			for _, e := range f.Evidence {
				if strings.Contains(e.Source, "GET ") {
					t.Errorf("%s: nobody asked an engine, and yet: %s", tc.id, e.Source)
				}
			}
		}
	}
	if f := judgeFile(t, "daemon-tcp-requires-mutual-tls", ofFile("hosts=tcp://:2376", "tlsverify=true")); f.Status != check.Pass {
		t.Errorf("TLS with client certificates: %v", f.Status)
	}
	if f := judgeFile(t, "userns-remap-blocks-containerd-store", ofFile("userns-remap=default", "features=containerd-snapshotter=true")); f.Status != check.Fail {
		t.Errorf("both: %v", f.Status)
	}
}

// TestDaemonFileForms: every check that says so judges a file, and no other does.
func TestDaemonFileForms(t *testing.T) {
	broken := ofFile()
	broken.Engines[0].Config.State, broken.Engines[0].Config.Reason = snapshot.Failed, snapshot.ReasonUnparsable
	broken.Engines[0].Config.V.Broken = &snapshot.Location{File: "daemon.json", Line: 4, Column: 1}
	for _, c := range Suite {
		if c.Subject != snapshot.KindEngine {
			continue
		}
		f := judgeFile(t, c.ID, ofFile())
		if static := slices.Contains(c.Forms, check.DaemonJSON); !static && (f.Status != check.Unknown || f.Reason != snapshot.ReasonStatic) {
			t.Errorf("%s judges a file and does not say so: %v", c.ID, f.Status)
		}
		if f = judgeFile(t, c.ID, broken); f.Status == check.Pass || f.Status == check.Fail && c != settingsConflictFree {
			t.Errorf("%s decides on a broken file: %v", c.ID, f.Status)
		}
	}
}
