package cluster

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/netpol"
	"plimsoll/internal/snapshot"
)

var admissionClosed = ofPolicies(check.Check{
	ID:    "ingress-admission-not-exposed",
	Title: "The ingress admission endpoint is closed to pods",
	Why: "The admission service of an ingress controller takes ingress objects from whoever sends them, and makes configuration of them: that of ingress-nginx ran the sender's code (CVE-2025-1974). " +
		"Only the API server needs to reach it. Policies are followed from every pod of other workloads, and from one without labels in a namespace that nobody knows.",
	Remedy: "Add a NetworkPolicy for the controller's pods that admits everyone on its public ports only, and on the webhook's port the addresses of the control plane alone (ipBlock); " +
		"or switch the webhook off (controller.admissionWebhooks.enabled=false), and keep the controller up to date.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Forms: everywhere,
	Needs: parts(snapshot.PartClusterAdmission, snapshot.PartClusterServices, snapshot.PartClusterWorkloads),
	Run: func(p *check.Probe) {
		hooks := ingressHooks(p)
		if len(hooks) == 0 {
			p.Report(check.Inapplicable("no ingress controller has an admission service"), p.Self())
			return
		}
		n := network(p)
		for _, w := range hooks {
			p.Report(n.closed(w), p.Self())
		}
	},
})

// ingressHooks lists the webhooks that are asked about ingresses by name and are
// those of a controller.
func ingressHooks(p *check.Probe) []*snapshot.Webhook {
	var out []*snapshot.Webhook
	seen := make(map[string]bool)
	for i := range p.Snapshot.Webhooks {
		w := &p.Snapshot.Webhooks[i]
		if w.Scope != p.Scope.ID || w.Service == "" || seen[w.Service] {
			continue
		}
		for _, r := range w.Rules {
			if slices.Contains(r.Resources, "ingresses") && strings.Contains(w.Service, "ingress") {
				out, seen[w.Service] = append(out, w), true
				break
			}
		}
	}
	return out
}

// closed judges whether pods reach the service of a webhook.
func (n *net) closed(w *snapshot.Webhook) check.Verdict {
	evidence := at(ev(w.Kind+" "+w.Object, "service "+w.Service), w.Loc)
	namespace, name, _ := strings.Cut(w.Service, "/")
	svc := serviceNamed(n.p, namespace, name)
	if svc == nil {
		return check.Undecided(snapshot.ReasonUnresolved, "the service of its webhook was not seen", evidence)
	}
	var behind []*netpol.Pod
	for _, pod := range n.set.Pods() {
		if pod.Namespace == namespace && selects(svc.Selector, pod.Labels) {
			behind = append(behind, pod)
		}
	}
	if len(behind) == 0 {
		return check.Undecided(snapshot.ReasonUnresolved, "the pods behind the service of its webhook were not seen", evidence)
	}
	worst, from := netpol.No, ""
	for _, pod := range behind {
		port, ok := targetPort(svc, pod, w.Port)
		if !ok {
			return check.Undecided(snapshot.ReasonUnresolved, "the port of its webhook is not named among the ports of its pods", evidence)
		}
		reached, by := n.reachedBy(pod, port)
		if reached > worst {
			worst, from = reached, by
		}
	}
	state, enforcer := plugin(n.p)
	switch {
	case worst == netpol.Yes:
		return check.Failed("its admission endpoint takes connections from "+from, evidence)
	case inFiles(n.p) && worst == netpol.No:
		return check.Passed("policies keep pods from its admission endpoint, where a plugin enforces them", evidence)
	case state == pluginNo:
		return check.Failed("policies would keep pods from its admission endpoint, but the network plugin does not enforce them", evidence, enforcer)
	case worst == netpol.Maybe:
		return check.Undecided(snapshot.ReasonUnresolved, "whether policies keep pods from its admission endpoint is not known: "+from+" may reach it", evidence)
	case state != pluginYes:
		return check.Undecided(snapshot.ReasonUnresolved, "policies keep pods from its admission endpoint, and whether anything enforces them is not known", evidence)
	}
	return check.Passed("policies keep pods from its admission endpoint", evidence, enforcer)
}

// reachedBy says which pod reaches another at a port, if any.
func (n *net) reachedBy(pod *netpol.Pod, port netpol.Port) (netpol.Answer, string) {
	stranger := &netpol.Pod{Namespace: "a namespace that is made later"}
	worst, by := n.set.AdmitsFrom(pod, netpol.To(stranger), &port), "any pod"
	for _, other := range n.set.Pods() {
		if worst == netpol.Yes {
			break
		}
		if other == pod || other.HostNetwork || snapshot.SystemNamespace(other.Namespace) {
			continue
		}
		if r := n.set.Reaches(other, pod, port); r > worst {
			worst = r
			by = "pods of " + n.p.Index.Subjects[n.p.Index.WorkloadSubject(other.Workloads[0])].Name
		}
	}
	return worst, by
}

func serviceNamed(p *check.Probe, namespace, name string) *snapshot.Service {
	for i := range p.Snapshot.Services {
		if s := &p.Snapshot.Services[i]; s.Scope == p.Scope.ID && s.Namespace == namespace && s.Name == name {
			return s
		}
	}
	return nil
}

// targetPort returns the port of a pod that a port of a service leads to.
func targetPort(svc *snapshot.Service, pod *netpol.Pod, port int32) (netpol.Port, bool) {
	if port == 0 {
		port = 443
	}
	for _, sp := range svc.Ports {
		if sp.Port != port {
			continue
		}
		target := sp.Target
		if target == "" {
			target = strconv.Itoa(int(sp.Port))
		}
		if n, err := strconv.ParseUint(target, 10, 16); err == nil {
			return netpol.Port{Protocol: sp.Protocol, Number: uint16(n)}, true
		}
		for _, c := range pod.Ports {
			if c.Name == target {
				return netpol.Port{Protocol: sp.Protocol, Number: uint16(c.Port)}, true
			}
		}
	}
	return netpol.Port{}, false
}
