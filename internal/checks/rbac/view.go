package rbac

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

// view is the access of a scope as a check sees it.
type view struct {
	p       *check.Probe
	g       *access.Graph
	files   bool
	allowed []string // patterns of user and group names
	is      map[snapshot.RBACSubject]bool
}

// look returns the access of the scope, or reports why there is none to judge.
// param names the list of subjects that may hold what the check is about; empty:
// there is none.
func look(p *check.Probe, param string) (*view, bool) {
	if v, off := otherAuthorizer(p); off {
		p.Report(v, p.Self())
		return nil, false
	}
	v := &view{p: p, g: access.Of(p.Index, p.Scope.ID), files: p.Scope.Kind == snapshot.ScopeFiles, is: make(map[snapshot.RBACSubject]bool)}
	if param != "" {
		v.allowed, _ = p.List(param)
	}
	return v, true
}

// otherAuthorizer reports whether the API server is known not to ask RBAC at all.
func otherAuthorizer(p *check.Probe) (check.Verdict, bool) {
	for i := range p.Snapshot.Components {
		c := &p.Snapshot.Components[i]
		if c.Scope != p.Scope.ID || c.Name != snapshot.APIServer {
			continue
		}
		modes, set := c.FlagList("authorization-mode")
		if _, file := c.Flag("authorization-config"); set && !file && !slices.Contains(modes, "RBAC") {
			return check.Inapplicable("RBAC is not the authorizer", check.Evidence{Source: "--authorization-mode", Value: strings.Join(modes, ",")}), true
		}
	}
	return check.Verdict{}, false
}

// approved reports whether nobody decided a grant here, or the policy's list has
// the subject.
func (v *view) approved(n int, s snapshot.RBACSubject) bool {
	return access.Shipped(v.g.Binding(n), s) || v.listed(s)
}

// listed reports whether the policy's list has a subject.
func (v *view) listed(s snapshot.RBACSubject) bool {
	ok, known := v.is[s]
	if !known {
		name := access.Username(s)
		ok = slices.ContainsFunc(v.allowed, func(pattern string) bool { return shared.Glob(pattern, name) })
		v.is[s] = ok
	}
	return ok
}

// holder is a subject that a binding gives something to.
type holder struct {
	grant   access.Grant
	subject snapshot.RBACSubject
}

// binding names a binding: RoleBinding shop/web.
func (v *view) binding(n int) string {
	b := v.g.Binding(n)
	if b.Namespace == "" {
		return "ClusterRoleBinding " + b.Name
	}
	return "RoleBinding " + b.Namespace + "/" + b.Name
}

// role names a role: ClusterRole edit.
func (v *view) role(i int) string {
	r := &v.g.Roles[i]
	if r.Namespace == "" {
		return "ClusterRole " + r.Name
	}
	return "Role " + r.Namespace + "/" + r.Name
}

const (
	maxNamed    = 3
	maxEvidence = 8
)

// names lists the holders of a message, few of them by name.
func names(holders []holder) string {
	var out []string
	for _, h := range holders {
		if w := access.Words(h.subject); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) > maxNamed+1 {
		return fmt.Sprintf("%s and %d others", strings.Join(out[:maxNamed], ", "), len(out)-maxNamed)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
	return strings.Join(out, "")
}

// where says in which namespaces holders have what they have. Rights on what is of
// no namespace are had nowhere else.
func (v *view) where(holders []holder) string {
	var in []string
	for _, h := range holders {
		ns := v.g.Binding(h.grant.Binding).Namespace
		if ns == "" {
			return " in every namespace"
		}
		if !slices.Contains(in, ns) {
			in = append(in, ns)
		}
	}
	if len(in) > maxNamed {
		return fmt.Sprintf(" in %d namespaces", len(in))
	}
	return " in " + strings.Join(in, ", ")
}

// confined reports whether nothing beyond namespaces of workloads is reached.
func (v *view) confined(holders []holder) bool {
	return !slices.ContainsFunc(holders, func(h holder) bool {
		ns := v.g.Binding(h.grant.Binding).Namespace
		return ns == "" || snapshot.SystemNamespace(ns)
	})
}

// evidence lists the bindings by which holders have something, and what they hand
// out.
func (v *view) evidence(holders []holder) []check.Evidence {
	var out []check.Evidence
	for _, h := range holders[:min(len(holders), maxEvidence)] {
		value := access.Words(h.subject)
		if h.grant.Bound != h.grant.Role {
			value += ", through " + v.role(h.grant.Bound)
		}
		e := check.Evidence{Source: v.binding(h.grant.Binding), Value: value}
		if loc := v.g.Binding(h.grant.Binding).Loc; loc != nil {
			e.Loc = loc
		}
		out = append(out, e)
	}
	return out
}

// remarks adds to a verdict what its holders are that their names do not say.
func remarks(verdict check.Verdict, holders []holder) check.Verdict {
	if len(holders) > maxEvidence {
		verdict = verdict.Note(fmt.Sprintf("and %d more grants", len(holders)-maxEvidence))
	}
	var said []string
	say := func(note string) {
		if !slices.Contains(said, note) {
			said = append(said, note)
			verdict = verdict.Note(note)
		}
	}
	for _, h := range holders {
		switch {
		case access.Implicit(h.subject):
			say(access.Words(h.subject) + " is " + everyone(h.subject.Name))
		case access.IsGroup(h.subject):
			say("who is in a group is decided by certificates and identity providers, which no object of the cluster shows")
		}
	}
	return verdict
}

// everyone says who is in a group that has members by itself.
func everyone(group string) string {
	switch group {
	case access.Authenticated:
		return "everyone with any credential, each service account included"
	case access.Unauthenticated:
		return "everyone who reaches the API server"
	case access.Accounts:
		return "every service account of the cluster"
	}
	return "every service account of its namespace, one that is made there later included"
}

// list joins what a rule names, the first few of it.
func list(s []string) string {
	const most = 12
	if len(s) > most {
		return strings.Join(s[:most], ",") + fmt.Sprintf(" and %d more", len(s)-most)
	}
	return strings.Join(s, ",")
}

func itoa(i int) string { return strconv.Itoa(i) }
