package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/plan"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// alike is the result for n containers that are badly run in the same ways.
func alike(t testing.TB, n int) *report.Result {
	t.Helper()
	s := checktest.Minimal()
	spec, rt := &s.ContainerSpecs[0], &s.Runtimes[0]
	spec.Resources.Memory, spec.Resources.MemorySwap = 0, 0
	rt.Cgroup.V.MemoryMax, rt.Cgroup.V.MemorySwapMax = -1, -1
	spec.RestartPolicy = snapshot.RestartPolicy{Name: "always"}
	spec.Privileged = true
	spec.ReadonlyRootfs, rt.Process.V.RootReadOnly = false, false
	spec.CapDrop, spec.CapAdd = nil, []string{"NET_ADMIN"}
	spec.Resources.PidsLimit, rt.Cgroup.V.PidsMax = nil, -1
	spec.Resources.CPUShares = 0
	spec.PidMode, spec.NetworkMode = "host", "host"
	spec.User, rt.Process.V.UID = "root", 0
	spec.Health.Test = ""
	spec.Security = snapshot.Security{Seccomp: "unconfined"}
	rt.Process.V.NoNewPriv, rt.Process.V.Seccomp, rt.Process.V.HostNet, rt.Process.V.HostPid = false, 0, true, true
	c := s.Containers[0]
	s.Containers = nil
	for i := range n {
		c.Name = fmt.Sprintf("web-%04d", i)
		c.Key, c.ID = "name/"+c.Name, fmt.Sprintf("%064x", i)
		s.Containers = append(s.Containers, c)
	}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{
		Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Now: s.Taken, Plan: plan.Options{Max: 3, Allow: step.DisturbRecreate},
	})
	if err != nil {
		t.Fatal(err)
	}
	return report.Build(a, "plimsoll test", "test")
}

