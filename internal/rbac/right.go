package rbac

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Attributes is one request as an authorizer sees it.
type Attributes struct {
	Verb, Group, Resource, Subresource string
	Namespace                          string // empty: of no namespace, or across all
	Name                               string // empty where the request names no object: create, list
	Path                               string // of a request that is for no resource; the fields above but Verb are empty then
}

// ruleAllows reports whether a rule allows a request, as the API server's
// authorizer decides it.
func ruleAllows(r *snapshot.Rule, a *Attributes) bool {
	if !wild(r.Verbs, a.Verb) {
		return false
	}
	if a.Path != "" {
		return slices.ContainsFunc(r.URLs, func(u string) bool { return urlCovers(u, a.Path) })
	}
	return wild(r.Groups, a.Group) && resourceMatches(r.Resources, a.Resource, a.Subresource) &&
		(len(r.Names) == 0 || slices.Contains(r.Names, a.Name))
}

// wild reports whether a list has a value or the wildcard.
func wild(list []string, v string) bool {
	for _, s := range list {
		if s == "*" || s == v {
			return true
		}
	}
	return false
}

// urlCovers reports whether a path of a rule, which may end in a wildcard, covers
// a path.
func urlCovers(rule, path string) bool {
	if rule == "*" || rule == path {
		return true
	}
	return strings.HasSuffix(rule, "*") && strings.HasPrefix(path, strings.TrimRight(rule, "*"))
}

// resourceMatches knows the two wildcards that there are: * is every resource and
// subresource, */scale that subresource of every resource. pods/* is none: it
// means a subresource of that name.
func resourceMatches(list []string, resource, sub string) bool {
	for _, s := range list {
		switch {
		case s == "*":
			return true
		case sub == "" && s == resource:
			return true
		case sub != "" && len(s) == len(resource)+1+len(sub) && strings.HasPrefix(s, resource) && s[len(resource)] == '/' && s[len(resource)+1:] == sub:
			return true
		case sub != "" && len(s) == len(sub)+2 && s[:2] == "*/" && s[2:] == sub:
			return true
		}
	}
	return false
}

// Right is a question asked of rules rather than of a request: one of the verbs on
// one of the resources.
type Right struct {
	Verbs     []string
	Group     string
	Resources []string // pods, pods/exec
	Cluster   bool     // requests for it have no namespace, so that a RoleBinding gives it to nobody
	In        []string // namespaces that count; empty: all
	Names     []string // objects that count where a rule is limited to names; nil: such a rule is [Named]; "*": every name is as good as all
}

// Extent says how far a rule, a role or a subject has a right.
type Extent uint8

// The extents, in ascending order.
const (
	None  Extent = iota
	Named        // of single objects only
	All
)

// Extent returns how far a rule gives the right, bindings left aside.
func (q *Right) Extent(r *snapshot.Rule) Extent {
	if len(r.Resources) == 0 || !wild(r.Groups, q.Group) {
		return None
	}
	for _, resource := range q.Resources {
		resource, sub, _ := strings.Cut(resource, "/")
		if !resourceMatches(r.Resources, resource, sub) {
			continue
		}
		if e := q.verbs(r, sub != ""); e != None {
			return e
		}
	}
	return None
}

// verbs judges verbs and names of a rule that is for the resource. A request that
// creates an object does not name it yet, so a rule with names never allows it; list,
// watch and deletecollection name one by a field selector alone.
func (q *Right) verbs(r *snapshot.Rule, sub bool) Extent {
	for _, v := range q.Verbs {
		if !wild(r.Verbs, v) || len(r.Names) > 0 && v == "create" && !sub {
			continue
		}
		switch {
		case len(r.Names) == 0, slices.Contains(q.Names, "*"), slices.ContainsFunc(r.Names, func(n string) bool { return slices.Contains(q.Names, n) }):
			return All
		case q.Names == nil:
			return Named
		}
	}
	return None
}

// reaches reports whether a binding of a namespace, or with "" of the cluster,
// gives the right where it counts.
func (q *Right) reaches(namespace string) bool {
	return namespace == "" || !q.Cluster && (len(q.In) == 0 || slices.Contains(q.In, namespace))
}

// Words says a right in words: get, list of secrets.
func (q *Right) Words() string {
	group := ""
	if q.Group != "" {
		group = "." + q.Group
	}
	resources := make([]string, len(q.Resources))
	for i, r := range q.Resources {
		name, sub, cut := strings.Cut(r, "/")
		resources[i] = name + group
		if cut {
			resources[i] += "/" + sub
		}
	}
	return strings.Join(q.Verbs, ", ") + " of " + strings.Join(resources, ", ")
}
