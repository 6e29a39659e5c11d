package threat

import (
	"slices"
	"testing"

	"plimsoll/internal/model"
)

func TestCatalogueIsWellFormed(t *testing.T) {
	seen := make(map[string]bool)
	cells := make(map[model.Zone]map[model.Class]bool)
	for _, th := range Catalogue() {
		if seen[th.ID] {
			t.Errorf("%s appears twice", th.ID)
		}
		seen[th.ID] = true
		if th.Title == "" || th.Attack == "" || th.Mitigations == "" || th.Surface == "" || len(th.Required) == 0 {
			t.Errorf("%s lacks a title, attack, mitigation, surface or required clause", th.ID)
		}
		if !slices.Contains(model.Zones, th.Zone) || !slices.Contains(model.Classes, th.Class) {
			t.Errorf("%s: zone %q or class %q", th.ID, th.Zone, th.Class)
		}
		if n := len(th.Required) + len(th.Supporting); n > maxClauses {
			t.Errorf("%s has %d clauses, a group's key holds %d", th.ID, n, maxClauses)
		}
		if th.Likelihood < 1 || th.Likelihood > 5 || th.Impact < 1 || th.Impact > 5 {
			t.Errorf("%s: likelihood %d, impact %d", th.ID, th.Likelihood, th.Impact)
		}
		for _, c := range slices.Concat(th.Required, th.Supporting) {
			for _, m := range c {
				if _, ok := Members()[m]; !ok {
					t.Errorf("%s names the check %q, which members.csv does not have", th.ID, m)
				}
			}
		}
		if cells[th.Zone] == nil {
			cells[th.Zone] = make(map[model.Class]bool)
		}
		cells[th.Zone][th.Class] = true
	}
	for _, z := range model.Zones {
		for _, c := range model.Classes {
			if !cells[z][c] {
				t.Errorf("no threat in zone %s of class %s", z, c)
			}
		}
	}
}

func TestMembersAreNamed(t *testing.T) {
	named := make(map[string]bool)
	for _, th := range Catalogue() {
		for _, c := range slices.Concat(th.Required, th.Supporting) {
			for _, m := range c {
				named[m] = true
			}
		}
	}
	for k, m := range Members() {
		if !named[k] {
			t.Errorf("members.csv has %s, which no clause names", k)
		}
		if m.Subject == "" || m.Title == "" || !slices.Contains(model.Surfaces, m.Surface) {
			t.Errorf("members.csv: %s lacks a subject or title, or its surface %q is none of %v", k, m.Surface, model.Surfaces)
		}
	}
}
