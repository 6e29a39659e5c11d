package threat

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// elements lists the cells that a threat is decided for: the subjects of its
// innermost required checks. A kind that was proved to have no subjects gives
// none, so a threat to containers does not apply where there is no container,
// whatever the engine's settings. A kind that could not be looked at stands as
// its scope.
func (e *evaluator) elements(t *Threat) []int {
	innermost := innermostKinds(t)
	seen := make([]bool, len(e.cells))
	for _, c := range t.Required {
		for _, key := range c {
			kind := Members()[key].Subject
			if !slices.Contains(innermost, kind) {
				continue
			}
			if e.built[key] == nil || !e.holds(kind) {
				for _, s := range e.scopesFor(kind) {
					seen[s] = true
				}
				continue
			}
			for _, i := range e.findings[key] {
				for _, c := range e.about[i] {
					if e.cells[c].kind == kind || e.in.Findings[i].Status != check.NotApplicable {
						seen[c] = true
					}
				}
			}
		}
	}
	return e.withoutEnclosing(seen)
}

// enclosing are the kinds whose subjects stand back behind those of a kind inside
// them. A swarm does not make its engine do so: most engines are in none, and what
// a swarm would settle is then theirs.
func enclosing(k snapshot.Kind) []snapshot.Kind {
	if k == snapshot.KindSwarm {
		return nil
	}
	return snapshot.Kinds[k].Inside
}

// innermostKinds are the kinds of a threat's required checks, without hosts and
// engines where a check looks at something inside them.
func innermostKinds(t *Threat) []snapshot.Kind {
	var kinds []snapshot.Kind
	for _, c := range t.Required {
		for _, key := range c {
			if k := Members()[key].Subject; !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(outer snapshot.Kind) bool {
		if outer != snapshot.KindHost && outer != snapshot.KindEngine {
			return false // an image or network without containers is an element too
		}
		return slices.ContainsFunc(kinds, func(k snapshot.Kind) bool { return slices.Contains(enclosing(k), outer) })
	})
}

// holds reports whether the snapshot has a scope that such subjects belong to.
func (e *evaluator) holds(k snapshot.Kind) bool {
	return slices.ContainsFunc(e.in.Index.Snapshot.Scopes, func(sc snapshot.Scope) bool {
		return e.in.Index.Snapshot.MayHold(&sc, k)
	})
}

// scopesFor returns the cells of the scopes that stand for a kind nobody looked
// at: those that would hold it, else engines, else every scope.
func (e *evaluator) scopesFor(kind snapshot.Kind) []int {
	s := e.in.Index.Snapshot
	of := func(take func(*snapshot.Scope) bool) []int {
		var out []int
		for i := range s.Scopes {
			if sc := &s.Scopes[i]; take(sc) {
				out = append(out, e.cellOfScope(sc.ID))
			}
		}
		return out
	}
	if found := of(func(sc *snapshot.Scope) bool { return s.Holds(sc, kind) }); len(found) > 0 {
		return found
	}
	if found := of(func(sc *snapshot.Scope) bool { return sc.Kind == snapshot.ScopeEngine }); len(found) > 0 {
		return found
	}
	return of(func(*snapshot.Scope) bool { return true })
}

// cellOfScope returns the cell of the subject that stands for a scope. Scopes
// come first, so the search is short.
func (e *evaluator) cellOfScope(id string) int {
	s := e.in.Index.ScopeSubject(id)
	return slices.IndexFunc(e.cells, func(c cell) bool { return slices.Contains(c.members, s) })
}

// withoutEnclosing drops candidates that have another candidate inside: what
// was said of them applies there. Containers that are kept for a rollback are
// not judged, so they are no elements either.
func (e *evaluator) withoutEnclosing(seen []bool) []int {
	outer := make([]bool, len(e.cells))
	for i, c := range slices.Backward(e.cells) {
		if seen[i] || outer[i] {
			for _, a := range c.around {
				outer[a] = true
			}
		}
	}
	out := make([]int, 0, len(seen))
	for i := range e.cells {
		if !seen[i] || outer[i] {
			continue
		}
		if c := e.in.Index.Container(e.cells[i].members[0]); c == nil || c.KeptFor == "" {
			out = append(out, i)
		}
	}
	return out
}
