package report_test

import (
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checks/rbac"
	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
)

// TestEveryQuestionIsCounted: what a version does not judge, what is not declared
// and what was never asked are questions without an answer.
func TestEveryQuestionIsCounted(t *testing.T) {
	s := checktest.Minimal()
	built := func(s *snapshot.Snapshot) report.Summary {
		a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Now: s.Taken})
		if err != nil {
			t.Fatal(err)
		}
		sum := report.Build(a, "plimsoll test", "test").Summary
		for _, c := range rbac.Suite { // no cluster was looked at
			if s.Shows(snapshot.Kinds[c.Subject].Platform) {
				t.Errorf("%s asks of a Docker host what only a cluster has", c.ID)
			}
		}
		open := 0
		for _, o := range sum.Open {
			open += o.Questions
		}
		if open != sum.Questions-sum.Answered {
			t.Errorf("the reasons add up to %d of %d open questions: %+v", open, sum.Questions-sum.Answered, sum.Open)
		}
		return sum
	}
	whole := built(s)
	decided := whole.Findings["pass"] + whole.Findings["fail"] + whole.Findings["accepted"]
	if want := decided + whole.Findings["unknown"] + whole.Findings["manual"] + len(docker.Planned()); whole.Answered != decided || whole.Questions != want {
		t.Errorf("%d of %d questions answered, want %d of %d", whole.Answered, whole.Questions, decided, want)
	}
	if whole.Coverage == 100 || whole.Coverage != whole.Answered*100/whole.Questions {
		t.Errorf("coverage is %d%% with %d of %d", whole.Coverage, whole.Answered, whole.Questions)
	}

	const grant = "sudo usermod -aG docker ops"
	for i := range s.Parts {
		if p := &s.Parts[i]; s.Scope(p.Scope).Kind == snapshot.ScopeEngine {
			p.State, p.Reason, p.Grant = snapshot.Denied, snapshot.ReasonDenied, grant
		}
	}
	blind := built(s)
	if len(blind.Asks) == 0 || blind.Asks[0].How != grant || blind.Asks[0].Questions < 50 {
		t.Errorf("%+v; want first what grants the engine", blind.Asks)
	}

	host := checktest.Minimal()
	host.Scopes = host.Scopes[:0:0]
	for _, sc := range s.Scopes {
		if sc.Kind == snapshot.ScopeHost {
			host.Scopes = append(host.Scopes, sc)
		}
	}
	host.Engines, host.Containers, host.Images, host.Networks, host.Volumes = nil, nil, nil, nil, nil
	if alone := built(host); alone.Questions < len(docker.Suite)*9/10 || alone.Coverage > 60 {
		t.Errorf("a host alone: %d of %d questions answered; checks of the engine were never asked and count", alone.Answered, alone.Questions)
	}
}
