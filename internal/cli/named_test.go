package cli

import (
	"testing"

	"plimsoll/internal/collect/survey"
)

// TestNamedEngine: a printed target is the same engine in another shell.
func TestNamedEngine(t *testing.T) {
	for _, tc := range []struct {
		host string
		args []string
		want string
	}{
		{"", nil, ""},
		{"", []string{""}, "docker"},
		{"tcp://build:2375", []string{""}, "docker:tcp://build:2375"},
		{"unix:///srv/d.sock", []string{""}, "docker:unix:///srv/d.sock"},
		{"tcp://build:2375", []string{"unix:///srv/d.sock"}, "docker:unix:///srv/d.sock"},
		{"", []string{"unix:///a", "unix:///b"}, ""},
	} {
		a := &app{Stdio: Stdio{Env: func(k string) string { return map[string]string{"DOCKER_HOST": tc.host}[k] }, Home: t.TempDir()}}
		var ts []survey.Target
		for _, arg := range tc.args {
			ts = append(ts, survey.Target{Kind: "docker", Arg: arg})
		}
		if got := a.named(ts); got != tc.want {
			t.Errorf("DOCKER_HOST=%s, targets %q: named %q, want %q", tc.host, tc.args, got, tc.want)
		}
	}
}
