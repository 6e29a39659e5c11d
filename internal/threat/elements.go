package threat

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// encloses says which kinds lie inside which: the elements of a threat are of
// the innermost kinds that its required checks judge.
var encloses = map[snapshot.Kind][]snapshot.Kind{
	snapshot.KindHost: {
		snapshot.KindHostFile, snapshot.KindEngine, snapshot.KindContainer, snapshot.KindImage, snapshot.KindNetwork,
		snapshot.KindClient, snapshot.KindSwarm,
	},
	snapshot.KindEngine: {snapshot.KindHostFile, snapshot.KindContainer, snapshot.KindImage, snapshot.KindNetwork},
}

// elements lists what a threat is decided for: the subjects of its innermost
// required checks. A kind that was proved to have no subjects gives none, so a
// threat to containers does not apply where there is no container, whatever
// the engine's settings. A kind that could not be looked at stands as its scope.
func (e *evaluator) elements(t *Threat) []int {
	innermost := innermostKinds(t)
	seen := make(map[int]bool)
	for _, c := range t.Required {
		for _, key := range c {
			kind := Members()[key].Subject
			if !slices.Contains(innermost, kind) {
				continue
			}
			if e.built[key] == nil {
				for _, s := range e.scopesFor(kind) {
					seen[s] = true
				}
				continue
			}
			for _, f := range e.findings[key] {
				for _, m := range f.Members {
					if e.in.Index.Subjects[m].Kind == kind || f.Status != check.NotApplicable {
						seen[m] = true
					}
				}
			}
		}
	}
	return e.withoutEnclosing(seen)
}

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
		return slices.ContainsFunc(kinds, func(k snapshot.Kind) bool { return slices.Contains(encloses[outer], k) })
	})
}

// scopesFor returns the scope subjects that stand for a kind nobody collects
// yet: hosts for what belongs to a host, else engines, else every scope.
func (e *evaluator) scopesFor(kind snapshot.Kind) []int {
	want := snapshot.ScopeEngine
	switch kind {
	case snapshot.KindHost, snapshot.KindHostFile, snapshot.KindClient:
		want = snapshot.ScopeHost
	case snapshot.KindRegistry:
		want = snapshot.ScopeRegistry
	}
	x := e.in.Index
	var all, found []int
	for _, sc := range x.Snapshot.Scopes {
		s := x.ScopeSubject(sc.ID)
		all = append(all, s)
		if sc.Kind == want {
			found = append(found, s)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, s := range all {
		if x.Subjects[s].Kind == snapshot.KindEngine {
			found = append(found, s)
		}
	}
	if len(found) > 0 {
		return found
	}
	return all
}

// withoutEnclosing drops candidates that have another candidate inside: what
// was said of them applies there. Containers that are kept for a rollback are
// not judged, so they are no elements either.
func (e *evaluator) withoutEnclosing(seen map[int]bool) []int {
	outer := make(map[int]bool)
	for s := range seen {
		for p := e.in.Index.Parents[s]; p >= 0; p = e.in.Index.Parents[p] {
			outer[p] = true
		}
	}
	out := make([]int, 0, len(seen))
	for s := range seen {
		if c := e.in.Index.Container(s); !outer[s] && (c == nil || c.KeptFor == "") {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
