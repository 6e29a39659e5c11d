package guard

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checks/rbac"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// TestRoles installs the guards of roles and bindings so that they only warn, since
// a cluster has one set of cluster roles for everyone, and sends roles and bindings:
// a warning comes for those that the check would find once they are in use.
func TestRoles(t *testing.T) {
	testbed.Mutable(t)
	api := testbed.ServerAPI(t)
	namespace := testbed.Namespace(t, "plimsoll-guard=roles")
	sel := snapshot.Selector{Labels: []snapshot.Pair{{Key: "plimsoll-guard", Value: "roles"}}}
	for _, doc := range Write(rbac.Guards, nil, Options{Mode: Warn, Namespaces: sel, Minor: 37}) {
		testbed.Apply(t, testbed.Cluster(t).SuperAdmin, doc.YAML)
		for _, kind := range []string{"validatingadmissionpolicybindings", "validatingadmissionpolicies"} {
			t.Cleanup(func() {
				if _, err := api.Call(http.MethodDelete, "/apis/admissionregistration.k8s.io/v1/"+kind+"/"+doc.Name, nil); err != nil && !gone(err) {
					t.Error(err)
				}
			})
		}
	}
	time.Sleep(2 * time.Second)
	const group = "/apis/rbac.authorization.k8s.io/v1"
	rule := func(verbs, groups, resources string) obj {
		return obj{"verbs": strings.Split(verbs, ","), "apiGroups": strings.Split(groups, ","), "resources": strings.Split(resources, ",")}
	}
	paths := obj{"verbs": []string{"get"}, "nonResourceURLs": []string{"*"}}
	label := func(to string) obj { return obj{"rbac.authorization.k8s.io/aggregate-to-" + to: "true"} }
	subject := func(kind, name string) obj {
		return obj{"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}
	}
	for i, tc := range []struct {
		what     string
		cluster  bool
		labels   obj
		rule     obj // of a role; nil: it is a binding
		subject  obj
		bound    string
		warnings string // IDs
	}{
		{what: "plain role", rule: rule("get,list", "", "pods")},
		{what: "verbs", rule: rule("*", "", "pods"), warnings: "rbac-no-wildcards"},
		{what: "paths", cluster: true, rule: paths, warnings: "rbac-no-wildcards"},
		{what: "subresource of all", rule: rule("update", "apps", "*/scale"), warnings: "rbac-no-wildcards"},
		{what: "nodes/proxy", cluster: true, rule: rule("get", "", "nodes/proxy"), warnings: "rbac-nodes-proxy"},
		{what: "nodes/proxy in a namespace, where it gives nothing", rule: rule("get", "", "nodes/proxy")},
		{what: "nodes/metrics", cluster: true, rule: rule("get", "", "nodes/metrics")},
		{what: "everything", cluster: true, rule: rule("*", "*", "*"), warnings: "rbac-no-wildcards rbac-nodes-proxy"},
		{what: "label and secrets", cluster: true, labels: label("edit"), rule: rule("get", "", "secrets"), warnings: "rbac-aggregation-label-hijack"},
		{what: "label and commands", cluster: true, labels: label("view"), rule: rule("create", "", "pods/exec"), warnings: "rbac-aggregation-label-hijack"},
		{what: "label and escalate", cluster: true, labels: label("admin"), rule: rule("escalate", "rbac.authorization.k8s.io", "clusterroles"), warnings: "rbac-aggregation-label-hijack"},
		{what: "label and a kind of its own", cluster: true, labels: label("edit"), rule: rule("create", "example.com", "widgets")},
		{what: "another label and secrets", cluster: true, labels: label("monitoring"), rule: rule("get", "", "secrets")},
		{what: "user", subject: subject("User", "ann"), bound: "view"},
		{what: "masters", subject: subject("Group", "system:masters"), bound: "view", warnings: "system-masters-binding"},
		{what: "masters everywhere", cluster: true, subject: subject("Group", "system:masters"), bound: "view", warnings: "system-masters-binding"},
		{what: "a user called like it", subject: subject("User", "system:masters"), bound: "view"},
		{what: "anonymous", cluster: true, subject: subject("User", "system:anonymous"), bound: "view", warnings: "rbac-anonymous-binding"},
		{what: "unauthenticated", subject: subject("Group", "system:unauthenticated"), bound: "view", warnings: "rbac-anonymous-binding"},
		{what: "authenticated", cluster: true, subject: subject("Group", "system:authenticated"), bound: "view", warnings: "rbac-authenticated-binding"},
		{what: "accounts of a namespace", subject: subject("Group", "system:serviceaccounts:shop"), bound: "view", warnings: "rbac-authenticated-binding"},
		{what: "a group called alike", subject: subject("Group", "system:serviceaccountsx"), bound: "view"},
	} {
		kind := "roles"
		body := obj{"metadata": obj{"name": fmt.Sprint("rbac-guard-", i), "labels": tc.labels}}
		if tc.rule != nil {
			body["rules"] = []any{tc.rule}
		} else {
			kind = "rolebindings"
			body["subjects"] = []any{tc.subject}
			body["roleRef"] = obj{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": tc.bound}
		}
		path := group + "/namespaces/" + namespace + "/" + kind
		if tc.cluster {
			path = group + "/cluster" + kind
		}
		warnings, err := api.Warned(http.MethodPost, path+"?dryRun=All", body)
		if err != nil {
			t.Errorf("%s: %v", tc.what, err)
			continue
		}
		all := strings.Join(warnings, "\n")
		for i := range rbac.Guards {
			id := rbac.Guards[i].Check.ID
			if got, want := strings.Contains(all, "("+id+")"), strings.Contains(" "+tc.warnings+" ", " "+id+" "); got != want {
				t.Errorf("%s: %s warns: %v, want %v\n%s", tc.what, id, got, want, all)
			}
		}
	}
}
