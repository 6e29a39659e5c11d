package snapshot_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

// named is a snapshot of a project "acme" whose names stand wherever they can.
const named = `{"snapshot":{
 "containerSpecs":[
  {"image":"acme.corp:5000/acme/billing:1","health":{},"security":{},"resources":{},"restartPolicy":{},"networkMode":"acme_back","networks":["acme_back","bridge"],"mounts":[
   {"type":"volume","source":"/var/lib/docker/volumes/acme_db/_data","volume":"acme_db","destination":"/data","resolved":"skipped"},
   {"type":"bind","source":"/srv/acme/conf","real":"/srv/acme/conf","destination":"/conf","resolved":"observed"},
   {"type":"bind","source":"/run/docker.sock","real":"/run/docker.sock","destination":"/run/docker.sock","resolved":"observed"}]},
  {"image":"acme-billing","health":{},"security":{},"resources":{},"restartPolicy":{},"networkMode":"container:compose/acme/billing/1","pidMode":"container:name/host","ipcMode":"host"},
  {"image":"nginx:1","health":{},"security":{},"resources":{},"restartPolicy":{},"networkMode":"host"}],
 "runtimes":[{"status":"exited","process":{"state":"absent"},"cgroup":{"state":"absent"}}],
 "containers":[
  {"scope":"engine:7S6Z","key":"compose/acme/billing/1","name":"acme-billing-1","spec":0,"runtime":0,"usage":{"state":"skipped"},"writable":{"state":"skipped"},
   "owner":{"kind":"compose","name":"acme/billing","sources":["/opt/acme/acme.yml"]},"sharers":["name/sidecar"],"attachments":[{"network":"acme_back","ip":"172.20.0.2"}]},
  {"scope":"engine:7S6Z","key":"name/sidecar","name":"sidecar","spec":1,"runtime":0,"usage":{"state":"skipped"},"writable":{"state":"skipped"}},
  {"scope":"engine:7S6Z","key":"name/host","name":"host","spec":2,"runtime":0,"usage":{"state":"skipped"},"writable":{"state":"skipped"}},
  {"scope":"engine:7S6Z","key":"swarm/ledger/2","name":"ledger.2.abc","spec":2,"runtime":0,"usage":{"state":"skipped"},"writable":{"state":"skipped"},"owner":{"kind":"swarm","name":"ledger"}},
  {"scope":"engine:7S6Z","key":"k8s/payroll/salaries-0/salaries","name":"k8s_salaries","spec":2,"runtime":0,"usage":{"state":"skipped"},"writable":{"state":"skipped"},"owner":{"kind":"kubernetes","name":"payroll/salaries-0"}}],
 "networks":[{"scope":"engine:7S6Z","name":"acme_back","id":"1","driver":"bridge","options":[{"key":"com.docker.network.bridge.name","value":"br-acme"}]},
  {"scope":"engine:7S6Z","name":"bridge","id":"2","driver":"bridge","default":true}],
 "volumes":[{"scope":"engine:7S6Z","name":"acme_db","driver":"local","device":"/srv/acme/db"}],
 "images":[{"scope":"engine:7S6Z","id":"sha256:1","tags":["acme.corp:5000/acme/billing:1"],"digests":["acme.corp:5000/acme/billing@sha256:00"],"userUID":{"state":"skipped"}},
  {"scope":"engine:7S6Z","id":"sha256:2","tags":["acme-billing:latest","nginx:1","ghcr.io/some/one:2"],"userUID":{"state":"skipped"}}]
}}`

func scrubbed(t *testing.T, tweak string) (*snapshot.Snapshot, string) {
	t.Helper()
	s, _, err := checktest.Tweak([]byte(tweak))
	if err != nil {
		t.Fatal(err)
	}
	s.Parts = append(s.Parts, snapshot.PartStatus{Scope: "engine:7S6Z", Part: snapshot.PartEngineContainers, Item: "compose/acme/billing/1", State: snapshot.Failed})
	out, err := snapshot.Scrub(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	return out, b.String()
}

func TestScrubNames(t *testing.T) {
	_, all := scrubbed(t, named)
	for _, gone := range []string{"acme", "billing", "sidecar", "ledger", "payroll", "salaries"} {
		if at := strings.Index(all, gone); at >= 0 {
			t.Errorf("%q is still there: …%s…", gone, all[max(0, at-80):min(len(all), at+80)])
		}
	}
	for _, kept := range []string{"/run/docker.sock", "nginx:1", "ghcr.io/some/one:2", `"bridge"`, "/var/lib/docker/volumes/"} {
		if !strings.Contains(all, kept) {
			t.Errorf("%q was lost", kept)
		}
	}
}

// TestScrubNamesAlike: what was one name is one name, so that the copy is judged
// like the original.
func TestScrubNamesAlike(t *testing.T) {
	out, _ := scrubbed(t, named)
	var billing, sidecar *snapshot.Container
	for i := range out.Containers {
		switch c := &out.Containers[i]; {
		case strings.HasPrefix(c.Key, "compose/"):
			billing = c
		case len(out.ContainerSpecs[c.Spec].PidMode) > 0:
			sidecar = c
		}
	}
	spec, joins := &out.ContainerSpecs[billing.Spec], &out.ContainerSpecs[sidecar.Spec]
	network := out.Networks[0].Name
	if network == "bridge" {
		network = out.Networks[1].Name
	}
	volume := out.Volumes[0]
	_, image, _ := strings.Cut(strings.TrimSuffix(spec.Image, ":1"), "/")
	for what, ok := range map[string]bool{
		"namespace joined":    joins.NetworkMode == "container:"+billing.Key && joins.IpcMode == "host",
		"sharer":              billing.Sharers[0] == sidecar.Key && sidecar.Key == "name/"+sidecar.Name,
		"owner":               strings.HasPrefix(billing.Key, "compose/"+billing.Owner.Name+"/"),
		"network":             spec.NetworkMode == network && spec.Networks[0] != spec.Networks[1] && billing.Networks[0].Network == network,
		"volume":              spec.Mounts[0].Volume == volume.Name && spec.Mounts[0].Source == "/var/lib/docker/volumes/"+volume.Name+"/_data",
		"project in paths":    strings.HasPrefix(volume.Device, strings.TrimSuffix(spec.Mounts[1].Source, "conf")) && spec.Mounts[1].Source == spec.Mounts[1].Real,
		"image":               strings.HasPrefix(image, "image-") && out.Images[0].Tags[0] == spec.Image && strings.Contains(out.Images[0].Digests[0], "/"+image+"@"),
		"images told apart":   joins.Image != spec.Image && joins.Image != "",
		"network of the host": slices.ContainsFunc(out.ContainerSpecs, func(s snapshot.ContainerSpec) bool { return s.Image == "nginx:1" && s.NetworkMode == "host" }),
	} {
		if !ok {
			t.Errorf("%s: %+v\n%+v\n%+v\n%+v", what, billing, spec, joins, out.Images)
		}
	}
}

// TestScrubLeavesSystemPaths: names that are also those of the system's folders
// must not change what a mount shows.
func TestScrubLeavesSystemPaths(t *testing.T) {
	_, all := scrubbed(t, strings.ReplaceAll(named, "compose/acme/", "compose/run/"))
	if !strings.Contains(all, `"/run/docker.sock"`) || strings.Contains(all, "compose/run/") {
		t.Errorf("a project called run: %s", all)
	}
}
