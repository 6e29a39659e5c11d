package rbac

import (
	"net/http"
	"testing"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// server is the testbed's API server, asked without the program's own client.
type server struct {
	*testbed.API
	t *testing.T
}

func connect(t *testing.T) *server { return &server{testbed.ServerAPI(t), t} }

// allowed asks for a SubjectAccessReview.
func (s *server) allowed(u User, a Attributes) bool {
	spec := map[string]any{"user": u.Name, "groups": u.Groups}
	if a.Path != "" {
		spec["nonResourceAttributes"] = map[string]any{"verb": a.Verb, "path": a.Path}
	} else {
		spec["resourceAttributes"] = map[string]any{
			"verb": a.Verb, "group": a.Group, "resource": a.Resource, "subresource": a.Subresource, "namespace": a.Namespace, "name": a.Name,
		}
	}
	var answer struct{ Status struct{ Allowed bool } }
	s.Must(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
	}, &answer)
	return answer.Status.Allowed
}

// rbacAPI is the group and version of roles and bindings.
const rbacAPI = "/apis/rbac.authorization.k8s.io/v1"

// object is a role or a binding as the API has it.
type object struct {
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Rules []struct{ Verbs, APIGroups, Resources, ResourceNames, NonResourceURLs []string }

	AggregationRule *struct {
		ClusterRoleSelectors []struct{ MatchLabels map[string]string }
	}
	RoleRef  struct{ Kind, Name string }
	Subjects []snapshot.RBACSubject
}

// read lists the roles and bindings of the cluster that keep takes.
func (s *server) read(keep func(*object) bool) (roles []snapshot.Role, bindings []snapshot.Binding) {
	s.t.Helper()
	list := func(kind string) []object {
		var l struct{ Items []object }
		s.Must(http.MethodGet, rbacAPI+"/"+kind, nil, &l)
		return l.Items
	}
	for _, o := range append(list("clusterroles"), list("roles")...) {
		if !keep(&o) {
			continue
		}
		r := snapshot.Role{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Labels: pairs(o.Metadata.Labels)}
		if o.AggregationRule != nil {
			for _, sel := range o.AggregationRule.ClusterRoleSelectors {
				r.Aggregates = append(r.Aggregates, pairs(sel.MatchLabels))
			}
		}
		for _, u := range o.Rules {
			r.Rules = append(r.Rules, snapshot.Rule{Verbs: u.Verbs, Groups: u.APIGroups, Resources: u.Resources, Names: u.ResourceNames, URLs: u.NonResourceURLs})
		}
		roles = append(roles, r)
	}
	for _, o := range append(list("clusterrolebindings"), list("rolebindings")...) {
		if keep(&o) {
			bindings = append(bindings, snapshot.Binding{
				Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, ClusterRole: o.RoleRef.Kind == "ClusterRole", Role: o.RoleRef.Name, Subjects: o.Subjects,
			})
		}
	}
	return roles, bindings
}
