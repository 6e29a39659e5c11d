package report_test

import (
	"strings"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
)

// TestAbout: of one subject a threat is what it is there, whatever it is
// elsewhere.
func TestAbout(t *testing.T) {
	s := checktest.Minimal()
	good := s.Containers[0]
	spec, rt := s.ContainerSpecs[0], s.Runtimes[0]
	spec.Resources.Memory, spec.Resources.MemorySwap = 0, 0
	rt.Cgroup.V.MemoryMax, rt.Cgroup.V.MemorySwapMax = -1, -1
	s.ContainerSpecs, s.Runtimes = append(s.ContainerSpecs, spec), append(s.Runtimes, rt)
	for _, name := range []string{"bad", "worse", "fine"} {
		c := good
		c.Name, c.Key, c.ID = name, "name/"+name, strings.Repeat(name[:1], 64)
		if name != "fine" {
			c.Spec, c.Runtime = 1, 1
		}
		s.Containers = append(s.Containers, c)
	}
	s.ID = ""
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Build(a, "plimsoll test", "test")
	find := func(r *report.Result) *report.Threat {
		for i := range r.Threats {
			if r.Threats[i].ID == "DKR-HST-D-01" {
				return &r.Threats[i]
			}
		}
		return nil
	}
	for _, tt := range []struct {
		name, status string
		count        int
	}{{"name/fine", "mitigated", 1}, {"BAD", "open", 1}, {"name/worse", "open", 1}} {
		about, unknown := r.About([]string{tt.name})
		th := find(about)
		if len(unknown) > 0 || th == nil || th.Status != tt.status || len(th.Elements) != 1 || th.Elements[0].Count != tt.count {
			t.Fatalf("about %s: %+v, unknown %q; want %s", tt.name, th, unknown, tt.status)
		}
		if (th.Risk.Current.Likelihood == 1) != (tt.status == "mitigated") || (th.Evidence == "") != (tt.status == "mitigated") {
			t.Errorf("about %s: risk %+v, evidence %q", tt.name, th.Risk.Current, th.Evidence)
		}
		if sub := about.Subjects[th.Elements[0].Subject]; !strings.EqualFold(sub.Key, tt.name) && !strings.EqualFold(sub.Name, tt.name) || len(sub.Members) > 0 {
			t.Errorf("about %s: the element is %+v", tt.name, sub)
		}
	}
	both, _ := r.About([]string{"bad", "name/fine"})
	if th := find(both); th.Status != "open" || len(th.Elements) != 2 {
		t.Errorf("about two: %+v", th)
	}
	if nobody, unknown := r.About([]string{"nobody"}); len(nobody.Threats) > 0 || len(unknown) != 1 {
		t.Errorf("about nobody: %d threats, unknown %q", len(nobody.Threats), unknown)
	}
	if th := find(r); th.Status != "open" || len(th.Elements) != 2 {
		t.Errorf("the whole result changed: %+v", th)
	}
}
