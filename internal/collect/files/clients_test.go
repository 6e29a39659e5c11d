package files

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

const (
	prodContext  = "contexts/meta/1111111111111111111111111111111111111111111111111111111111111111/meta.json"
	brokeContext = "contexts/meta/2222222222222222222222222222222222222222222222222222222222222222/meta.json"
)

const clientFiles = `
-- home/.docker/config.json --
{
  "auths": {
    "registry.example": {"auth": "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk"},
    "https://index.docker.io/v1/": {"identitytoken": "canary-token"}
  },
  "HttpHeaders": {"X-Token": "canary-header"},
  "proxies": {"default": {"httpProxy": "http://u:canary-proxy@proxy:3128"}},
  "credHelpers": {"helped.example": "pass"}
}
-- home/.docker/` + prodContext + ` --
{"Name": "prod",
 "Endpoints": {"docker": {
   "Host": "tcp://canary-name:canary-login@engine.example:2376", "SkipTLSVerify": false}}}
-- home/.docker/contexts/tls/1111111111111111111111111111111111111111111111111111111111111111/docker/ca.pem --
x
-- home/.docker/` + brokeContext + ` --
{"Name": canary
-- app/config.json --
{"port": 80, "comment": "not the Docker command's"}
-- bare/` + prodContext + ` --
{"Name": "bare", "Endpoints": {"docker": {"Host": "ssh://builder"}}}
-- bad/config.json --
{"auths": {
  "x": {"auth": "canary-broken"}, }}
`

func TestClients(t *testing.T) {
	s := collectIn(t, world(t, clientFiles), ".")
	got := make(map[string]*snapshot.Client)
	for i := range s.Clients {
		got[s.Clients[i].User] = &s.Clients[i]
	}
	home, bare, bad := got["home/.docker/config.json"], got["bare/contexts"], got["bad/config.json"]
	if len(got) != 3 || home == nil || bare == nil || bad == nil {
		t.Fatalf("clients %v", sortedKeys(got))
	}
	logins := home.Config.V.Logins
	if len(logins) != 2 || logins[0].Loc.String() != "home/.docker/config.json:4:5" || logins[1].Loc.String() != "home/.docker/config.json:3:5" || logins[1].Secrets[0].Len != 36 {
		t.Errorf("logins %+v", logins)
	}
	if h := home.Config.V.Helpers; len(h) != 1 || h[0].Loc.String() != "home/.docker/config.json:8:19" {
		t.Errorf("helpers %+v", h)
	}
	x := home.Contexts.V
	if len(x) != 2 || !x[0].TLS || x[0].Key || x[0].Endpoint != "tcp://engine.example:2376" || x[0].Loc.String() != "home/.docker/"+prodContext+":3:4" || !x[1].Unread {
		t.Errorf("contexts %+v", x)
	}
	if bare.Config.State != snapshot.Absent || len(bare.Contexts.V) != 1 || bad.Config.Reason != snapshot.ReasonUnparsable {
		t.Errorf("bare %+v, bad %+v", bare, bad)
	}
	notes := ""
	for _, p := range s.Parts {
		notes += p.Detail + "\n"
	}
	for _, want := range []string{"bad/config.json:2:34: is not JSON", "home/.docker/" + brokeContext + ":1:7: is not JSON"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the coverage does not say %q:\n%s", want, notes)
		}
	}
	b, err := json.Marshal(s)
	if err != nil || strings.Contains(string(b), "canary") || strings.Contains(string(b), "Y2FuYXJ5") {
		t.Errorf("a secret entered: %v, %s", err, b)
	}
}

// TestOneFileOfAClient: one file alone says nothing about the others beside it.
func TestOneFileOfAClient(t *testing.T) {
	dir := world(t, clientFiles)
	s := collectIn(t, dir, "home/.docker/config.json")
	if len(s.Scopes) != 1 || len(s.Clients) != 1 || s.Clients[0].Contexts.State != snapshot.Skipped || len(s.Clients[0].Config.V.Logins) != 2 {
		t.Errorf("config.json: %+v", s.Clients)
	}
	s = collectIn(t, dir, "home/.docker/"+prodContext)
	if len(s.Clients) != 1 || s.Clients[0].Config.State != snapshot.Skipped || len(s.Clients[0].Contexts.V) != 1 || !s.Clients[0].Contexts.V[0].TLS ||
		s.Clients[0].Contexts.V[0].Loc.String() != "home/.docker/"+prodContext+":3:4" {
		t.Errorf("meta.json: %+v", s.Clients)
	}
	if _, err := Collect(t.Context(), Options{Path: filepath.Join(dir, "app/config.json"), Taken: taken}); err == nil {
		t.Error("a config.json of something else was taken")
	}
}
