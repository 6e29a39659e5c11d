package cluster

import (
	"net/netip"

	"plimsoll/internal/check"
	"plimsoll/internal/netpol"
	"plimsoll/internal/snapshot"
)

// metadataAddresses are where providers' metadata services answer.
var metadataAddresses = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

// metadataPort is where they listen.
var metadataPort = netpol.Port{Number: 80}

var metadataClosed = ofCloud(check.Check{
	ID:    "imds-unreachable-from-pods",
	Title: "Pods cannot reach the metadata service",
	Why: "Whoever reaches the metadata service from a pod gets the identity of the node, and with it what nodes may do at the provider. Network policies are followed from every pod to 169.254.169.254 and fd00:ec2::254; " +
		"a hop limit of 1 or a provider's own metadata server closes the way too, which only an answer can say. Pods on their node's network always reach it.",
	Remedy: "Deny egress by default, or write an egress rule to 0.0.0.0/0 with except 169.254.169.254/32; on AWS require tokens with a hop limit of 1; on GKE switch on workload identity. " +
		"What only the provider shows, answer in plimsoll.yaml under answers.",
	Severity: check.High, STRIDE: "IE",
	Forms: everywhere,
	Refs:  refs("", "", "C-0052", "", ""),
	Needs: parts(snapshot.PartClusterWorkloads, snapshot.PartClusterNetwork, snapshot.PartClusterNamespaces),
	Run:   func(p *check.Probe) { p.Report(judgeMetadata(p), p.Self()) },
})

func judgeMetadata(p *check.Probe) check.Verdict {
	if v, ok := onCloud(p); !ok && !inFiles(p) {
		return v
	}
	n := network(p)
	var open, maybe, host []*netpol.Pod
	held := 0 // pods that policies can hold
	for _, pod := range n.set.Pods() {
		if pod.HostNetwork {
			host = append(host, pod)
			continue
		}
		held++
		worst := netpol.No
		for _, a := range metadataAddresses {
			worst = max(worst, n.set.LetsOut(pod, netpol.At(a), &metadataPort))
		}
		switch {
		case worst == netpol.Yes && !snapshot.SystemNamespace(pod.Namespace):
			open = append(open, pod)
		case worst == netpol.Maybe && !snapshot.SystemNamespace(pod.Namespace):
			maybe = append(maybe, pod)
		}
	}
	note := func(v check.Verdict) check.Verdict {
		if w := workloads(host); len(w) > 0 {
			return v.Note(plural(len(w), "workload") + " on the network of the nodes reach it whatever policies say")
		}
		return v
	}
	state, enforcer := plugin(p)
	const question = "do a hop limit of 1, or the provider's own metadata server, keep pods from the identity of the node?"
	undeclared := func(why string, evidence ...check.Evidence) check.Verdict {
		return note(ask(p, question, why+", and what the provider does about it is not declared", evidence...))
	}
	switch {
	case held == 0 && inFiles(p):
		return check.Inapplicable("the files define no pod that a policy can hold")
	case len(open) > 0 && inFiles(p):
		return note(check.Undecided(snapshot.ReasonStatic, "no policy in the files keeps its pods from a metadata service; whether there is one does not show", names(p, workloads(open))...))
	case len(open) > 0:
		return undeclared("policies let "+plural(len(workloads(open)), "workload")+" reach the metadata service", names(p, workloads(open))...)
	case len(maybe) > 0:
		return undeclared("whether policies keep "+plural(len(workloads(maybe)), "workload")+" from the metadata service does not show", names(p, workloads(maybe))...)
	case inFiles(p):
		return note(check.Passed("policies keep every pod of the files from a metadata service, where a plugin enforces them"))
	case state == pluginYes:
		return note(check.Passed("policies keep every ordinary pod from the metadata service", enforcer))
	}
	return undeclared("policies would keep pods from the metadata service, but nothing is known to enforce them")
}
