package cluster

import (
	"fmt"

	"plimsoll/internal/check"
	"plimsoll/internal/netpol"
	"plimsoll/internal/snapshot"
)

// judgePolicies asks the predicate of every network policy whose rules are read.
// Those of other kinds are unknown.
func judgePolicies(p *check.Probe, predicate func(i int, k *snapshot.NetworkPolicy) check.Verdict) {
	out := gather(p)
	for i := range p.Snapshot.NetworkPolicies {
		k := &p.Snapshot.NetworkPolicies[i]
		if k.Scope != p.Scope.ID {
			continue
		}
		v := check.Undecided(snapshot.ReasonUnresolved, "policies of the kind "+k.Kind+" are not read")
		if k.Kind == netpol.Kind {
			v = predicate(i, k)
		}
		out.say(v, p.Index.PolicySubject(i))
	}
	out.report()
}

var allowAll = ofPolicies(check.Check{
	ID:    "no-allow-all-policy",
	Title: "No network policy allows everything",
	Why: "Policies add up: one rule that admits everyone on every port takes back, for the pods that it selects, what all other policies deny. A rule without from, to and ports is such a rule, " +
		"as is one for an empty podSelector beside an empty namespaceSelector, or for 0.0.0.0/0 or ::/0 without exceptions.",
	Remedy:   "Delete the rule, or name who may come in, or where traffic may go, and on which ports.",
	Severity: check.Medium, STRIDE: "IE", Tier: 2,
	Refs:  refs("", "", "", "KSV-0038", ""),
	Forms: everywhere,
	Run: func(p *check.Probe) {
		judgePolicies(p, func(_ int, k *snapshot.NetworkPolicy) check.Verdict {
			var open []check.Evidence
			for d, field := range []string{"spec.ingress", "spec.egress"} {
				for _, r := range netpol.OpenRules(k, netpol.Direction(d)) {
					open = append(open, at(ev(fmt.Sprintf("%s[%d]", field, r), "everyone, every port"), k.Loc))
				}
			}
			if len(open) > 0 {
				return check.Failed("a rule of it admits everyone on every port", some(open)...)
			}
			return check.Passed("no rule of it admits everyone on every port")
		})
	},
})

var dangling = ofPolicies(check.Check{
	ID:    "dangling-networkpolicy",
	Title: "Every network policy selects a pod",
	Why: "A policy that selects nothing protects nothing: mostly a label was changed or mistyped, and the pods that it was written for are open. " +
		"Policies are held against the templates of workloads and pods; pods on their node's network are in no policy.",
	Remedy:   "Compare the policy's podSelector with kubectl get pods --show-labels, and delete the policy when what it was for is gone.",
	Severity: check.Low, STRIDE: "T", Tier: 2,
	Refs:  refs("", "", "C-0299", "", "dangling-networkpolicy dangling-networkpolicypeer-podselector"),
	Forms: live,
	Needs: parts(snapshot.PartClusterWorkloads, snapshot.PartClusterPods),
	Run: func(p *check.Probe) {
		n := network(p)
		selecting := make(map[int]netpol.Answer)
		for _, pods := range n.pods {
			for _, pod := range pods {
				for _, d := range []netpol.Direction{netpol.Ingress, netpol.Egress} {
					sure, maybe := n.set.Selecting(pod, d)
					for _, i := range sure {
						selecting[i] = netpol.Yes
					}
					for _, i := range maybe {
						selecting[i] = max(selecting[i], netpol.Maybe)
					}
				}
			}
		}
		judgePolicies(p, func(i int, k *snapshot.NetworkPolicy) check.Verdict {
			switch {
			case !k.Ingress && !k.Egress:
				return check.Failed("it is about neither incoming nor outgoing traffic")
			case selecting[i] == netpol.Yes:
				return check.Passed("it selects pods")
			case selecting[i] == netpol.Maybe:
				return check.Undecided(snapshot.ReasonUnresolved, "whether it selects a pod hangs on labels that each pod gets")
			case k.Pods.Empty():
				return check.Passed("it selects every pod that comes to its namespace, which has none now")
			}
			return check.Failed("its selector matches no pod", ev("spec.podSelector", selector(&k.Pods)))
		})
	},
})
