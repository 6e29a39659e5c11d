package check

import (
	"slices"
	"testing"
	"time"

	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// engineWorld is one engine, with one part in a given state.
func engineWorld(part snapshot.PartStatus) *snapshot.Index {
	taken := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	part.Scope = "engine:e"
	return snapshot.NewIndex(&snapshot.Snapshot{
		Taken: taken, Scopes: []snapshot.Scope{{ID: "engine:e", Kind: snapshot.ScopeEngine, Taken: taken}},
		Parts: []snapshot.PartStatus{part},
	})
}

// asked is a check of the engine that reports what it is told to.
func asked(v Verdict) *Check {
	return &Check{
		ID: "engine-asked", Subject: snapshot.KindEngine, Severity: Low, Forms: []Form{Live}, Needs: []snapshot.Part{snapshot.PartEngineInfo},
		Run: func(p *Probe) {
			if v.Status != 0 {
				p.Report(v, p.Self())
			}
		},
	}
}

func TestGate(t *testing.T) {
	for name, tc := range map[string]struct {
		part   snapshot.PartStatus
		status Status
		reason snapshot.Reason
	}{
		"observed":      {snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed}, Pass, ""},
		"absent":        {snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Absent}, NotApplicable, ""},
		"denied":        {snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Denied}, Unknown, snapshot.ReasonDenied},
		"failed":        {snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Failed}, Unknown, snapshot.ReasonFailed},
		"stated reason": {snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Failed, Reason: snapshot.ReasonPartial}, Unknown, snapshot.ReasonPartial},
		"no line":       {snapshot.PartStatus{Part: snapshot.PartEngineImages, State: snapshot.Observed}, Unknown, snapshot.ReasonNotCollected},
		"one item failed": {
			snapshot.PartStatus{Part: snapshot.PartEngineInfo, Item: "name/x", State: snapshot.Observed}, Unknown, snapshot.ReasonNotCollected,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := RunOne(asked(Passed("yes")), Inputs{Index: engineWorld(tc.part)})
			if len(got) != 1 || got[0].Status != tc.status || got[0].Reason != tc.reason {
				t.Errorf("got %+v, want %v(%s)", got, tc.status, tc.reason)
			}
		})
	}
}

// TestUndeclaredSaysWhere: a question for the user names the key that answers it.
func TestUndeclaredSaysWhere(t *testing.T) {
	x := engineWorld(snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed})
	listed := asked(Undecided(snapshot.ReasonUndeclared, "no list"))
	listed.Params = []Param{{Name: "limit"}, {Name: "list", Question: true}}
	for want, c := range map[string]*Check{
		"no list; declare it in plimsoll.yaml as parameters.engine-asked.list": listed,
		"too old; answer it in plimsoll.yaml as answers.engine-asked":          asked(Undecided(snapshot.ReasonUndeclared, "too old")),
		"not read": asked(Undecided(snapshot.ReasonPartial, "not read")),
	} {
		if got := RunOne(c, Inputs{Index: x}); got[0].Message != want {
			t.Errorf("%q, want %q", got[0].Message, want)
		}
	}
}

func TestPolicyOfACheck(t *testing.T) {
	x := engineWorld(snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed})
	run := func(v Verdict, p *policy.Policy) Finding {
		got := RunOne(asked(v), Inputs{Index: x, Policy: p})
		if len(got) != 1 {
			t.Fatalf("%d findings", len(got))
		}
		return got[0]
	}
	if f := run(Failed("no"), &policy.Policy{Disabled: map[string]string{"engine-asked": "lab"}}); f.Status != Unknown || f.Reason != snapshot.ReasonDisabled {
		t.Errorf("switched off: %+v", f)
	}
	if f := run(Failed("no"), &policy.Policy{Severity: map[string]string{"engine-asked": "critical"}}); f.Grade() != Critical {
		t.Errorf("re-graded: %v", f.Grade())
	}
	answers := &policy.Policy{Answers: map[string]policy.Answer{"engine-asked": {Status: "pass", Owner: "ops", Date: x.Snapshot.Taken, Note: "seen"}}}
	if f := run(Verdict{Status: Manual, Message: "is it so"}, answers); f.Status != Pass || f.Evidence[0] != (Evidence{Source: "answered by ops on 2026-11-01", Value: "seen"}) {
		t.Errorf("answered: %+v", f)
	}
	if f := run(Failed("no"), answers); f.Status != Fail {
		t.Errorf("an answer overrode evidence: %v", f.Status)
	}
	if f := run(Verdict{}, nil); f.Status != Unknown || !slices.Equal(f.Members, []int{0}) {
		t.Errorf("nothing reported of the engine: %+v, want unknown", f)
	}
}

// A check may find more than room was made for; findings stay in the order of the
// suite, each where it belongs.
func TestOrderOfFindings(t *testing.T) {
	x := engineWorld(snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed})
	for _, counts := range [][]int{{1, 2, 1}, {1, 50, 2}, {4, 4}, {5}, {3, 0, 9, 1}} {
		var suite []*Check
		var want []string
		for i, n := range counts {
			c := asked(Verdict{})
			c.ID = string(rune('a' + i))
			c.Run = func(p *Probe) {
				for range n {
					p.Report(Passed("yes"), p.Self())
				}
			}
			suite = append(suite, c)
			want = append(want, slices.Repeat([]string{c.ID}, max(1, n))...) // none to judge is said
		}
		var got []string
		for _, f := range Run(suite, Inputs{Index: x}) {
			got = append(got, f.Check.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d findings a check: %q, want %q", counts, got, want)
		}
	}
}
