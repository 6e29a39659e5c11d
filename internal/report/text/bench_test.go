package text

import (
	"bytes"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/report"
)

func TestUsualEditionIsNoFragment(t *testing.T) {
	editions := Editions(docker.Suite, docker.Planned())
	if got := Usual(editions).Name; got != "cis-docker-1.6.0" {
		t.Errorf("of %+v the usual one is %s", editions, got)
	}
	numbered := func(edition string, n int) (out []*check.Check) {
		for i := range n {
			out = append(out, &check.Check{Refs: []check.Ref{{Source: "x", Edition: edition, ID: strings.Repeat("1", i+1)}}})
		}
		return out
	}
	if got := Usual(Editions(append(numbered("1.9", 10), numbered("1.10", 6)...), nil)).Name; got != "x-1.10" {
		t.Errorf("the usual one is %s, want the newer one, which has more than half", got)
	}
	var b bytes.Buffer
	if err := BenchHead(&b, editions, "cis-docker-1.6.0", false, 3, Options{Width: 300}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cis-docker-1.6.0, ", "--edition takes cis-docker-1.2.0 (", "hide 3 of the checks"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in %s", want, b.String())
		}
	}
}

// TestFragmentSaysSo: a page of the few numbers that are known does not pass for a
// benchmark.
func TestFragmentSaysSo(t *testing.T) {
	editions := Editions(docker.Suite, docker.Planned())
	for name, want := range map[string]bool{"cis-docker-1.7.0": true, "cis-docker-1.6.0": false} {
		var b bytes.Buffer
		if err := BenchHead(&b, editions, name, true, 0, Options{Width: 300}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "no whole benchmark") != want || Fragment(editions, name) != want {
			t.Errorf("the head of %s: %s", name, b.String())
		}
	}
}

// TestPlannedSaysWhatItMoves: a check that only supports a threat leaves nothing of
// it unknown.
func TestPlannedSaysWhatItMoves(t *testing.T) {
	var b bytes.Buffer
	if err := ExplainPlanned(&b, check.Planned{ID: "exec-not-privileged"}, Options{Width: 300}); err != nil {
		t.Fatal(err)
	}
	unknown, moved, _ := strings.Cut(b.String(), "likelihood of")
	if strings.Contains(unknown, "DKR-HST-E-01") || !strings.Contains(unknown, "DKR-CLI-E-04") || !strings.Contains(moved, "DKR-HST-E-01") {
		t.Errorf("it says %s", b.String())
	}
}

// TestSilenceIsNoNA: a row without a finding is hidden or unknown.
func TestSilenceIsNoNA(t *testing.T) {
	for word, change := range map[string]func(*report.Result){
		"[HIDDEN] 5.10 ": func(r *report.Result) {
			terms, err := report.ParseTerms("check=container-restart-*")
			if err != nil {
				t.Fatal(err)
			}
			report.Filter{Only: []report.Terms{terms}}.Apply(r)
		},
		"[UNKNOWN] 5.10 ": func(r *report.Result) { r.Findings = nil },
	} {
		r := result(t, shop(t, ""), nil)
		change(r)
		var b bytes.Buffer
		if err := Bench(&b, r, docker.Suite, Pick{Edition: "cis-docker-1.2.0", All: true}, Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), word) || strings.Contains(b.String(), "[N/A]") {
			t.Errorf("%s: the page is\n%s", word, b.String())
		}
	}
}
