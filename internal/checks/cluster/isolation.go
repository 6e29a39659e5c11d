package cluster

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/netpol"
	"plimsoll/internal/snapshot"
)

var hasPolicy = ofNamespace(check.Check{
	ID:    "namespace-has-networkpolicy",
	Title: "Every pod is selected by a network policy",
	Why: "A pod that no policy selects is reached by every pod of the cluster and reaches everything. That its namespace has policies does not help it: each pod is asked. Pods on their node's network are in no policy. " +
		"Policies of Cilium, Calico and the like are seen but not read: what they may select is unknown.",
	Remedy: "Begin with a policy that selects every pod of the namespace and admits nothing (podSelector: {}, policyTypes: [Ingress, Egress]), then add one for each path that is needed, name resolution first.",
	Refs:   refs("5.3.2", "5.3.2", "C-0206 C-0054 C-0049 C-0260", "", "non-isolated-pod"), Covered: words("default-deny-ingress"),
	Severity: check.Medium, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "IE", Tier: 1,
	Needs: parts(snapshot.PartClusterNetwork),
	Run: func(p *check.Probe) {
		n := network(p)
		judgeTenants(p, n.selected)
	},
})

var denyIngress = ofNamespace(check.Check{
	ID:    "default-deny-ingress",
	Title: "Incoming pod traffic is denied by default",
	Why: "What is not allowed should not get through: a program that was taken over tries every address it can reach. Policies add up, so that one rule that admits everyone takes back what all others deny. " +
		"A policy that selects every pod covers those that come later as well.",
	Remedy:   "Create a NetworkPolicy with podSelector: {} and policyTypes: [Ingress] and no rules in the namespace, and remove rules that admit everyone.",
	Severity: check.Medium, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "IE", Tier: 2,
	Refs:  refs("", "", "C-0030", "", ""),
	Needs: parts(snapshot.PartClusterNetwork),
	Run: func(p *check.Probe) {
		n := network(p)
		judgeTenants(p, func(s *space) check.Verdict { return n.denied(s, netpol.Ingress) })
	},
})

var denyEgress = ofNamespace(check.Check{
	ID:    "default-deny-egress",
	Title: "Outgoing pod traffic is denied by default",
	Why: "A program that was taken over fetches its tools, reports to its master and takes data out over connections that it opens itself; the metadata service and the API server are reached that way too. " +
		"Policies add up, so that one rule that lets everything out takes back what all others deny. Policies that let pods resolve names and nothing else count as denying.",
	Remedy:   "Create a NetworkPolicy with podSelector: {} and policyTypes: [Egress] whose only rule lets pods reach the cluster's DNS on port 53, then one for each path that is needed.",
	Severity: check.Medium, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "I", Tier: 2,
	Refs:  refs("", "", "C-0030", "", ""),
	Needs: parts(snapshot.PartClusterNetwork),
	Run: func(p *check.Probe) {
		n := network(p)
		judgeTenants(p, func(s *space) check.Verdict { return n.denied(s, netpol.Egress) })
	},
})

// net is the pod network of a scope.
type net struct {
	p      *check.Probe
	set    *netpol.Set
	pods   map[string][]*netpol.Pod // namespace -> those with an address of their own
	policy map[string][]int         // namespace -> positions in NetworkPolicies of policies of any kind; "" for the whole cluster
}

func network(p *check.Probe) *net {
	n := &net{p: p, set: netpol.Of(p.Index, p.Scope.ID), pods: make(map[string][]*netpol.Pod), policy: make(map[string][]int)}
	for _, pod := range n.set.Pods() {
		if !pod.HostNetwork {
			n.pods[pod.Namespace] = append(n.pods[pod.Namespace], pod)
		}
	}
	for i := range p.Snapshot.NetworkPolicies {
		if k := &p.Snapshot.NetworkPolicies[i]; k.Scope == p.Scope.ID {
			n.policy[k.Namespace] = append(n.policy[k.Namespace], i)
		}
	}
	return n
}

// blanket finds a policy of a namespace that selects every pod, those to come too,
// in a direction.
func (n *net) blanket(namespace string, d netpol.Direction) *snapshot.NetworkPolicy {
	for _, i := range n.policy[namespace] {
		k := &n.p.Snapshot.NetworkPolicies[i]
		if k.Kind == netpol.Kind && k.Pods.Empty() && (d == netpol.Ingress && k.Ingress || d == netpol.Egress && k.Egress) {
			return k
		}
	}
	return nil
}

// foreign finds a policy of another kind that may be about a namespace.
func (n *net) foreign(namespace string) *snapshot.NetworkPolicy {
	for _, i := range slices.Concat(n.policy[namespace], n.policy[""]) {
		if k := &n.p.Snapshot.NetworkPolicies[i]; k.Kind != netpol.Kind {
			return k
		}
	}
	return nil
}

func policyEvidence(k *snapshot.NetworkPolicy, value string) check.Evidence {
	return at(ev(k.Kind+" "+k.Name, value), k.Loc)
}

