package assess_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// bad is the minimal host with its container made to fail three live-updatable
// and one re-creating check.
func bad(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	s, _, err := checktest.Tweak([]byte(`{
		"spec": {"resources": {"memory": null, "memorySwap": null}, "restartPolicy": {"name": "always", "max": 0}, "security": {"noNewPrivileges": null}},
		"engine": {"config": {"v": {"settings": []}}},
		"runtime": {"cgroup": {"v": {"memoryMax": -1, "memorySwapMax": -1}}, "process": {"v": {"noNewPriv": false}}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inputs(s *snapshot.Snapshot, o plan.Options) assess.Inputs {
	if o.Allow == step.DisturbNone {
		o.Allow = step.DisturbRecreate
	}
	return assess.Inputs{Snapshot: s, Suite: docker.Suite, Now: s.Taken, Plan: o}
}

func must(t *testing.T, in assess.Inputs) *assess.Assessment {
	t.Helper()
	a, err := assess.Assess(in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func chosen(a *assess.Assessment) []string {
	var ids []string
	for _, c := range a.Plan.Choices {
		ids = append(ids, c.Measure.ID)
	}
	return ids
}

func TestPlanKeepsItsLimits(t *testing.T) {
	s := bad(t)
	all := chosen(must(t, inputs(s, plan.Options{})))
	for _, want := range []string{"container-memory-limit", "container-restart-policy-bounded", "container-no-new-privileges"} {
		if !slices.Contains(all, want) {
			t.Errorf("the plan without limits lacks %s: %v", want, all)
		}
	}
	if got := chosen(must(t, inputs(s, plan.Options{Max: 2}))); len(got) != 2 || !slices.Equal(got, all[:2]) {
		t.Errorf("two at most: %v, want the first two of %v", got, all)
	}
	if got := chosen(must(t, inputs(s, plan.Options{Exclude: []string{all[0]}}))); slices.Contains(got, all[0]) {
		t.Errorf("%s was excluded: %v", all[0], got)
	}
	for _, c := range must(t, inputs(s, plan.Options{Allow: step.DisturbUpdate})).Plan.Choices {
		if c.Measure.Disturbs > step.DisturbUpdate {
			t.Errorf("only updates are allowed, %s would %v", c.Measure.ID, c.Measure.Disturbs)
		}
	}
	if got := chosen(must(t, inputs(s, plan.Options{Max: 1, Include: []string{"container-restart-policy-bounded"}}))); !slices.Equal(got, []string{"container-restart-policy-bounded"}) {
		t.Errorf("the one asked for comes first: %v", got)
	}
	_, err := assess.Assess(inputs(s, plan.Options{Include: []string{"container-memory-limits"}}))
	if err == nil || !strings.Contains(err.Error(), "on offer are") {
		t.Errorf("an unknown measure: %v", err)
	}
}

// TestPlanTellsTheTruth: what the plan promises is what deciding the simulated
// snapshot gives, choice by choice.
func TestPlanTellsTheTruth(t *testing.T) {
	s := bad(t)
	in := inputs(s, plan.Options{})
	a := must(t, in)
	o := snapshot.NewOverlay(s)
	removed := 0
	for _, c := range a.Plan.Choices {
		for _, st := range c.Measure.Steps {
			if err := st.Simulate(o); err != nil {
				t.Fatal(err)
			}
		}
		removed += c.Removes
	}
	if a.Plan.Before-a.Plan.After != removed {
		t.Errorf("the choices remove %d, the plan says %d to %d", removed, a.Plan.Before, a.Plan.After)
	}
	w := assess.Evaluate(in, snapshot.NewIndex(o.Snapshot()))
	for i := range w.Threats {
		if p := a.Plan.Projected.Threats[i]; p.Status != w.Threats[i].Status || p.Current != w.Threats[i].Current {
			t.Errorf("%s: projected %v, simulated %v", p.Threat.ID, p.Status, w.Threats[i].Status)
		}
	}
	for _, c := range a.Plan.Choices {
		for _, f := range w.Findings {
			if f.Check.ID == c.Measure.Check && f.Status == check.Fail {
				t.Errorf("%s still fails after its measure", c.Measure.Check)
			}
		}
	}
}

func TestAssessDoesNotChangeTheSnapshot(t *testing.T) {
	s := bad(t)
	before := s.ID
	must(t, inputs(s, plan.Options{}))
	s.ID = ""
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	if s.ID != before {
		t.Error("assessing changed the snapshot")
	}
}

func TestWaiverAccepts(t *testing.T) {
	s := bad(t)
	in := inputs(s, plan.Options{})
	in.Waivers = policy.Waivers{{Check: "container-restart-policy-bounded", Kind: "container", Name: "w*", Owner: "ops", Expires: s.Taken}}
	a := must(t, in)
	for _, f := range a.Findings {
		if f.Check.ID == "container-restart-policy-bounded" && f.Status != check.Accepted {
			t.Errorf("waived, but %v", f.Status)
		}
	}
	for _, th := range a.Threats {
		if th.Threat.ID == "DKR-HST-D-02" && th.Status != threat.Accepted {
			t.Errorf("its threat is %v, want accepted", th.Status)
		}
	}
	if slices.Contains(chosen(a), "container-restart-policy-bounded") {
		t.Error("the plan fixes what was accepted")
	}
	in.Now = s.Taken.AddDate(0, 0, 2)
	for _, f := range must(t, in).Findings {
		if f.Check.ID == "container-restart-policy-bounded" && f.Status != check.Fail {
			t.Errorf("the waiver expired, but %v", f.Status)
		}
	}
}

// TestOwnedContainersAreChangedAtTheirSource: harden leaves them alone, the plan
// counts on a person.
func TestOwnedContainersAreChangedAtTheirSource(t *testing.T) {
	s := bad(t)
	free := must(t, inputs(s, plan.Options{}))
	s.Containers[0].Owner = &snapshot.Owner{Kind: "compose", Name: "shop/web", Sources: []string{"/srv/shop/compose.yaml"}}
	a := must(t, inputs(s, plan.Options{}))
	if !slices.Equal(chosen(a), chosen(free)) || a.Plan.After != free.Plan.After || a.Plan.After >= a.Plan.Before {
		t.Errorf("owned: %v leave %d of %d; free: %v leave %d", chosen(a), a.Plan.After, a.Plan.Before, chosen(free), free.Plan.After)
	}
	for _, m := range a.Measures {
		if slices.ContainsFunc(docker.Suite, func(c *check.Check) bool { return c.ID == m.Check && c.Subject != snapshot.KindContainer }) {
			continue // of the machine or its engine
		}
		if len(m.Steps) != 0 || len(m.Refused) != 1 {
			t.Errorf("%s: steps %v, refused %v", m.ID, m.Steps, m.Refused)
		}
		if r := m.Refused[0]; len(m.Sourced) > 0 && (!r.AtSource || !strings.Contains(r.Why, "/srv/shop/compose.yaml")) {
			t.Errorf("%s does not name the source to change: %+v", m.ID, r)
		}
	}
}

// TestCatalogueAgrees: what the catalogue's tables say of a check is what the
// check says of itself.
func TestCatalogueAgrees(t *testing.T) {
	for _, c := range docker.Suite {
		if m, named := threat.Members()[c.ID]; named && (m.Subject != c.Subject || m.Surface != c.Surface || m.Title != c.Title) {
			t.Errorf("%s judges %s, of the surface %s, and is titled %q; members.csv says %s, %s, %q", c.ID, c.Subject, c.Surface, c.Title, m.Subject, m.Surface, m.Title)
		}
	}
	for _, p := range docker.Planned() {
		if len(p.Refs) == 0 {
			t.Errorf("planned.csv has %s without a number", p.ID)
		}
	}
}

// TestDisablingOpensNoBlindSpot: switching a check off never closes a threat.
func TestDisablingOpensNoBlindSpot(t *testing.T) {
	s := bad(t)
	in := inputs(s, plan.Options{})
	before := must(t, in)
	for _, c := range docker.Suite {
		in.Policy = &policy.Policy{Disabled: map[string]string{c.ID: "not here"}}
		after := must(t, in)
		for i := range before.Threats {
			if b, a := before.Threats[i].Status, after.Threats[i].Status; b == threat.Open && a < threat.Unknown {
				t.Errorf("switching %s off turned %s from %v to %v", c.ID, before.Threats[i].Threat.ID, b, a)
			}
		}
	}
}

// TestPlanTakesTwoThatAThreatNeedsTogether: neither a limit of processes nor a
// weight of the CPU closes DKR-HST-D-03 alone.
func TestPlanTakesTwoThatAThreatNeedsTogether(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(`{
		"spec": {"resources": {"nanoCPUs": null, "pidsLimit": null}, "restartPolicy": {"name": "always", "max": 0}},
		"runtime": {"cgroup": {"v": {"cpuQuota": -1, "cpuShares": 1024, "pidsMax": -1}}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	pair := []string{"container-cpu-shares", "container-pids-limit"}
	for _, o := range []plan.Options{{}, {Max: 3}, {Max: 2, Exclude: []string{"container-restart-policy-bounded"}}, {Max: 2, Cover: true, Exclude: []string{"container-restart-policy-bounded"}}} {
		a := must(t, inputs(s, o))
		got := chosen(a)
		i := slices.Index(got, pair[0])
		if i < 0 || len(got) < i+2 || got[i+1] != pair[1] {
			t.Fatalf("at most %d: chosen %v, want %v after each other", o.Max, got, pair)
		}
		one, two := a.Plan.Choices[i], a.Plan.Choices[i+1]
		if one.With != pair[1] || two.With != pair[0] || !strings.Contains(one.Why, "DKR-HST-D-03") || one.Removes+two.Removes <= 0 || two.Fixes != 1 {
			t.Errorf("at most %d: %+v and %+v", o.Max, one, two)
		}
		if o.Max > 0 && len(got) > o.Max {
			t.Errorf("at most %d: %v", o.Max, got)
		}
	}
	if got := chosen(must(t, inputs(s, plan.Options{Max: 2}))); got[0] != "container-restart-policy-bounded" {
		t.Errorf("two at most: %v, want first the one that removes as much as the two", got)
	}
	if got := chosen(must(t, inputs(s, plan.Options{Max: 1}))); len(got) != 1 || slices.Contains(pair, got[0]) {
		t.Errorf("one at most: %v, want the one that removes risk alone", got)
	}
	if got := chosen(must(t, inputs(s, plan.Options{Exclude: pair[:1]}))); slices.Contains(got[:1], pair[1]) {
		t.Errorf("without %s: %v", pair[0], got)
	}
	for _, c := range must(t, inputs(s, plan.Options{Exclude: pair[:1]})).Plan.Choices {
		if c.Measure.ID == pair[1] && (c.With != "" || c.Removes != 0 || c.Fixes != 1 || !strings.Contains(c.Lacks, "DKR-HST-D-03 also needs container-cpu-shares")) {
			t.Errorf("half of a pair: %+v", c)
		}
	}
}
