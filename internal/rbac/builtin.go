package rbac

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"plimsoll/internal/snapshot"
)

// builtin.json is what Kubernetes and kubeadm put into a new cluster. The test
// against a cluster compares it and writes it with -update.
//
//go:embed builtin.json
var builtinJSON []byte

// builtIn is the access that a cluster is born with.
type builtIn struct {
	Version  string             `json:"version"`
	Roles    []snapshot.Role    `json:"roles"`
	Bindings []snapshot.Binding `json:"bindings"`

	cluster map[string]*snapshot.Role
	labels  map[snapshot.Pair]bool
	grants  map[grantKey]bool
}

// grantKey is a grant: a subject through a binding of a role.
type grantKey struct {
	namespace, binding, role string
	clusterRole              bool
	subject                  snapshot.RBACSubject
}

// shipped returns what a cluster is born with.
var shipped = sync.OnceValue(func() *builtIn {
	b := new(builtIn)
	if err := json.Unmarshal(builtinJSON, b); err != nil {
		panic(fmt.Sprintf("builtin.json: %v", err)) // embedded; a test reads it
	}
	b.cluster, b.labels, b.grants = make(map[string]*snapshot.Role), make(map[snapshot.Pair]bool), make(map[grantKey]bool)
	for i := range b.Roles {
		r := &b.Roles[i]
		if r.Namespace == "" {
			r.BuiltIn = true
			b.cluster[r.Name] = r
		}
		for _, p := range r.Labels {
			b.labels[p] = true
		}
	}
	for i := range b.Bindings {
		n := &b.Bindings[i]
		for _, s := range n.Subjects {
			b.grants[grantKey{n.Namespace, n.Name, n.Role, n.ClusterRole, normal(s, n.Namespace)}] = true
		}
	}
	return b
})

// role returns a cluster role by its name, or nil.
func (b *builtIn) role(name string) *snapshot.Role { return b.cluster[name] }

// carries reports whether a role that Kubernetes makes has the label.
func (b *builtIn) carries(p snapshot.Pair) bool { return b.labels[p] }

// Shipped reports whether a binding gives its role to the subject in every new
// cluster, so that nobody decided it here.
func Shipped(b *snapshot.Binding, s snapshot.RBACSubject) bool {
	return shipped().grants[grantKey{b.Namespace, b.Name, b.Role, b.ClusterRole, s}]
}

// Beyond reports whether the rules of one of Kubernetes' own roles give a right
// that the role does not have in a new cluster: the API server adds what is missing
// of them but never takes away what was added.
func Beyond(r *snapshot.Role, rights []Right) bool {
	own := slices.IndexFunc(shipped().Roles, func(o snapshot.Role) bool { return o.Namespace == r.Namespace && o.Name == r.Name })
	return own < 0 || extentOf(shipped().Roles[own].Rules, rights) < extentOf(r.Rules, rights)
}

func extentOf(rules []snapshot.Rule, rights []Right) Extent {
	most := None
	for i := range rules {
		for j := range rights {
			most = max(most, rights[j].Extent(&rules[i]))
		}
	}
	return most
}
