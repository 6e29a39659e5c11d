package workload

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noBlanketTolerations = &check.Check{
	ID:    "no-blanket-tolerations",
	Title: "No ordinary pod tolerates every taint",
	Why: "Taints keep ordinary pods off control-plane and dedicated nodes. A toleration without a key is for every one of them: whoever may create such a pod runs beside the API server. " +
		"A toleration of the control plane's taint by name is remarked.",
	Remedy:   "Name the taints that the pod has to tolerate, or list its namespace in the policy.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "E", Tier: 2,
	Forms: everywhere,
	Params: []check.Param{
		{Name: "allowed_namespaces", Unit: "list", Meaning: "namespaces beside the system ones"},
	},
	Needs: workloads,
	Reads: []string{"tolerations"},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_namespaces")
		judge(p, func(b *pod) check.Verdict { return toleratesSome(b, allowed) })
	},
}

func toleratesSome(b *pod, allowed []string) check.Verdict {
	blanket, control := "", false
	for _, t := range b.Tolerations {
		switch {
		case t.Key == "" && t.Operator == "Exists":
			blanket = "Exists, effect " + orDefault(t.Effect, "any")
		case t.Key == "node-role.kubernetes.io/control-plane" || t.Key == "node-role.kubernetes.io/master":
			control = true
		}
	}
	switch {
	case blanket != "" && (snapshot.SystemNamespace(b.Class.In) || slices.Contains(allowed, b.Class.In)):
		return check.Passed("it tolerates every taint, in a namespace that may", ev("tolerations", blanket), ev("namespace", b.Class.In))
	case blanket != "":
		return check.Failed("it tolerates every taint", ev("tolerations", blanket), ev("namespace", orDefault(b.Class.In, notSet)))
	}
	v := check.Passed("it tolerates only what it names", ev("tolerations", len(b.Tolerations)))
	if control {
		v = v.Note("among it the taint of control-plane nodes")
	}
	return v
}

var noNodeName = &check.Check{
	ID:       "no-direct-node-pinning",
	Title:    "No template pins a node by name",
	Why:      "nodeName puts a pod on a node past the scheduler, its taints of effect NoSchedule and its count of resources: whoever may create pods so chooses the node whose secrets to be near.",
	Remedy:   "Use nodeSelector or node affinity, with a toleration where the node is tainted.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "ET", Tier: 1,
	Refs:  refs("", "", "", "", "", "no-node-affinity"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"nodeName"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			if b.Class.Static {
				return check.Inapplicable("a static pod belongs to its node")
			}
			t := b.tally()
			if b.NodeName != "" {
				t.bad("nodeName", b.NodeName)
			}
			return t.verdict("it names its node", "the scheduler chooses its node")
		})
	},
}

var sensitiveIsolated = &check.Check{
	ID:    "sensitive-workload-isolation",
	Title: "Sensitive workloads run on dedicated nodes",
	Why: "Pods of one node share a kernel: an escape from any of them reaches all. What is sensitive belongs on nodes that run nothing else. Labels below node-restriction.kubernetes.io/ count, " +
		"since a kubelet that was taken over can give its node any other label and draw such pods to itself; the nodes must be tainted, so that nothing else comes.",
	Remedy:   "Label and taint some nodes (node-restriction.kubernetes.io/NAME), and give the workload a nodeSelector for the label and a toleration for the taint.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "EI", Tier: 2,
	Refs:  refs("", "", "", "", "", "no-node-affinity"),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "sensitive_selector", Unit: "selector", Default: []string{"sensitivity=high"}, Meaning: "label of workloads that count as sensitive"},
	},
	Needs: workloads,
	Reads: []string{"nodeSelector", "affinity", "tolerations"},
	Run: func(p *check.Probe) {
		selector, _ := p.List("sensitive_selector")
		judgeBy(p, func(w int) string { return selectedBy(&p.Snapshot.Workloads[w], selector) }, func(b *pod, label string) check.Verdict {
			if label == "" {
				return check.Inapplicable("it does not count as sensitive")
			}
			v := onDedicatedNodes(b)
			v.Evidence = append(v.Evidence, ev("label", label))
			return v
		})
	},
}

