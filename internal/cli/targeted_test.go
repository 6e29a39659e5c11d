package cli

import (
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/checktest"
	"plimsoll/internal/harden"
)

// TestVerifyLooksAtWhatAStepWasFor: verify lists the findings on the subjects that
// an applied step was for, not one on its target.
func TestVerifyLooksAtWhatAStepWasFor(t *testing.T) {
	s, suite := checktest.Owned()
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: suite, Now: s.Taken})
	if err != nil {
		t.Fatal(err)
	}
	got := targeted(a, []harden.Check{{Step: a.Measures[0].Steps[0], Field: "HostConfig.Memory"}})
	if len(got) != 2 || got[0].Key != "name/cart" || got[1].Key != "compose/shop/web/1" && got[1].Key != "name/web" {
		t.Errorf("targeted %+v; want the findings on cart and web", got)
	}
}
