package netpol

import (
	"net/netip"
	"testing"

	"plimsoll/internal/snapshot"
)

func one(policies ...snapshot.NetworkPolicy) *Set {
	s := &snapshot.Snapshot{
		Namespaces: []snapshot.Namespace{{Scope: scope, Name: "shop"}, {Scope: scope, Name: "other"}},
		PodSpecs:   []snapshot.PodSpec{{}, {HostNetwork: true}, {Unread: []string{"hostNetwork"}}},
		Workloads: []snapshot.Workload{
			{Scope: scope, Namespace: "shop", Name: "web", Labels: []snapshot.Pair{{Key: "app", Value: "web"}}},
			{Scope: scope, Namespace: "shop", Name: "node", Spec: 1},
			{Scope: scope, Namespace: "other", Name: "far"},
			{Scope: scope, Namespace: "shop", Name: "unread", Spec: 2},
			{Scope: scope, Namespace: "shop", Name: "ended", Kind: "Job", Dormant: true},
		},
	}
	for _, p := range policies {
		p.Scope = scope
		if p.Kind == "" {
			p.Kind = Kind
		}
		s.NetworkPolicies = append(s.NetworkPolicies, p)
	}
	return New(s, scope)
}

func TestCases(t *testing.T) {
	empty := snapshot.Selector{}
	deny := snapshot.NetworkPolicy{Namespace: "shop", Name: "deny", Ingress: true, Egress: true}
	byName := deny
	byName.In = []snapshot.PolicyRule{{Peers: []snapshot.PolicyPeer{{Namespaces: &snapshot.Selector{Labels: []snapshot.Pair{{Key: nameLabel, Value: "other"}}}}}}}
	perPod := deny
	perPod.Pods = snapshot.Selector{Labels: []snapshot.Pair{{Key: "batch.kubernetes.io/job-name", Value: "x"}}}
	broken := deny
	broken.Out = []snapshot.PolicyRule{{Peers: []snapshot.PolicyPeer{{CIDR: "169.254.0.0/16", Except: []string{"nonsense"}}}}}
	all := deny
	all.In = []snapshot.PolicyRule{{Peers: []snapshot.PolicyPeer{{Namespaces: &empty, Pods: &empty}}}}
	const web, node, far, unread = 0, 1, 2, 3
	port := Port{Number: 80}
	metadata := At(netip.MustParseAddr("169.254.169.254"))
	for name, c := range map[string]struct {
		set *Set
		ask func(*Set, []*Pod) Answer
		is  Answer
	}{
		"no policy":                           {one(), func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, Yes},
		"denied":                              {one(deny), func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, No},
		"a namespace by its name":             {one(byName), func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, Yes},
		"policies add up":                     {one(deny, byName), func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, Yes},
		"a pod on its node is in no policy":   {one(deny), func(s *Set, p []*Pod) Answer { return s.LetsOut(p[node], metadata, &port) }, Yes},
		"nor is it isolated":                  {one(deny), func(s *Set, p []*Pod) Answer { return s.Isolated(p[node], Egress) }, No},
		"the node may reach what is isolated": {one(deny), func(s *Set, p []*Pod) Answer { return s.Reaches(p[node], p[web], port) }, Maybe},
		"a specification not understood":      {one(deny), func(s *Set, p []*Pod) Answer { return s.Isolated(p[unread], Ingress) }, Maybe},
		"labels that each pod gets":           {one(perPod), func(s *Set, p []*Pod) Answer { return s.Isolated(p[web], Ingress) }, Maybe},
		"a foreign policy of the namespace": {
			one(deny, snapshot.NetworkPolicy{Kind: "CiliumNetworkPolicy", Namespace: "shop"}),
			func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, Maybe,
		},
		"a foreign policy elsewhere": {
			one(deny, snapshot.NetworkPolicy{Kind: "CiliumNetworkPolicy", Namespace: "third"}),
			func(s *Set, p []*Pod) Answer { return s.Reaches(p[far], p[web], port) }, No,
		},
		"a foreign policy of the cluster": {one(snapshot.NetworkPolicy{Kind: "GlobalNetworkPolicy"}), func(s *Set, p []*Pod) Answer { return s.Isolated(p[web], Ingress) }, Maybe},
		"isolated by one that is read": {
			one(deny, snapshot.NetworkPolicy{Kind: "GlobalNetworkPolicy"}),
			func(s *Set, p []*Pod) Answer { return s.Isolated(p[web], Ingress) }, Yes,
		},
		"an address that is no address": {one(broken), func(s *Set, p []*Pod) Answer { return s.LetsOut(p[web], metadata, &port) }, Maybe},
	} {
		if got := c.ask(c.set, c.set.Pods()); got != c.is {
			t.Errorf("%s: %v, want %v", name, got, c.is)
		}
	}
	if s := one(all); len(s.Pods()) != 4 {
		t.Errorf("%d pods: one that has ended is none", len(s.Pods()))
	} else if sure, _ := s.Open(s.Pods()[web], Ingress); len(sure) != 1 {
		t.Errorf("a rule for all pods of all namespaces leaves it open: %v", sure)
	}
}
