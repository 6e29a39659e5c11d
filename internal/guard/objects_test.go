package guard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checks/cluster"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// TestObjects installs the guards of services and network policies for one
// namespace, so that they only warn, and sends some of each: a warning comes for
// those that the check fails.
func TestObjects(t *testing.T) {
	testbed.Mutable(t)
	api := testbed.ServerAPI(t)
	namespace := testbed.Namespace(t, "plimsoll-guard=objects")
	sel := snapshot.Selector{Labels: []snapshot.Pair{{Key: "plimsoll-guard", Value: "objects"}}}
	for _, doc := range Write(cluster.Guards, nil, Options{Mode: Warn, Namespaces: sel, Minor: 37}) {
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
	const services, policies = "/api/v1/namespaces/", "/apis/networking.k8s.io/v1/namespaces/"
	service := func(ips ...string) obj {
		return obj{"ports": []any{obj{"port": 80}}, "externalIPs": ips}
	}
	policy := func(direction, rules string, rule obj) obj {
		return obj{"podSelector": obj{}, "policyTypes": []string{direction}, rules: []any{rule}}
	}
	in := func(peer obj) obj { return policy("Ingress", "ingress", obj{"from": []any{peer}}) }
	for i, tc := range []struct {
		what string
		path string
		spec obj
		warn bool
	}{
		{"a plain service", services, service(), false},
		{"external IPs", services, service("203.0.113.7"), true},
		{"nothing is admitted", policies, obj{"podSelector": obj{}, "policyTypes": []string{"Ingress", "Egress"}}, false},
		{"an empty rule", policies, policy("Ingress", "ingress", obj{}), true},
		{"an empty rule for egress", policies, policy("Egress", "egress", obj{}), true},
		{"an empty rule of a direction that it is not about", policies, policy("Ingress", "egress", obj{}), false},
		{"without a direction", policies, obj{"podSelector": obj{}, "ingress": []any{obj{}}}, true},
		{"everyone on a port", policies, policy("Ingress", "ingress", obj{"ports": []any{obj{"port": 80}}}), false},
		{"every namespace", policies, in(obj{"namespaceSelector": obj{}}), true},
		{"every pod of every namespace", policies, in(obj{"namespaceSelector": obj{}, "podSelector": obj{}}), true},
		{"every pod of its own namespace", policies, in(obj{"podSelector": obj{}}), false},
		{"some pods of every namespace", policies, in(obj{"namespaceSelector": obj{}, "podSelector": obj{"matchLabels": obj{"a": "b"}}}), false},
		{"some namespaces", policies, in(obj{"namespaceSelector": obj{"matchExpressions": []any{obj{"key": "a", "operator": "Exists"}}}}), false},
		{"every address", policies, in(obj{"ipBlock": obj{"cidr": "0.0.0.0/0"}}), true},
		{"every address but one", policies, in(obj{"ipBlock": obj{"cidr": "0.0.0.0/0", "except": []string{"169.254.169.254/32"}}}), false},
		{"some addresses", policies, in(obj{"ipBlock": obj{"cidr": "10.0.0.0/8"}}), false},
	} {
		kind := "networkpolicies"
		if tc.path == services {
			kind = "services"
		}
		warnings, err := api.Warned(http.MethodPost, tc.path+namespace+"/"+kind+"?dryRun=All", obj{"metadata": obj{"name": "o" + string(rune('a'+i))}, "spec": tc.spec})
		if err != nil {
			t.Errorf("%s: %v", tc.what, err)
			continue
		}
		if got := strings.Contains(strings.Join(warnings, "\n"), "must not"); got != tc.warn {
			t.Errorf("%s: warned %v, want %v: %q", tc.what, got, tc.warn, warnings)
		}
	}
}