// workloads of pods, ascending.
func workloads(pods []*netpol.Pod) []int {
	var out []int
	for _, p := range pods {
		out = append(out, p.Workloads...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unread is the verdict where only a policy that was not read, or labels that are
// not known, may decide.
func (n *net) unread(s *space, pods []*netpol.Pod) check.Verdict {
	if k := n.foreign(s.Name); k != nil {
		return check.Undecided(snapshot.ReasonUnresolved, "policies of the kind "+k.Kind+" are not read, and one may be about it", append(some(names(n.p, workloads(pods))), policyEvidence(k, "not read"))...)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "whether a policy selects its pods hangs on labels that each pod gets, or on what was not understood", names(n.p, workloads(pods))...)
}

// elsewhere reports whether the policies of a namespace may be anywhere but in the
// files: nothing in them is about its network, nor makes the namespace.
func (n *net) elsewhere(s *space) bool {
	return inFiles(n.p) && !s.defined() && len(n.policy[s.Name]) == 0
}

func (n *net) selected(s *space) check.Verdict {
	pods := n.pods[s.Name]
	if len(pods) == 0 {
		for _, d := range []netpol.Direction{netpol.Ingress, netpol.Egress} {
			if k := n.blanket(s.Name, d); k != nil {
				return check.Passed("no pod is on its network yet, and a policy selects those that come", policyEvidence(k, "selects every pod"))
			}
		}
		return check.Inapplicable("it has no pods on the pod network")
	}
	var bare, maybe []*netpol.Pod
	for _, pod := range pods {
		switch max(n.set.Isolated(pod, netpol.Ingress), n.set.Isolated(pod, netpol.Egress)) {
		case netpol.No:
			bare = append(bare, pod)
		case netpol.Maybe:
			maybe = append(maybe, pod)
		case netpol.Yes:
		}
	}
	switch {
	case len(bare) > 0 && n.elsewhere(s):
		return check.Undecided(snapshot.ReasonStatic, "no policy in the files is about it; one in the cluster may be")
	case len(bare) > 0:
		return n.enforced(check.Failed("no network policy selects "+plural(len(workloads(bare)), "workload")+" of it", names(n.p, workloads(bare))...))
	case len(maybe) > 0:
		return n.unread(s, maybe)
	}
	return n.enforced(check.Passed("a network policy selects each of its pods"))
}

// enforced remarks that policies are nothing but words where no plugin enforces
// them.
func (n *net) enforced(v check.Verdict) check.Verdict {
	if p, e := plugin(n.p); p == pluginNo {
		return v.Note(e.Source + " does not enforce network policies, see cni-supports-networkpolicy")
	}
	return v
}

func direction(d netpol.Direction) string {
	if d == netpol.Ingress {
		return "incoming"
	}
	return "outgoing"
}

func (n *net) denied(s *space, d netpol.Direction) check.Verdict {
	blanket := n.blanket(s.Name, d)
	if k := n.opened(s, d); k != nil {
		return check.Failed("a rule admits all "+direction(d)+" traffic, whatever other policies deny", policyEvidence(k, "admits everyone on every port"))
	}
	var bare, maybe []*netpol.Pod
	for _, pod := range n.pods[s.Name] {
		_, open := n.set.Open(pod, d)
		switch isolated := n.set.Isolated(pod, d); {
		case isolated == netpol.No:
			bare = append(bare, pod)
		case isolated == netpol.Maybe, len(open) > 0:
			maybe = append(maybe, pod)
		}
	}
	switch {
	case len(bare) > 0 && n.elsewhere(s):
		return check.Undecided(snapshot.ReasonStatic, "no policy in the files is about it; one in the cluster may be")
	case len(bare) > 0:
		return n.enforced(check.Failed("all "+direction(d)+" traffic of "+plural(len(workloads(bare)), "workload")+" is let through", names(n.p, workloads(bare))...))
	case len(maybe) > 0:
		return n.unread(s, maybe)
	case blanket != nil:
		return n.enforced(check.Passed("a policy denies "+direction(d)+" traffic that no rule admits", policyEvidence(blanket, "selects every pod")))
	case len(n.pods[s.Name]) > 0:
		return n.enforced(check.Passed("each of its pods is in a policy that denies " + direction(d) + " traffic that no rule admits")).Note("no policy selects every pod: those that come may be in none")
	case n.foreign(s.Name) != nil:
		return n.unread(s, nil)
	case inFiles(n.p):
		return check.Inapplicable("no pod of it is in the files")
	}
	return check.Failed("all " + direction(d) + " traffic of pods that come will be let through").At(check.Low).Note("no pod is on its network yet")
}

// opened finds a policy of a namespace that admits everyone, to pods that are there
// or to every pod.
func (n *net) opened(s *space, d netpol.Direction) *snapshot.NetworkPolicy {
	for _, pod := range n.pods[s.Name] {
		if sure, _ := n.set.Open(pod, d); len(sure) > 0 && !pod.Unsure {
			return &n.p.Snapshot.NetworkPolicies[sure[0]]
		}
	}
	for _, i := range n.policy[s.Name] {
		if k := &n.p.Snapshot.NetworkPolicies[i]; k.Kind == netpol.Kind && k.Pods.Empty() && len(netpol.OpenRules(k, d)) > 0 {
			return k
		}
	}
	return nil
}