func onDedicatedNodes(b *pod) check.Verdict {
	const protected = "node-restriction.kubernetes.io/"
	key, value := "", ""
	for _, l := range b.NodeSelector {
		if strings.HasPrefix(l.Key, protected) {
			key, value = l.Key, l.Value
		}
	}
	for _, d := range b.Affinity {
		if key == "" && strings.HasPrefix(d.Key, protected) && (d.Operator == "In" && len(d.Values) == 1 || d.Operator == "Exists") {
			key = d.Key
			if d.Operator == "In" {
				value = d.Values[0]
			}
		}
	}
	if key == "" {
		if path := b.FirstUnread(b.p.Reads()...); path != "" {
			return b.p.NotUnderstood(path)
		}
		return check.Failed("it is not bound to nodes by a label that kubelets cannot set", ev("nodeSelector", pairsText(b.NodeSelector)))
	}
	e := ev("nodeSelector", key+"="+value)
	if b.File {
		return check.Undecided(snapshot.ReasonStatic, "whether the nodes that it is bound to are tainted shows in the cluster", e)
	}
	if v, ok := b.p.Need(snapshot.PartClusterNodes); !ok {
		v.Evidence = []check.Evidence{e}
		return v
	}
	nodes, open := 0, ""
	for i := range b.p.Snapshot.Nodes {
		n := &b.p.Snapshot.Nodes[i]
		if n.Scope != b.p.Scope.ID || !slices.ContainsFunc(n.Labels, func(l snapshot.Pair) bool { return l.Key == key && (value == "" || l.Value == value) }) {
			continue
		}
		nodes++
		if !slices.ContainsFunc(n.Taints, func(t snapshot.Taint) bool { return t.Effect == "NoSchedule" || t.Effect == "NoExecute" }) {
			open = n.Name
		}
	}
	switch {
	case nodes == 0:
		return check.Failed("no node has the label that it is bound to", e)
	case open != "":
		return check.Failed("a node that it is bound to takes other pods, too", e, ev("without a taint", open))
	}
	return check.Passed("it is bound to nodes that take nothing else", e, ev("nodes", nodes))
}

func pairsText(pairs []snapshot.Pair) string {
	var out []string
	for _, p := range pairs {
		out = append(out, p.Key+"="+p.Value)
	}
	if out == nil {
		return notSet
	}
	return few(out)
}

// replicated are the kinds that keep a number of equal pods.
var replicated = []string{"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig"}

// replicas is how many pods a workload has at least: an autoscaler's minimum
// counts over what the workload says.
func replicas(p *check.Probe, workload int) int64 {
	w := &p.Snapshot.Workloads[workload]
	if !slices.Contains(replicated, w.Kind) {
		return -1
	}
	if least, ok := scaled(p)[[3]string{w.Scope, w.Namespace, w.Kind + "/" + w.Name}]; ok {
		return int64(max(least, 1))
	}
	if w.Replicas == nil {
		return 1
	}
	return *w.Replicas
}

// scaled returns the least number of pods that autoscalers keep, by scope,
// namespace and target.
func scaled(p *check.Probe) map[[3]string]int32 {
	type key struct{}
	return snapshot.Table(p.Index, key{}, func(x *snapshot.Index) map[[3]string]int32 {
		out := make(map[[3]string]int32)
		for i := range x.Snapshot.Autoscalers {
			a := &x.Snapshot.Autoscalers[i]
			out[[3]string{a.Scope, a.Namespace, a.Target}] = a.Min
		}
		return out
	})
}

// budgets returns the disruption budgets by scope and namespace.
func budgets(p *check.Probe) map[[2]string][]*snapshot.DisruptionBudget {
	type key struct{}
	return snapshot.Table(p.Index, key{}, func(x *snapshot.Index) map[[2]string][]*snapshot.DisruptionBudget {
		out := make(map[[2]string][]*snapshot.DisruptionBudget)
		for i := range x.Snapshot.DisruptionBudgets {
			d := &x.Snapshot.DisruptionBudgets[i]
			at := [2]string{d.Scope, d.Namespace}
			out[at] = append(out[at], d)
		}
		return out
	})
}

var replicasSpread = &check.Check{
	ID:       "replica-anti-affinity",
	Title:    "Replicas are spread over nodes",
	Why:      "Replicas on one node fail together. The scheduler's own defaults spread loosely and give way; anti-affinity or a spread constraint of the pod's own over hostnames keeps them apart, over zones where there are several.",
	Remedy:   "Add topologySpreadConstraints over kubernetes.io/hostname, and topology.kubernetes.io/zone where nodes are in several zones.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "", "", "no-anti-affinity"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"spread"},
	Run: func(p *check.Probe) {
		zones := zonesOf(p)
		judgeBy(p, func(w int) bool { return replicas(p, w) > 1 }, func(b *pod, several bool) check.Verdict {
			const host, zone = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
			if !several {
				return check.Inapplicable("it has no several replicas")
			}
			t := b.tally()
			if !slices.Contains(b.Spread, host) {
				t.missing("topologySpreadConstraints over " + host)
			}
			if zones > 1 && !slices.Contains(b.Spread, zone) {
				t.missing("topologySpreadConstraints over " + zone)
			}
			return t.verdict("nothing of its own keeps its replicas apart", "its replicas are kept apart", ev("over", few(b.Spread)))
		})
	},
}

// zonesOf counts the zones that the nodes are in.
func zonesOf(p *check.Probe) int {
	seen := make(map[string]bool)
	for i := range p.Snapshot.Nodes {
		n := &p.Snapshot.Nodes[i]
		for _, l := range n.Labels {
			if n.Scope == p.Scope.ID && l.Key == "topology.kubernetes.io/zone" {
				seen[l.Value] = true
			}
		}
	}
	return len(seen)
}

