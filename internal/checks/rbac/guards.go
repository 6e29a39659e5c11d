package rbac

import (
	"strings"

	"plimsoll/internal/check"
)

// Guards are the twins of checks that one role or binding decides. They cannot see
// who a role is bound to, so that they keep out what the checks find once it is in
// use. The API server itself and its controllers put back what is Kubernetes' own.
var Guards = []check.Guard{
	ofBindings(mastersBinding, "the group system:masters must not be bound", "object.metadata.name == 'cluster-admin' && object.kind == 'ClusterRoleBinding'",
		"s.kind == 'Group' && s.name == 'system:masters'"),
	ofBindings(anonymousBinding, "anonymous callers must not be given rights",
		"object.metadata.name == 'system:public-info-viewer' && object.roleRef.name == 'system:public-info-viewer' ||\n"+
			"request.namespace == 'kube-public' && object.roleRef.name == 'kubeadm:bootstrap-signer-clusterinfo'",
		"s.kind == 'User' && s.name == 'system:anonymous' || s.kind == 'Group' && s.name == 'system:unauthenticated'"),
	ofBindings(authenticatedBinding, "groups that callers are in by themselves must not be given rights",
		"object.roleRef.kind == 'ClusterRole' && object.metadata.name == object.roleRef.name &&\n"+
			"object.roleRef.name in ['system:basic-user', 'system:discovery', 'system:public-info-viewer',\n"+
			"  'system:service-account-issuer-discovery', 'system:cluster-trust-bundle-discovery']",
		"s.kind == 'Group' && (s.name in ['system:authenticated', 'system:serviceaccounts'] || s.name.startsWith('system:serviceaccounts:'))"),
	ofRoles(noWildcards, "a role must list what it allows, without wildcards",
		"'*' in r.verbs || '*' in r.?apiGroups.orValue([]) || '*' in r.?nonResourceURLs.orValue([]) ||\n    r.?resources.orValue([]).exists(n, n == '*' || n.startsWith('*/'))", ""),
	ofRoles(rightCheck("rbac-nodes-proxy"), "a role must not reach kubelets through nodes/proxy",
		"r.verbs.exists(v, v in ['get', 'create', '*']) && r.?apiGroups.orValue([]).exists(g, g in ['', '*']) &&\n    "+
			"r.?resources.orValue([]).exists(n, n in ['nodes/proxy', '*/proxy', '*'])", "object.kind == 'Role'"),
	ofRoles(labelHijack, "a role must not put dangerous rights into admin, edit or view by its labels", widens(),
		"!['admin', 'edit', 'view'].exists(t, object.metadata.?labels[?('"+aggregateTo+"' + t)].orValue('') == 'true')"),
}

// kubernetesItself writes its own roles and bindings.
const kubernetesItself = "request.userInfo.username in ['system:apiserver', 'system:serviceaccount:kube-system:clusterrole-aggregation-controller']"

func ofBindings(c *check.Check, says, except, subject string) check.Guard {
	expression := kubernetesItself + " ||\n" + except + " ||\n!object.?subjects.orValue([]).exists(s, " + subject + ")"
	return check.Guard{
		Check: c, Says: says, Expression: func(check.GuardInputs) string { return expression },
		On: []check.GuardResource{{Group: rbacGroup, Version: "v1", Resource: "clusterrolebindings"}, {Group: rbacGroup, Version: "v1", Resource: "rolebindings"}},
	}
}

func ofRoles(c *check.Check, says, rule, except string) check.Guard {
	expression := kubernetesItself + " ||\n"
	if except != "" {
		expression += except + " ||\n"
	}
	expression += "!object.?rules.orValue([]).exists(r,\n    " + rule + ")"
	return check.Guard{
		Check: c, Says: says, Expression: func(check.GuardInputs) string { return expression },
		On: []check.GuardResource{{Group: rbacGroup, Version: "v1", Resource: "clusterroles"}, {Group: rbacGroup, Version: "v1", Resource: "roles"}},
	}
}

// rightCheck returns a check of the table of rights.
func rightCheck(id string) *check.Check {
	for _, c := range rights {
		if c.ID == id {
			return c
		}
	}
	panic("there is no check " + id)
}

// widens says that rule r gives one of the rights that nobody expects to come with a
// label.
func widens() string {
	quoted := func(list []string) string { return "['" + strings.Join(list, "', '") + "']" }
	var out []string
	for _, w := range widening {
		resources := []string{"*"}
		for _, n := range w.Resources {
			resources = append(resources, n)
			if _, sub, ok := strings.Cut(n, "/"); ok {
				resources = append(resources, "*/"+sub)
			}
		}
		out = append(out, "r.verbs.exists(v, v in "+quoted(append([]string{"*"}, w.Verbs...))+") && r.?apiGroups.orValue([]).exists(g, g in "+quoted([]string{"*", w.Group})+
			") &&\n      r.?resources.orValue([]).exists(n, n in "+quoted(resources)+")")
	}
	return strings.Join(out, " ||\n    ")
}
