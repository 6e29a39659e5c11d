package text

import (
	"bytes"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// TestCommandsNameTheirEngine: what is printed to be copied acts on the engine that
// was looked at, not on the one a shell has by default.
func TestCommandsNameTheirEngine(t *testing.T) {
	for _, tc := range []struct {
		name, named, asked string
		want               string // after every printed call of harden; "" is no flag
	}{
		{"the usual socket", "", "unix:///var/run/docker.sock", ""},
		{"named though usual", "docker", "unix:///var/run/docker.sock", "--target docker"},
		{"a socket elsewhere", "docker:unix:///srv/d.sock", "unix:///srv/d.sock", "--target docker:unix:///srv/d.sock"},
		{"a context", "docker:build", "https://build:2376", "--target docker:build"},
		{"saved evidence of a remote engine", "", "tcp://build:2375", "--target docker:tcp://build:2375"},
		{"a shell's characters", "docker:a;b", "tcp://build:2375", "--target 'docker:a;b'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := shop(t, "")
			for i := range s.Scopes {
				if s.Scopes[i].Kind == snapshot.ScopeEngine {
					s.Scopes[i].Target = tc.asked
				}
			}
			r := result(t, s, nil)
			for page, print := range map[string]func(*bytes.Buffer, Options) error{
				"assess": func(b *bytes.Buffer, o Options) error { return Assess(b, r, o) },
				"plan":   func(b *bytes.Buffer, o Options) error { return Plan(b, r, o) },
			} {
				var b bytes.Buffer
				if err := print(&b, Options{Width: 400, Target: tc.named}); err != nil {
					t.Fatal(err)
				}
				calls := 0
				for line := range strings.Lines(b.String()) {
					_, call, ok := strings.Cut(line, "plimsoll harden ")
					if !ok {
						continue
					}
					calls++
					if tc.want == "" && strings.Contains(call, "--target") || !strings.Contains(call, tc.want) {
						t.Errorf("%s prints %q, want %q in it", page, line, tc.want)
					}
				}
				if calls == 0 {
					t.Errorf("%s prints no call of harden", page)
				}
			}
		})
	}
}

// TestSeveralEngines: a run of harden changes one engine, so each has its command.
func TestSeveralEngines(t *testing.T) {
	s := shop(t, "")
	for i := range s.Scopes {
		if s.Scopes[i].Kind == snapshot.ScopeEngine {
			s.Scopes[i].Target = "unix:///var/run/docker.sock"
		}
	}
	r := result(t, s, nil)
	r.Snapshot.Targets = append(r.Snapshot.Targets, snapshot.Scope{ID: "engine:idle", Kind: snapshot.ScopeEngine, Target: "unix:///run/user/1/docker.sock"})
	var b bytes.Buffer
	if err := Plan(&b, r, Options{Width: 400}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "--target docker:unix:///var/run/docker.sock") || strings.Contains(got, "/run/user/1/") {
		t.Errorf("the commands do not name the engine that the steps are for:\n%s", got)
	}
}
