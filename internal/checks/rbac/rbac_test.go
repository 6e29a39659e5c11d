package rbac

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

func TestSuite(t *testing.T) { checktest.Run(t, Suite, "testdata") }

// TestNewCluster holds what an expert says of a cluster that kubeadm has just made,
// whose roles and bindings are those that package rbac ships and compares with a
// real one: nobody has been given anything yet, and only the tokens of default
// accounts are open to new pods.
func TestNewCluster(t *testing.T) {
	doc, err := os.ReadFile("../../rbac/builtin.json")
	if err != nil {
		t.Fatal(err)
	}
	s := checktest.Cluster()
	s.Roles, s.Bindings, s.ServiceAccounts = nil, nil, nil
	if err := json.Unmarshal(doc, &struct {
		Roles    *[]snapshot.Role
		Bindings *[]snapshot.Binding
	}{&s.Roles, &s.Bindings}); err != nil {
		t.Fatal(err)
	}
	scope := s.Scopes[0].ID
	for i := range s.Roles {
		s.Roles[i].Scope, s.Roles[i].BuiltIn = scope, !strings.HasPrefix(s.Roles[i].Name, "kubeadm:")
	}
	for i := range s.Bindings {
		b := &s.Bindings[i]
		b.Scope = scope
		for _, sub := range b.Subjects {
			if sub.Kind == "ServiceAccount" && strings.HasSuffix(sub.Name, "-controller") {
				s.ServiceAccounts = append(s.ServiceAccounts, snapshot.ServiceAccount{Scope: scope, Namespace: sub.Namespace, Name: sub.Name})
			}
		}
	}
	for _, ns := range s.Namespaces {
		s.ServiceAccounts = append(s.ServiceAccounts, snapshot.ServiceAccount{Scope: scope, Namespace: ns.Name, Name: "default"})
	}
	x := snapshot.NewIndex(s)
	for _, c := range Suite {
		findings := check.RunOne(c, check.Inputs{Index: x, Now: s.Taken})
		want := check.Pass
		switch c.ID {
		case "rbac-default-sa-inactive":
			want = check.Fail
		case "rbac-dashboard", "pod-sa-rights-minimal", "ingress-sa-rights-minimal":
			want = check.NotApplicable
		}
		if got := checktest.Worst(findings); got != want {
			t.Errorf("%s: %v, want %v\n%s", c.ID, got, want, checktest.Format(x, findings))
		}
	}
}
