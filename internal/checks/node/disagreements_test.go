package node

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/kube"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

const page = "../../../docs/disagreements-kubernetes.md"

var (
	rows  = regexp.MustCompile("(?m)^\\| ([0-9.]+) \\| `([a-z0-9-]+)` \\| ([a-z-]+) \\| ([A-Z]+) \\| (.+) \\| (.+) \\|$")
	agree = regexp.MustCompile(`(?m)^- \*\*([a-z-]+)\*\*: (.+)$`)
	code  = regexp.MustCompile("`([a-z0-9-]+)`")
)

// TestDisagreements holds docs/disagreements-kubernetes.md to the checks, on a
// recorded node.
func TestDisagreements(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile("testdata/kubeadm-1.37.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := snapshot.Parse(recorded)
	if err != nil {
		t.Fatal(err)
	}
	suite := slices.Concat(kube.Suite, Suite)
	by := make(map[string][]check.Finding)
	for _, f := range check.Run(suite, check.Inputs{Index: snapshot.NewIndex(s), Now: s.Taken}) {
		by[f.Check.ID] = append(by[f.Check.ID], f)
	}
	numbers := make(map[string]string)
	for _, c := range suite {
		for _, r := range c.Refs {
			if r.Edition == "1.12" {
				numbers[c.ID] = r.ID
			}
		}
	}
	seen := make(map[string]bool)
	holds := func(id, want string) {
		if seen[id] {
			t.Errorf("%s stands on the page twice", id)
		}
		seen[id] = true
		if got := checktest.Worst(by[id]).String(); got != want {
			t.Errorf("%s: the page says %s, the check %s", id, want, got)
		}
	}
	for _, m := range rows.FindAllStringSubmatch(string(raw), -1) {
		holds(m[2], m[3])
		if numbers[m[2]] != m[1] {
			t.Errorf("%s: the page says number %s, the check %s", m[2], m[1], numbers[m[2]])
		}
		if m[4] == strings.ToUpper(m[3]) {
			t.Errorf("%s: both say %s, which is no disagreement", m[2], m[4])
		}
	}
	for _, m := range agree.FindAllStringSubmatch(string(raw), -1) {
		for _, c := range code.FindAllStringSubmatch(m[2], -1) {
			holds(c[1], m[1])
		}
	}
	for id, n := range numbers {
		if !seen[id] {
			t.Errorf("%s %s is not on the page: %v", n, id, checktest.Worst(by[id]))
		}
	}
}
