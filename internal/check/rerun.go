package check

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Rerun is [Run] for the index of a simulation: before is what was found
// without it. Only checks that read what the simulation set are asked, and named
// in asked; of the others the findings are taken over. Members may be spread over
// findings in another way than by Run, with the same verdicts.
func Rerun(suite []*Check, in Inputs, before []Finding) (findings []Finding, asked map[string]bool) {
	asked = make(map[string]bool)
	var again []*Check
	for _, c := range suite {
		if c.touched(in.Index.Edited()) {
			asked[c.ID] = true
			again = append(again, c)
		}
	}
	found := Run(again, in)
	var runs [][]Finding
	for _, c := range suite {
		var old, fresh []Finding
		old, before = leading(before, c)
		fresh, found = leading(found, c)
		if asked[c.ID] {
			old = fresh
		}
		runs = append(runs, old)
	}
	return slices.Concat(runs...), asked
}

// leading splits off the findings of a check, which come in the order of the suite.
func leading(findings []Finding, c *Check) (of, rest []Finding) {
	n := 0
	for n < len(findings) && findings[n].Check == c {
		n++
	}
	return findings[:n], findings[n:]
}

// touched reports whether one of the fields that were set may change a verdict.
func (c *Check) touched(set []snapshot.Edited) bool {
	return slices.ContainsFunc(set, func(e snapshot.Edited) bool {
		if e.Kind != snapshot.KindContainer {
			return true // which checks read it is not declared
		}
		f, _ := snapshot.ContainerField(e.Field)
		path := f.Path
		return slices.ContainsFunc(c.Reads, func(r string) bool {
			return r == path || strings.HasPrefix(r, path+".") || strings.HasPrefix(path, r+".")
		})
	})
}