func encoded(t testing.TB, r *report.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Encode(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSizeFollowsWhatDiffers: replicas cost their names, fingerprints and step
// IDs, not their verdicts again.
func TestSizeFollowsWhatDiffers(t *testing.T) {
	const n = 4000
	r := alike(t, n)
	failing, helped := make(map[string]int), 0
	for _, f := range r.Findings {
		if f.Status == "fail" {
			failing[f.Check] += f.Count
		}
	}
	for id, count := range failing {
		if count < n {
			delete(failing, id)
		}
	}
	for _, m := range r.Measures {
		if len(m.Steps) == n {
			helped++
		}
	}
	if len(failing) < 10 || helped < 3 {
		t.Fatalf("%d checks fail on all containers and %d measures help, the test wants 10 and 3", len(failing), helped)
	}
	if size := len(encoded(t, r)); size >= n*1000 {
		t.Errorf("%d bytes for each container, want less than 1000", size/n)
	}
}

func TestDocumentRoundTrips(t *testing.T) {
	r := alike(t, 30)
	first := encoded(t, r)
	back, err := report.Decode(first)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Findings, back.Findings); d != "" {
		t.Errorf("findings (-built +read):\n%s", d)
	}
	if d := cmp.Diff(r.Steps, back.Steps); d != "" {
		t.Errorf("steps (-built +read):\n%s", d)
	}
	if d := cmp.Diff(r.Measures, back.Measures); d != "" {
		t.Errorf("measures (-built +read):\n%s", d)
	}
	if !bytes.Equal(first, encoded(t, back)) {
		t.Error("the bytes change when the result is written again")
	}
	for i := range first {
		if first[i] == '\n' && i+1 < len(first) && !strings.Contains(" }", string(first[i+1])) {
			t.Fatalf("a line starts with %.20q", first[i+1:])
		}
	}
}

// TestFailuresAreNamedOneByOne: each has its own fingerprint, however many there
// are, and a threat lists all its elements.
func TestFailuresAreNamedOneByOne(t *testing.T) {
	const n = 1200
	r, err := report.Decode(encoded(t, alike(t, n)))
	if err != nil {
		t.Fatal(err)
	}
	prints := make(map[string]bool)
	for i := range r.Findings {
		f := &r.Findings[i]
		s := r.Subject(f)
		switch {
		case f.Check == "container-memory-limit" && f.Status == "fail":
			if f.Count != 1 || len(s.Members) > 0 {
				t.Errorf("a failure stands for %d", f.Count)
			}
			prints[f.Fingerprint] = true
		case f.Status == "pass" && f.Count == n && len(s.Members) != n && len(s.Members) != 1000:
			t.Errorf("%s is about %d and lists %d", f.Check, n, len(s.Members))
		}
	}
	if len(prints) != n {
		t.Errorf("%d fingerprints, want %d", len(prints), n)
	}
	i := slices.IndexFunc(r.Threats, func(t report.Threat) bool { return t.ID == "DKR-HST-D-01" })
	e := r.Threats[i].Elements[0]
	if e.Count != n || len(r.Subjects[e.Subject].Members) != n || len(r.Threats[i].Elements) != 1 {
		t.Errorf("the threat has %d elements, the first of %d", len(r.Threats[i].Elements), e.Count)
	}
	if got := r.Names(e.Subject, 2); !slices.Equal(got, []string{"web-0000", "web-0001"}) {
		t.Errorf("names %q", got)
	}
}

func TestDecodeChecksReferences(t *testing.T) {
	const head = `{"schema":"plimsoll.report/v1","checks":{"c":{}},"subjects":[{"key":"a"},{"key":"b","members":["b","d"]}],`
	for in, want := range map[string]string{
		`{"schema":"other"}`: "not a plimsoll result",
		`[`:                  "decode result",
		head + `"findings":[{"check":"x","count":1,"subjects":[0],"fingerprints":["f"]}]}`:              "check \"x\"",
		head + `"findings":[{"check":"c","count":1,"subjects":[2],"fingerprints":["f"]}]}`:              "names 2",
		head + `"findings":[{"check":"c","count":1,"subjects":[],"fingerprints":[]}]}`:                  "0 subjects",
		head + `"findings":[{"check":"c","count":1,"subjects":[0,1],"fingerprints":["f"]}]}`:            "1 fingerprints",
		head + `"findings":[{"check":"c","count":9,"subjects":[0,1],"fingerprints":["f","g"]}]}`:        "count is 9",
		head + `"findings":[{"check":"c","count":0,"subjects":[0],"fingerprints":["f"]}]}`:              "count is 0",
		head + `"threats":[{"elements":[{"subject":-1,"count":1}]}]}`:                                   "subject -1",
		head + `"threats":[{"elements":[{"subject":1,"count":0}]}]}`:                                    "count 0",
		head + `"measures":[{"id":"m","steps":[{"subjects":[1],"ids":["i"]}]}]}`:                        "folded",
		head + `"measures":[{"id":"m","steps":[{"subjects":[0],"ids":[]}]}]}`:                           "0 ids",
		head + `"measures":[{"id":"m","steps":[],"refused":[{"why":"w","subjects":[7]}]}]}`:             "subject 7",
		head + `"plan":{"choices":[{"measure":"m"}]}}`:                                                  "unknown measure",
		head + `"findings":[{"check":"c","count":2,"subjects":[1],"fingerprints":["f"]}],"threats":[]}`: "",
	} {
		_, err := report.Decode([]byte(in))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q in it", in, err, want)
		}
	}
}

// TestCompareDoesNotGuess: a subject that a saved result counts but does not
// list has not changed its status for all that can be said.
func TestCompareDoesNotGuess(t *testing.T) {
	now := alike(t, 1200)
	for i := range now.Threats {
		now.Threats[i].Elements = nil // then no subject must be listed whole
	}
	saved, err := report.Decode(encoded(t, now))
	if err != nil {
		t.Fatal(err)
	}
	for i := range now.Findings {
		if f := &now.Findings[i]; f.Status == "pass" && f.Count == 1200 {
			v := *f.Verdict
			v.Status = "fail"
			f.Verdict = &v
		}
	}
	c := report.Compare(saved, now, nil)
	if len(c.Findings) == 0 || len(c.Findings)%1000 != 0 {
		t.Errorf("%d findings changed, want 1000 for each check", len(c.Findings))
	}
	for _, f := range c.Findings {
		if f.Before != "pass" || f.After != "fail" || f.Name == "" {
			t.Fatalf("%+v", f)
		}
	}
}
