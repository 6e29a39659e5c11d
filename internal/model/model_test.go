package model_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/checktest"
	"plimsoll/internal/golden"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

func build(t *testing.T, tweak string) *model.Model {
	t.Helper()
	s, _, err := checktest.Tweak([]byte(tweak))
	if err != nil {
		t.Fatal(err)
	}
	return model.Build(snapshot.NewIndex(s))
}

func TestModelOfTheMinimalHost(t *testing.T) {
	b, err := json.MarshalIndent(build(t, `{}`), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/minimal.golden", append(b, '\n'))
}

// TestHowAnEngineWasAsked: an engine whose listeners were not seen is drawn as it
// was called.
func TestHowAnEngineWasAsked(t *testing.T) {
	for target, want := range map[string]string{
		"unix:///var/run/docker.sock": "socket file-permissions", "tcp://10.0.0.1:2375": "tcp 2375 none",
		"https://10.0.0.1:2376": "tcp 2376 unknown", "ssh://ops@build": "ssh credentials",
	} {
		s := checktest.Minimal()
		s.Listeners = nil
		for i := range s.Scopes {
			if s.Scopes[i].Kind == snapshot.ScopeEngine {
				s.Scopes[i].Target = target
			}
		}
		for _, f := range model.Build(snapshot.NewIndex(s)).Flows {
			if f.From == "cli" && f.To == "dockerd" && f.Label+" "+f.Auth != want {
				t.Errorf("%s is drawn as %s %s, want %s", target, f.Label, f.Auth, want)
			}
		}
	}
}

// TestExposedFlows: a flow that crosses a boundary and asks for no identity is
// marked, and no other is.
func TestExposedFlows(t *testing.T) {
	for name, c := range map[string]struct {
		tweak   string
		exposed []string // labels
	}{
		"well run":      {`{}`, nil},
		"open tcp":      {`{"snapshot": {"listeners": [{"scope": "engine:7S6Z", "network": "tcp", "address": "0.0.0.0", "port": 2375, "api": "open"}]}}`, []string{"tcp 2375"}},
		"tls, no proof": {`{"snapshot": {"listeners": [{"scope": "engine:7S6Z", "network": "tcp", "address": "::", "port": 2376, "api": "tls-open"}]}}`, []string{"tcp 2376"}},
		"mutual tls":    {`{"snapshot": {"listeners": [{"scope": "engine:7S6Z", "network": "tcp", "address": "::", "port": 2376, "api": "refused"}]}}`, nil},
		"not probed":    {`{"snapshot": {"listeners": [{"scope": "engine:7S6Z", "network": "tcp", "address": "::", "port": 2376}]}}`, nil},
		"metrics":       {`{"snapshot": {"listeners": [{"scope": "engine:7S6Z", "network": "tcp", "address": "::", "port": 9323, "api": "none"}]}}`, nil},
		"socket mounted": {
			`{"spec": {"mounts": [{"type": "bind", "source": "/run/docker.sock", "destination": "/s", "resolved": "observed", "real": "/run/docker.sock"}]}}`,
			[]string{"docker.sock mounted in: web"},
		},
		"mounted below": {
			`{"spec": {"mounts": [{"type": "bind", "source": "/tmp/sap", "destination": "/s", "resolved": "observed", "real": "/tmp/sap", "shows": ["/run/docker.sock"]}]}}`,
			[]string{"docker.sock mounted in: web"},
		},
		"root mounted":      {`{"spec": {"mounts": [{"type": "bind", "source": "/", "destination": "/host", "resolved": "skipped"}]}}`, []string{"docker.sock mounted in: web"}},
		"beside it":         {`{"spec": {"mounts": [{"type": "bind", "source": "/run/doc", "destination": "/x", "resolved": "skipped"}]}}`, nil},
		"plain registry":    {`{"spec": {"image": "reg.corp:5000/web:1"}, "engine": {"insecureRegistries": ["reg.corp:5000"]}}`, []string{"http allowed"}},
		"loopback registry": {`{"spec": {"image": "127.0.0.1:5000/web:1"}}`, []string{"http allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range build(t, c.tweak).Flows {
				if f.Exposed {
					got = append(got, f.Label)
				}
			}
			if !slices.Equal(got, c.exposed) {
				t.Errorf("exposed %q, want %q", got, c.exposed)
			}
		})
	}
}

func TestPublishedPortsAreCountedOnce(t *testing.T) {
	m := build(t, `{"spec": {"ports": [
		{"proto": "tcp", "containerPort": 80, "hostIP": "0.0.0.0", "hostPort": 8080}, {"proto": "tcp", "containerPort": 80, "hostIP": "::", "hostPort": 8080},
		{"proto": "tcp", "containerPort": 90, "hostIP": "127.0.0.1", "hostPort": 9090}]}}`)
	if !slices.ContainsFunc(m.Flows, func(f model.Flow) bool { return strings.HasSuffix(f.Label, "published ports: 1") }) {
		t.Errorf("flows %+v, want one published port", m.Flows)
	}
}
