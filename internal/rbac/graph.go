// Package rbac resolves the roles, bindings and accounts of a snapshot to who may
// do what, as the API server's RBAC authorizer decides it. Roles with equal rules
// are looked at once, however many there are and however often they are bound.
package rbac

import (
	"iter"
	"slices"

	"plimsoll/internal/snapshot"
)

// Role is a role of a graph.
type Role struct {
	*snapshot.Role
	At int // position in the snapshot's Roles, or -1: one of Kubernetes' own that the files leave out

	content int32
	same    int32 // next role of the name, or -1: a folder may define one several times
}

// Graph is the resolved access of one scope. It is not changed once it is made.
type Graph struct {
	Roles    []Role
	Bindings []int // of the scope, positions in the snapshot's Bindings

	s        *snapshot.Snapshot
	files    bool // the scope is one of files: what is not there may be in the cluster
	contents []content
	named    map[[2]string]int32 // namespace and name -> the first of Roles
	target   []int32             // Bindings -> the first of Roles, or -1
	into     map[int32][]int32   // contributing role -> aggregated roles
	from     map[int32][]int32   // aggregated role -> contributing roles
	byRole   lists               // Roles -> positions in Bindings
	ids      map[snapshot.RBACSubject]int32
	bySub    lists // subjects -> positions in Bindings
}

// graphOf is the key of a scope's graph among the tables of an index.
type graphOf string

// Of returns the graph of a scope, which all checks share.
func Of(x *snapshot.Index, scope string) *Graph {
	g, _ := x.Derived(graphOf(scope), func(x *snapshot.Index) any { return Resolve(x.Snapshot, scope) }).(*Graph)
	return g
}

// Resolve builds the graph of a scope.
func Resolve(s *snapshot.Snapshot, scope string) *Graph {
	g := &Graph{s: s, named: make(map[[2]string]int32, len(s.Roles))}
	if sc := s.Scope(scope); sc != nil {
		g.files = sc.Kind == snapshot.ScopeFiles
	}
	for i := range s.Roles {
		if s.Roles[i].Scope == scope {
			g.addRole(&s.Roles[i], i)
		}
	}
	for i := range s.Bindings {
		if s.Bindings[i].Scope == scope {
			g.Bindings = append(g.Bindings, i)
		}
	}
	if g.files {
		g.addShipped()
	}
	g.aggregate()
	g.fill()
	g.point()
	g.intern()
	return g
}

func (g *Graph) addRole(r *snapshot.Role, at int) {
	i := int32(len(g.Roles))
	g.Roles = append(g.Roles, Role{Role: r, At: at, same: -1})
	name := [2]string{r.Namespace, r.Name}
	if first, again := g.named[name]; again {
		g.Roles[i].same, g.Roles[first].same = g.Roles[first].same, i
		return
	}
	g.named[name] = i
}

// addShipped adds the cluster roles that Kubernetes itself makes and the files
// bind without defining them.
func (g *Graph) addShipped() {
	for _, i := range g.Bindings {
		b := &g.s.Bindings[i]
		if _, here := g.named[[2]string{"", b.Role}]; here || !b.ClusterRole {
			continue
		}
		if r := shipped().role(b.Role); r != nil {
			g.addRole(r, -1)
		}
	}
}

// point finds the role that each binding names.
func (g *Graph) point() {
	g.target = make([]int32, len(g.Bindings))
	for n := range g.Bindings {
		b := g.Binding(n)
		name := [2]string{b.Namespace, b.Role}
		if b.ClusterRole {
			name[0] = ""
		}
		g.target[n] = -1
		if role, ok := g.named[name]; ok {
			g.target[n] = role
		}
	}
	g.byRole = gather(len(g.Roles), func(yield func(int32, int32)) {
		for n, role := range g.target {
			if role < 0 || g.Invalid(n) != "" {
				continue
			}
			for r := role; r >= 0; r = g.Roles[r].same {
				yield(r, int32(n))
			}
		}
	})
}

// intern numbers the subjects and lists the bindings of each.
func (g *Graph) intern() {
	g.ids = make(map[snapshot.RBACSubject]int32, len(g.Bindings)/2)
	of := make([][2]int32, 0, len(g.Bindings))
	for n := range g.Bindings {
		if g.Invalid(n) != "" {
			continue
		}
		for s := range g.Subjects(n) {
			id, ok := g.ids[s]
			if !ok {
				id = int32(len(g.ids))
				g.ids[s] = id
			}
			of = append(of, [2]int32{id, int32(n)})
		}
	}
	g.bySub = gather(len(g.ids), func(yield func(int32, int32)) {
		for _, p := range of {
			yield(p[0], p[1])
		}
	})
}

// Binding returns the binding at a position of Bindings.
func (g *Graph) Binding(n int) *snapshot.Binding { return &g.s.Bindings[g.Bindings[n]] }

// Target returns the role that a binding names, a position in Roles, or -1 when
// there is none.
func (g *Graph) Target(n int) int { return int(g.target[n]) }

// Invalid says why the API server would not take a binding; empty when it would.
func (g *Graph) Invalid(n int) string {
	b := g.Binding(n)
	if b.Invalid != "" {
		return b.Invalid
	}
	if b.Namespace == "" && slices.ContainsFunc(b.Subjects, func(s snapshot.RBACSubject) bool { return s.Kind == account && s.Namespace == "" }) {
		return "a ClusterRoleBinding must give the namespace of a service account"
	}
	return ""
}

// Subjects yields whom a binding is for, each in one form: an account of a
// RoleBinding without a namespace is of the binding's, and a user with the name
// that an account has is that account.
func (g *Graph) Subjects(n int) iter.Seq[snapshot.RBACSubject] {
	b := g.Binding(n)
	return func(yield func(snapshot.RBACSubject) bool) {
		for _, s := range b.Subjects {
			if !yield(normal(s, b.Namespace)) {
				return
			}
		}
	}
}

// lists are lists of numbers that lie behind each other.
type lists struct{ start, items []int32 }

// gather sorts pairs into n lists. It asks for the pairs twice.
func gather(n int, pairs func(yield func(list, item int32))) lists {
	l := lists{start: make([]int32, n+1)}
	pairs(func(list, _ int32) { l.start[list+1]++ })
	for i := range n {
		l.start[i+1] += l.start[i]
	}
	l.items = make([]int32, l.start[n])
	next := slices.Clone(l.start[:n])
	pairs(func(list, item int32) {
		l.items[next[list]] = item
		next[list]++
	})
	return l
}

func (l *lists) of(i int32) []int32 { return l.items[l.start[i]:l.start[i+1]] }
