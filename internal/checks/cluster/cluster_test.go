package cluster

import (
	"slices"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

func TestSuite(t *testing.T) { checktest.Run(t, Suite, "testdata") }

// TestNewCluster holds what an expert says of a cluster that kubeadm has just made:
// nothing of tenants is in it, and what fails are the one node without zones, the
// default namespace that takes any pod, and what only providers' systems have.
func TestNewCluster(t *testing.T) {
	s := checktest.Cluster()
	s.Workloads, s.PodSpecs, s.Pods, s.NetworkPolicies, s.Ingresses, s.Webhooks, s.AdmissionPolicies = nil, nil, nil, nil, nil, nil, nil
	s.Namespaces = slices.DeleteFunc(s.Namespaces, func(n snapshot.Namespace) bool { return !n.System() && n.Name != "default" })
	s.Services = slices.DeleteFunc(s.Services, func(v snapshot.Service) bool { return v.Namespace != "default" })
	s.Nodes = s.Nodes[:1]
	s.Nodes[0].OSImage, s.Nodes[0].Addresses = "Debian GNU/Linux 12 (bookworm)", []snapshot.Address{{Type: "InternalIP", Address: "10.0.0.4"}}
	s.Clusters[0].CNI = nil
	x := snapshot.NewIndex(s)
	want := map[string]check.Status{
		"admission-policy-control-active": check.Fail, "node-os-container-optimised": check.Fail, "cluster-multi-zone": check.Fail,
		"cni-supports-networkpolicy": check.Unknown, "cni-antispoofing-on": check.Unknown,
		"control-plane-tainted": check.Pass, "private-nodes": check.Pass, "node-ssh-not-public": check.Pass,
		"hostile-multitenancy-isolated": check.Manual,
	}
	for _, c := range Suite {
		findings := check.RunOne(c, check.Inputs{Index: x, Now: s.Taken})
		status, said := want[c.ID]
		if !said {
			status = check.NotApplicable
		}
		if got := checktest.Worst(findings); got != status {
			t.Errorf("%s: %v, want %v\n%s", c.ID, got, status, checktest.Format(x, findings))
		}
	}
}