var replicasAndBudget = &check.Check{
	ID:    "min-replicas-and-pdb",
	Title: "Critical services have replicas and a disruption budget",
	Why: "One pod is an outage at every drain, update and crash. Several without a disruption budget may be evicted at once, and a budget that allows no disruption blocks the drain of its node for ever. " +
		"Critical is what a Service selects, unless the policy selects by a label. Daemon sets and jobs have no replicas to keep.",
	Remedy:   "Set replicas to 2 or more and add a PodDisruptionBudget with maxUnavailable: 1.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "", "", "minimum-three-replicas pdb-max-unavailable pdb-min-available"),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "critical_selector", Unit: "selector", Default: []string{"selected-by-service"}, Meaning: "workloads that count as critical: those that a service selects, or a label"},
		{Name: "min_replicas", Unit: "count", Default: []string{"2"}, Meaning: "fewest replicas"},
	},
	Needs: []snapshot.Part{snapshot.PartClusterWorkloads, snapshot.PartClusterServices, snapshot.PartClusterQuotas},
	Run: func(p *check.Probe) {
		least := p.Int("min_replicas")
		selector, _ := p.List("critical_selector")
		judgeBy(p, func(w int) resilience { return resilienceOf(p, w, selector) }, func(_ *pod, r resilience) check.Verdict { return r.verdict(least) })
	},
}

// resilience is what keeps a workload up when pods of it go.
type resilience struct {
	critical string // why it counts
	replicas int64
	budget   string // name of the disruption budget
	allows   int64  // disruptions that it allows
}

func resilienceOf(p *check.Probe, workload int, selector []string) resilience {
	w := &p.Snapshot.Workloads[workload]
	r := resilience{replicas: replicas(p, workload)}
	if slices.Equal(selector, []string{"selected-by-service"}) {
		if s := serviceOf(p, workload); s != "" {
			r.critical = "Service " + s
		}
	} else if l := selectedBy(w, selector); l != "" {
		r.critical = "label " + l
	}
	for _, d := range budgets(p)[[2]string{w.Scope, w.Namespace}] {
		if d.Pods.Matches(w.Labels) {
			r.budget, r.allows = d.Name, allowed(d, r.replicas)
		}
	}
	return r
}

// allowed is how many of n pods a budget lets go at once. Percentages are rounded
// up, as the controller does.
func allowed(d *snapshot.DisruptionBudget, n int64) int64 {
	share := func(v string) int64 {
		percent, ok := strings.CutSuffix(v, "%")
		k, _ := strconv.ParseInt(percent, 10, 32) // what is no number is none
		if ok {
			return (n*k + 99) / 100
		}
		return k
	}
	if d.Max != "" {
		return min(n, share(d.Max))
	}
	return n - share(orDefault(d.Min, "1"))
}

func (r resilience) verdict(least int64) check.Verdict {
	switch {
	case r.replicas < 0:
		return check.Inapplicable("it is of a kind without replicas")
	case r.critical == "":
		return check.Inapplicable("it does not count as critical")
	}
	e := []check.Evidence{ev("critical by", r.critical), ev("replicas", r.replicas), ev("PodDisruptionBudget", orDefault(r.budget, "none"))}
	switch {
	case r.replicas < least:
		return check.Failed("it has too few replicas", e...)
	case r.budget == "":
		return check.Failed("no disruption budget keeps its pods up", e...)
	case r.allows < 1:
		return check.Failed("its disruption budget allows no disruption, which blocks the drain of nodes", e...)
	}
	return check.Passed("it has replicas and a disruption budget that allows one to go", e...)
}

var daemonSetPlaces = &check.Check{
	ID:       "daemonset-untrusted-namespace",
	Title:    "Daemon sets run in approved namespaces only",
	Why:      "A daemon set lands on every node, new ones included: it is how an intruder stays. Which namespaces have any business to run one is few and known.",
	Remedy:   "List the namespaces of your agents in the policy, and find out who made a daemon set elsewhere.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "E", Tier: 2,
	Forms:  everywhere,
	Params: []check.Param{{Name: "allowed_namespaces", Unit: "list", Meaning: "namespaces beside the system ones that may run daemon sets"}},
	Needs:  workloads,
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_namespaces")
		judge(p, func(b *pod) check.Verdict {
			e := ev("namespace", orDefault(b.Class.In, notSet))
			switch {
			case b.Class.Kind != "DaemonSet":
				return check.Inapplicable("it is no daemon set")
			case snapshot.SystemNamespace(b.Class.In) || slices.Contains(allowed, b.Class.In):
				return check.Passed("it is in a namespace that may run daemon sets", e)
			case b.Class.In == "":
				return check.Undecided(snapshot.ReasonUnresolved, "the file names no namespace", e)
			}
			return check.Failed("it is a daemon set outside the namespaces that may run any", e)
		})
	},
}
