package docker

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

// swarmRecording is an answer of a real manager of one node.
func swarmRecording(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "swarm-20.10", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// swarmInfo is the recorded /info with another Swarm.
func swarmInfo(t *testing.T, swarm string) string {
	t.Helper()
	var info map[string]json.RawMessage
	if err := json.Unmarshal([]byte(recorded(t, "info")), &info); err != nil {
		t.Fatal(err)
	}
	info["Swarm"] = json.RawMessage(swarm)
	b, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// newManager is a fake that is the recorded manager.
func newManager(t *testing.T) *fakeEngine {
	t.Helper()
	f := newFake(t)
	f.set("/info", swarmInfo(t, swarmRecording(t, "swarm")))
	for _, name := range []string{"nodes", "services", "secrets", "configs"} {
		f.set("/"+name, swarmRecording(t, name))
	}
	return f
}

func TestSwarmOfARealManager(t *testing.T) {
	f := newManager(t)
	s := f.collect(Options{Local: newLocal(), Machine: here(t), HostScope: "host:x"})
	e := s.Engines[0]
	w := e.Cluster.V
	if !e.Cluster.Known() || !w.Manager || w.AutoLock || w.NodeAddr != "127.0.0.1" || w.NodeCertExpiry != 90*24*3600 || w.Raft.ElectionTick != 10 {
		t.Errorf("swarm: %+v", e.Cluster)
	}
	if len(w.RootCertificates) != 1 || w.RootCertificates[0].Subject != "swarm-ca" || w.RootCertificates[0].NotAfter.Sub(w.RootCertificates[0].NotBefore) < 19*365*24*time.Hour {
		t.Errorf("root: %+v", w.RootCertificates)
	}
	if len(w.Nodes) != 1 || w.Nodes[0].Role != "manager" || w.Nodes[0].Reachability != "reachable" || w.Nodes[0].Availability != "active" || !w.Nodes[0].Leader {
		t.Errorf("nodes: %+v", w.Nodes)
	}
	if w.Addresses.V.Listen != "0.0.0.0:2377" {
		t.Errorf("addresses: %+v", w.Addresses)
	}
	var names []string
	for _, v := range w.Services {
		names = append(names, v.Name)
	}
	if strings.Join(names, " ") != "bounded over unbounded" {
		t.Fatalf("services: %q", names)
	}
	bounded, unbounded := w.Services[0], w.Services[2]
	if bounded.RestartPolicy != (snapshot.RestartPolicy{Name: "on-failure", Max: 3, Service: true, Delay: 5000}) || bounded.Memory != 32<<20 {
		t.Errorf("bounded: %+v", bounded)
	}
	if strings.Join(bounded.Secrets, "") != "db_password" || strings.Join(bounded.Configs, "") != "app_conf" || strings.Join(w.Secrets, "") != "db_password" {
		t.Errorf("names: %+v, %q", bounded, w.Secrets)
	}
	if unbounded.Replicas != 2 || len(unbounded.Ports) != 1 || unbounded.Ports[0].Mode != "ingress" || len(unbounded.Env) != 1 || unbounded.Env[0].Name != "DB_PASSWORD" {
		t.Errorf("unbounded: %+v", unbounded)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "BEGIN CERTIFICATE", "SWMTKN"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the snapshot holds %q", secret)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked["/swarm"]+f.asked["/swarm/unlockkey"] > 0 {
		t.Error("join tokens or the unlock key were asked for")
	}
}

// TestSwarmParts says what is covered when an engine does not know, or does not
// tell, what its swarm is.
func TestSwarmParts(t *testing.T) {
	const cluster = `"Cluster":{"ID":"c","TLSInfo":{"TrustRoot":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}}`
	for name, tt := range map[string]struct {
		swarm, nodes, secrets  string
		info, swarmed, service snapshot.State
		grant                  string
	}{
		"worker":        {`{"LocalNodeState":"active","NodeID":"n"}`, "<", "<", snapshot.Observed, snapshot.Skipped, snapshot.Skipped, "run plimsoll on a manager"},
		"locked":        {`{"LocalNodeState":"locked"}`, "<", "<", snapshot.Observed, snapshot.Skipped, snapshot.Skipped, "docker swarm unlock"},
		"inactive":      {`{"LocalNodeState":"inactive"}`, "<", "<", snapshot.Observed, snapshot.Absent, snapshot.Absent, ""},
		"not said":      {`{}`, "<", "<", snapshot.Observed, snapshot.Skipped, snapshot.Skipped, ""},
		"nodes broken":  {`{"LocalNodeState":"active","ControlAvailable":true}`, "<", "[]", snapshot.Observed, snapshot.Failed, snapshot.Observed, ""},
		"no role":       {`{"LocalNodeState":"active","ControlAvailable":true}`, `[{"ID":"n"}]`, "[]", snapshot.Observed, snapshot.Failed, snapshot.Observed, ""},
		"secrets":       {`{"LocalNodeState":"active","ControlAvailable":true}`, "[]", "<", snapshot.Observed, snapshot.Observed, snapshot.Failed, ""},
		"bad root":      {`{"LocalNodeState":"active","ControlAvailable":true,` + cluster + `}`, "[]", "[]", snapshot.Failed, snapshot.Observed, snapshot.Observed, ""},
		"another shape": {`[]`, "[]", "[]", snapshot.Failed, snapshot.Skipped, snapshot.Skipped, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.set("/info", swarmInfo(t, tt.swarm))
			f.set("/nodes", tt.nodes)
			f.set("/secrets", tt.secrets)
			f.set("/services", "[]")
			s := f.collect(Options{})
			part := func(p snapshot.Part) snapshot.PartStatus { return s.Part(s.Scopes[0].ID, p) }
			if got := part(snapshot.PartEngineInfo).State; got != tt.info {
				t.Errorf("info is %s, want %s", got, tt.info)
			}
			if got := part(snapshot.PartEngineSwarm); got.State != tt.swarmed || got.Grant != tt.grant {
				t.Errorf("swarm is %s, grant %q; want %s, %q", got.State, got.Grant, tt.swarmed, tt.grant)
			}
			if got := part(snapshot.PartEngineServices).State; got != tt.service {
				t.Errorf("services are %s, want %s", got, tt.service)
			}
		})
	}
}

func TestPlimsollLeavesItsOwnContainerOut(t *testing.T) {
	f := newFake(t)
	f.add("aaaa", "web", container(t, "web", labels(nil)))
	f.add("bbbb", "me", func(http.ResponseWriter, *http.Request) { t.Error("it asks about itself") })
	s := f.collect(Options{Self: "bbbb"})
	if len(s.Containers) != 1 || s.Containers[0].Name != "web" || !s.Complete {
		t.Errorf("containers: %+v, complete %t", s.Containers, s.Complete)
	}
	i := slices.IndexFunc(s.Parts, func(p snapshot.PartStatus) bool { return p.Item == "name/me" })
	if i < 0 || s.Parts[i].State != snapshot.Skipped || s.Part(s.Scopes[0].ID, snapshot.PartEngineContainers).State != snapshot.Observed {
		t.Errorf("parts: %+v", s.Parts)
	}
}
