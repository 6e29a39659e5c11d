package rbac

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// aggregate finds which cluster roles put their rules into which others.
func (g *Graph) aggregate() {
	g.into, g.from = make(map[int32][]int32), make(map[int32][]int32)
	var aggregated []int32
	for i := range g.Roles {
		if len(g.Roles[i].Aggregates) > 0 {
			aggregated = append(aggregated, int32(i))
		}
	}
	if len(aggregated) == 0 {
		return
	}
	for i := range g.Roles {
		r := &g.Roles[i]
		if r.Namespace != "" || len(r.Labels) == 0 {
			continue
		}
		for _, a := range aggregated {
			if a != int32(i) && slices.ContainsFunc(g.Roles[a].Aggregates, func(sel []snapshot.Pair) bool { return selects(sel, r.Labels) }) {
				g.into[int32(i)] = append(g.into[int32(i)], a)
				g.from[a] = append(g.from[a], int32(i))
			}
		}
	}
}

// selects reports whether labels have every pair of a selector. An empty selector
// selects everything.
func selects(selector, labels []snapshot.Pair) bool {
	for _, p := range selector {
		if !slices.Contains(labels, p) {
			return false
		}
	}
	return true
}

// fill gives each role its content. On a running system the stored rules of an
// aggregated role are what the controller wrote, and the authorizer reads them. In
// files they are put together here.
func (g *Graph) fill() {
	c := contents{at: make(map[string]int32)}
	for i := range g.Roles {
		r := &g.Roles[i]
		rules, open := r.Rules, unread(r.Role, "rules")
		if g.files && r.At >= 0 && (len(r.Aggregates) > 0 || unread(r.Role, "aggregates")) {
			rules, open = g.composed(int32(i)), open || !g.whole(int32(i), nil)
		}
		r.content = c.put(rules, open)
	}
	g.contents = c.all
}

// composed joins the rules of the roles that an aggregated role takes them from.
func (g *Graph) composed(role int32) []snapshot.Rule {
	var rules []snapshot.Rule
	for _, r := range g.contributors(role) {
		if len(g.Roles[r].Aggregates) == 0 {
			rules = append(rules, g.Roles[r].Rules...)
		}
	}
	return rules
}

// contributors lists the roles below an aggregated one, through others that are
// aggregated themselves.
func (g *Graph) contributors(role int32) []int32 {
	seen := map[int32]bool{role: true}
	queue := []int32{role}
	for n := 0; n < len(queue); n++ {
		for _, r := range g.from[queue[n]] {
			if !seen[r] {
				seen[r] = true
				queue = append(queue, r)
			}
		}
	}
	return queue[1:]
}

// whole reports whether the files hold what an aggregated role is made of, as far
// as files can: each of its selectors finds a role there, and none is one of those
// that roles of the cluster itself carry.
func (g *Graph) whole(role int32, above []int32) bool {
	r := &g.Roles[role]
	if unread(r.Role, "aggregates") {
		return false
	}
	for _, sel := range r.Aggregates {
		if len(sel) == 0 || slices.ContainsFunc(sel, func(p snapshot.Pair) bool {
			return strings.HasPrefix(p.Key, "rbac.authorization.k8s.io/aggregate-to-") && shipped().carries(p)
		}) {
			return false
		}
		found := false
		for _, f := range g.from[role] {
			if !selects(sel, g.Roles[f].Labels) {
				continue
			}
			found = true
			if len(g.Roles[f].Aggregates) > 0 && !slices.Contains(above, f) && !g.whole(f, append(above, role)) {
				return false
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// unread reports whether a field of a role was not understood.
func unread(r *snapshot.Role, field string) bool {
	return slices.ContainsFunc(r.Unread, func(u string) bool {
		return u == snapshot.AllUnread || u == field || strings.HasPrefix(u, field+".") || strings.HasPrefix(u, field+"[")
	})
}
