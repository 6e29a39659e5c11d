package snapshot

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestScrubSwarm looks for the names and addresses that only a swarm knows.
func TestScrubSwarm(t *testing.T) {
	taken := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := &Snapshot{
		Schema: Schema, Taken: taken, Scopes: []Scope{{ID: "engine:e", Kind: ScopeEngine, Name: "mgr-east", Taken: taken}},
		Engines: []Engine{{Scope: "engine:e", Name: "mgr-east", Swarm: "active", Cluster: Seen(Swarm{
			NodeID: "n1", NodeAddr: "203.0.113.7", ID: "c1",
			Nodes:    []SwarmNode{{ID: "n2", Hostname: "wrk-west", Role: "worker", Addr: "203.0.113.8", ManagerAddr: "203.0.113.7:2377"}},
			Services: []SwarmService{{ID: "s1", Name: "ledger", Image: "hub.corp.example/ledger:1", Secrets: []string{"ledger_pw"}, Configs: []string{"ledger_conf"}}},
			Secrets:  []string{"ledger_pw", "spare_pw"}, Configs: []string{"ledger_conf"},
			Addresses: Seen(SwarmAddresses{Listen: "0.0.0.0:2377", Advertise: "203.0.113.7:2377"}, "state"),
		}, "info")}},
	}
	out, err := Scrub(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"mgr-east", "wrk-west", "203.0.113", "ledger", "spare", "corp"} {
		if strings.Contains(b.String(), told) {
			t.Errorf("the copy tells %q:\n%s", told, b.String())
		}
	}
	w := out.Engines[0].Cluster.V
	if w.Addresses.V.Listen != "0.0.0.0:2377" || w.Services[0].Secrets[0] != w.Secrets[0] && w.Services[0].Secrets[0] != w.Secrets[1] || w.Nodes[0].ID != "n2" {
		t.Errorf("the copy does not hang together: %+v", w)
	}
}
