package files

import (
	"encoding/json"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestRegistryConfigurations(t *testing.T) {
	s := collectIn(t, world(t, `
-- etc/config.yml --
version: 0.1
storage:
  delete:
    enabled: true
http:
  secret: canary-of-a-secret
  debug: {addr: ":5001"}
-- bad/config.yml --
version: 0.1
storage: [canary
-- app/config.yml --
version: 2
storage: yes
`), ".")
	if len(s.Registries) != 2 || len(s.Scopes) != 3 {
		t.Fatalf("registries %+v", s.Registries)
	}
	bad, good := s.Registries[0], s.Registries[1].Config
	if bad.Config.Reason != snapshot.ReasonUnparsable {
		t.Errorf("bad: %+v", bad)
	}
	places := ""
	for _, f := range good.V.Fields {
		places += f.Field + " " + f.Loc.String() + "; "
	}
	if !good.V.Delete || good.V.Debug != ":5001" || places != "http.debug.addr etc/config.yml:7:17; storage.delete.enabled etc/config.yml:4:14; " {
		t.Errorf("good: %+v, %s", good, places)
	}
	b, err := json.Marshal(s)
	if err != nil || strings.Contains(string(b), "canary") {
		t.Errorf("a secret entered: %v, %s", err, b)
	}
}
