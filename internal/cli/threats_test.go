package cli

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/model"
)

// TestThreatsSpeakTheVocabularyOfPlans: a surface that plan prints is one that
// threats takes, and a word that is none is answered with the list.
func TestThreatsSpeakTheVocabularyOfPlans(t *testing.T) {
	b := newBench(t)
	for _, s := range model.Surfaces[:slices.Index(model.Surfaces, model.SurfaceAPIEndpoint)] { // those that a Docker host has
		b.do(t, exitDone, "threats", b.state(), "--surface", string(s))
		if strings.Contains(b.out.String(), "no threat matches") {
			t.Errorf("no threat attacks the surface %s", s)
		}
	}
	b.do(t, exitDone, "threats", b.state(), "--surface", "insecure-defaults, privileged-flag")
	has(t, &b.out, "DKR-HST-D-01")
	has(t, &b.out, "DKR-HST-E-01")
	b.do(t, exitUsage, "threats", b.state(), "--surface", "memory limits")
	has(t, &b.err, string(model.SurfacePrivileged)) // the list is long and is cut
}

func TestThreatsOfOneElement(t *testing.T) {
	b := newBench(t)
	b.do(t, exitDone, "threats", b.state(), "--element", "web", "--status", "mitigated")
	has(t, &b.out, "DKR-HST-D-01")
	b.do(t, exitDone, "threats", b.state(), "--element", "name/web", "--status", "open")
	has(t, &b.out, "no threat matches")
	b.do(t, exitUsage, "threats", b.state(), "--element", "wbe")
	has(t, &b.err, "did you mean web?")
}
