package rbac

import (
	"slices"

	"plimsoll/internal/snapshot"
)

// Allows reports whether the roles and bindings let a user do something. Rights of
// nodes that the Node authorizer adds are not in them.
func (g *Graph) Allows(u User, a Attributes) bool {
	if slices.Contains(u.Groups, Masters) {
		return true
	}
	if g.allows(normal(snapshot.RBACSubject{Kind: user, Name: u.Name}, ""), &a) {
		return true
	}
	return slices.ContainsFunc(u.Groups, func(name string) bool { return g.allows(snapshot.RBACSubject{Kind: group, Name: name}, &a) })
}

func (g *Graph) allows(s snapshot.RBACSubject, a *Attributes) bool {
	id, ok := g.ids[s]
	if !ok {
		return false
	}
	for _, n := range g.bySub.of(id) {
		if g.applies(n, a) && g.contents[g.Roles[g.target[n]].content].allows(a) {
			return true
		}
	}
	return false
}

// applies reports whether a binding is for requests like it.
func (g *Graph) applies(n int32, a *Attributes) bool {
	b := g.Binding(int(n))
	return g.target[n] >= 0 && (b.Namespace == "" || b.Namespace == a.Namespace && a.Path == "")
}

// Grant is a role that a binding hands out.
type Grant struct {
	Binding int // position in Bindings
	Role    int // position in Roles: whose rules it is about
	Bound   int // position in Roles: the role that the binding names, into which Role is aggregated when they differ
}

// Holders lists the grants that allow a request, to whomever they are made.
func (g *Graph) Holders(a Attributes) []Grant {
	allows := make([]int8, len(g.contents))
	var out []Grant
	for n := range g.Bindings {
		if !g.applies(int32(n), &a) || g.Invalid(n) != "" {
			continue
		}
		for r := g.target[n]; r >= 0; r = g.Roles[r].same {
			c := g.Roles[r].content
			if allows[c] == 0 {
				allows[c] = -1
				if g.contents[c].allows(&a) {
					allows[c] = 1
				}
			}
			if allows[c] > 0 {
				out = append(out, Grant{Binding: n, Role: int(r), Bound: int(r)})
			}
		}
	}
	return out
}

// Extents says for each role how far its rules give one of the rights. The work
// follows what roles differ in.
func (g *Graph) Extents(rights []Right) []Extent {
	per := make([]Extent, len(g.contents))
	for c := range g.contents {
		per[c] = extentOf(g.contents[c].rules, rights)
	}
	out := make([]Extent, len(g.Roles))
	for i := range g.Roles {
		out[i] = per[g.Roles[i].content]
	}
	return out
}

// Rules returns the rules of a role; open says that it may have more, which were
// not seen.
func (g *Graph) Rules(role int) (rules []snapshot.Rule, open bool) {
	c := &g.contents[g.Roles[role].content]
	return c.rules, c.open
}

// Aggregated reports whether a role takes its rules from others.
func (g *Graph) Aggregated(role int) bool { return len(g.Roles[role].Aggregates) > 0 }

// Contributors lists the roles that an aggregated role takes its rules from,
// through others that are aggregated themselves.
func (g *Graph) Contributors(role int) []int { return ints(g.contributors(int32(role))) }

// Grants lists what hands a role out: its own bindings, and those of the roles
// that its rules are aggregated into.
func (g *Graph) Grants(role int) []Grant {
	var out []Grant
	for _, r := range g.above(int32(role)) {
		for _, n := range g.byRole.of(r) {
			out = append(out, Grant{Binding: int(n), Role: role, Bound: int(r)})
		}
	}
	return out
}

// above lists a role and those that it is aggregated into.
func (g *Graph) above(role int32) []int32 {
	queue := []int32{role}
	for n := 0; n < len(queue); n++ {
		for _, r := range g.into[queue[n]] {
			if !slices.Contains(queue, r) {
				queue = append(queue, r)
			}
		}
	}
	return queue
}

// Gives reports whether a grant gives one of the rights where it counts.
func (g *Graph) Gives(n Grant, rights []Right) bool {
	ns := g.Binding(n.Binding).Namespace
	rules, _ := g.Rules(n.Bound)
	for j := range rights {
		if rights[j].reaches(ns) && slices.ContainsFunc(rules, func(r snapshot.Rule) bool { return rights[j].Extent(&r) != None }) {
			return true
		}
	}
	return false
}

// Has reports whether a subject, or a group that it is in by itself, has one of
// the rights somewhere.
func (g *Graph) Has(s snapshot.RBACSubject, rights []Right) bool {
	for _, m := range Memberships(s) {
		for _, n := range g.BindingsOf(m) {
			if t := g.Target(n); t >= 0 && g.Gives(Grant{Binding: n, Role: t, Bound: t}, rights) {
				return true
			}
		}
	}
	return false
}

// BindingsOf lists the bindings that name a subject, positions in Bindings.
func (g *Graph) BindingsOf(s snapshot.RBACSubject) []int {
	id, ok := g.ids[s]
	if !ok {
		return nil
	}
	return ints(g.bySub.of(id))
}

func ints(list []int32) []int {
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = int(v)
	}
	return out
}
