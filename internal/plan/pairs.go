package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// pair is two candidates that an open threat needs together: each helps a clause
// that fails, and no other clause does.
type pair struct {
	first, second step.Measure
	threats       []string // that need both
	hopes         int      // risk of those threats
	trial                  // of both
}

// bestPair returns the two measures that together remove more than the best two
// single ones do, if there are such. Only pairs that a threat needs are simulated,
// and of them only those that could remove as much.
func (r *run) bestPair(candidates []step.Measure, alone map[string]int) (pair, bool) {
	if r.o.Max > 0 && r.o.Max-len(r.plan.Choices) < 2 {
		return pair{}, false
	}
	var found pair
	ok := false
	floor := bestTwo(alone)
	for _, p := range r.pairs(candidates) {
		_, fits := alone[p.first.ID]
		_, too := alone[p.second.ID]
		if !fits || !too || alone[p.first.ID]+alone[p.second.ID]+p.hopes <= floor {
			continue
		}
		t, fits := r.try(p.first, p.second)
		if !fits || t.removes <= floor {
			continue
		}
		p.trial = t
		if !ok || comparePairs(&p, &found) < 0 {
			found, ok = p, true
		}
	}
	if ok && (alone[found.second.ID] > alone[found.first.ID] ||
		alone[found.second.ID] == alone[found.first.ID] && cmp.Or(cmp.Compare(found.second.Disturbs, found.first.Disturbs), cmp.Compare(found.second.ID, found.first.ID)) < 0) {
		found.first, found.second = found.second, found.first
	}
	return found, ok
}

// bestTwo is what the two best single measures remove, were neither to touch
// what the other does.
func bestTwo(alone map[string]int) int {
	first, second := 0, 0
	for _, n := range alone {
		if n > first {
			first, second = n, first
		} else {
			second = max(second, n)
		}
	}
	return first + second
}

func comparePairs(a, b *pair) int {
	return cmp.Or(
		cmp.Compare(b.removes, a.removes),
		cmp.Compare(max(a.first.Disturbs, a.second.Disturbs), max(b.first.Disturbs, b.second.Disturbs)),
		cmp.Compare(a.first.ID, b.first.ID), cmp.Compare(a.second.ID, b.second.ID),
	)
}

// pairs lists the pairs of candidates that open threats need, in the order of
// threats and candidates.
func (r *run) pairs(candidates []step.Measure) []pair {
	var out []pair
	at := make(map[[2]string]int)
	for i := range r.now.Threats {
		t := &r.now.Threats[i]
		worst := r.worst(t)
		if worst.Status != threat.Open {
			continue
		}
		for _, two := range couples(r.helpers(t, candidates)) {
			key := [2]string{min(two[0].ID, two[1].ID), max(two[0].ID, two[1].ID)}
			j, known := at[key]
			if !known {
				j = len(out)
				at[key] = j
				out = append(out, pair{first: two[0], second: two[1]})
			}
			out[j].threats = append(out[j].threats, t.Threat.ID)
			out[j].hopes += worst.Risk.Value()
		}
	}
	return out
}

// helpers lists, for each clause that fails somewhere, the candidates that help
// it.
func (r *run) helpers(t *threat.Result, candidates []step.Measure) [][]step.Measure {
	var out [][]step.Measure
	for i, clause := range t.Threat.Required {
		fails := slices.ContainsFunc(t.Groups, func(g threat.Group) bool { return g.Required[i] == threat.Fail && r.members(&g) > 0 })
		if !fails {
			continue
		}
		var help []step.Measure
		for _, m := range candidates {
			if slices.Contains(clause, m.Check) {
				help = append(help, m)
			}
		}
		out = append(out, help)
	}
	return out
}

// couples makes the pairs that may close a threat with these failing clauses: one
// measure for each of two, or two for one that a single measure helps in part.
func couples(clauses [][]step.Measure) [][2]step.Measure {
	var out [][2]step.Measure
	switch len(clauses) {
	case 1:
		for i, a := range clauses[0] {
			for _, b := range clauses[0][i+1:] {
				out = append(out, [2]step.Measure{a, b})
			}
		}
	case 2:
		for _, a := range clauses[0] {
			for _, b := range clauses[1] {
				if a.ID != b.ID {
					out = append(out, [2]step.Measure{a, b})
				}
			}
		}
	}
	return out
}

// takePair chooses both, and says of each that it is for the other.
func (r *run) takePair(p pair) {
	one, _ := r.try(p.first) // it fits: the pair was made of those that do
	why := fmt.Sprintf("with %%s it closes %s, which neither closes alone", strings.Join(p.threats, ", "))
	r.take(one, fmt.Sprintf(why, p.second.ID))
	two := p.trial
	two.measure, two.removes = p.second, p.removes-one.removes
	r.take(two, fmt.Sprintf(why, p.first.ID))
	n := len(r.plan.Choices)
	r.plan.Choices[n-2].With, r.plan.Choices[n-1].With = p.second.ID, p.first.ID
}
