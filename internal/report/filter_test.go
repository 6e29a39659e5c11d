package report

import (
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func filterable() *Result {
	return &Result{
		Subjects: []Subject{
			{Kind: snapshot.KindContainer, Key: "name/web", Name: "web"},
			{Kind: snapshot.KindContainer, Key: "compose/shop/db/1", Name: "shop-db-1"},
			{Kind: snapshot.KindContainer, Key: "name/a", Name: "a", Members: []string{"name/a", "compose/shop/x/1"}},
		},
		Checks: map[string]Check{"container-memory-limit": {Zone: "host", Surface: "insecure-defaults"}, "daemon-live-restore": {Zone: "registry"}},
		Findings: []Finding{
			{Verdict: &Verdict{Check: "container-memory-limit", Severity: "high"}, Subject: 0, Count: 1},
			{Verdict: &Verdict{Check: "container-memory-limit", Severity: "high"}, Subject: 1, Count: 1},
			{Verdict: &Verdict{Check: "daemon-live-restore", Severity: "low"}, Subject: 2, Count: 2},
		},
	}
}

func TestFilter(t *testing.T) {
	for _, tt := range []struct {
		only, skip string
		want       int // findings left
		hidden     int
	}{
		{"", "", 3, 0},
		{"severity=high", "", 2, 2},
		{"severity=low+", "", 3, 0},
		{"severity=medium+", "", 2, 2},
		{"check=container-*", "subject=web", 1, 3},
		{"zone=registry", "", 1, 2},
		{"surface=insecure-defaults", "", 2, 2},
		{"project=shop", "", 2, 1},
		{"subject=name/web,subject=a", "", 2, 1},
		{"check=daemon-*,severity=high", "", 0, 4},
		{"", "project=shop", 1, 3},
	} {
		var f Filter
		for _, v := range []struct {
			text string
			to   *[]Terms
		}{{tt.only, &f.Only}, {tt.skip, &f.Skip}} {
			if v.text == "" {
				continue
			}
			terms, err := ParseTerms(v.text)
			if err != nil {
				t.Fatal(err)
			}
			*v.to = append(*v.to, terms)
		}
		r := filterable()
		f.Apply(r)
		if len(r.Findings) != tt.want || r.Summary.Hidden != tt.hidden {
			t.Errorf("only %q skip %q: %d left, %d hidden; want %d, %d", tt.only, tt.skip, len(r.Findings), r.Summary.Hidden, tt.want, tt.hidden)
		}
	}
}

func TestParseTermsSaysWhatIsRight(t *testing.T) {
	for in, want := range map[string]string{
		"": "KEY=PATTERN", "high": "KEY=PATTERN", "check=": "KEY=PATTERN", "colour=red": "not one of check",
		"severity=huge": "low, medium", "zone=moon": "client", "surface=moon": "insecure-defaults", "check=[": "pattern",
	} {
		if _, err := ParseTerms(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", in, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	before, after := filterable(), filterable()
	for i := range before.Findings {
		before.Findings[i].Status, after.Findings[i].Status = "fail", "fail"
	}
	after.Findings[0].Status = "pass"
	before.Findings[2].Status, after.Findings[2].Status = "pass", "not-applicable" // no news
	before.Threats = []Threat{{ID: "A", Status: "open", Risk: Risk{Current: Score{Value: 12, Band: "high"}}}, {ID: "B", Status: "open"}}
	after.Threats = []Threat{{ID: "A", Status: "mitigated", Risk: Risk{Current: Score{Value: 3, Band: "low"}}}, {ID: "B", Status: "open"}}
	c := Compare(before, after, []SubjectCheck{{Check: "container-memory-limit", Key: "compose/shop/db/1"}})
	if len(c.Threats) != 1 || c.Threats[0].After.Status != "mitigated" || c.Threats[0].Before.Band != "high" {
		t.Errorf("threats %+v", c.Threats)
	}
	if len(c.Findings) != 2 || c.Findings[0].After != "pass" || c.Findings[1].After != "fail" {
		t.Errorf("findings %+v", c.Findings)
	}
}

func TestDecodePlanChecksReferences(t *testing.T) {
	for in, want := range map[string]string{
		`{"schema":"other"}`: "not a plimsoll plan",
		`{"schema":"plimsoll.plan/v1","measures":[{"id":"m","steps":["x"]}]}`: "unknown step",
		`[`: "decode plan",
	} {
		if _, err := DecodePlan([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
