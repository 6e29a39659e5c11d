package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// What is known of whether network policies are enforced.
const (
	pluginYes     = "yes"
	pluginNo      = "no"
	pluginUnknown = "unknown"
	pluginUnseen  = "" // no plugin was recognised
)

// plugin says whether something enforces network policies, and which plugin tells:
// one that does is enough.
func plugin(p *check.Probe) (string, check.Evidence) {
	found, by := pluginUnseen, check.Evidence{}
	rank := words(pluginUnseen, pluginNo, pluginUnknown, pluginYes)
	for _, c := range cluster(p).CNI {
		if slices.Index(rank, c.Policy) > slices.Index(rank, found) {
			found, by = c.Policy, ev(c.Name, c.Evidence)
		}
	}
	return found, by
}

// ofPolicies fills in what the checks of network policies have in common.
func ofPolicies(c check.Check) *check.Check {
	c.Subject, c.Zone, c.Surface = snapshot.KindNetworkPolicy, model.ZoneNodeRuntime, model.SurfacePodNetwork
	c.Needs = append(parts(snapshot.PartClusterNetwork), c.Needs...)
	return &c
}

var pluginEnforces = ofPolicies(check.Check{
	ID:    "cni-supports-networkpolicy",
	Title: "The pod network enforces policies",
	Why: "A network policy is a wish: the API server takes it whether anything enforces it or not. With flannel alone, or a plain bridge, every policy of the cluster is void. " +
		"The plugin is told by the images of its daemon set; one that enforces policies only when a setting says so (the plugins of Amazon and Azure, kindnet before 1.31) is unknown until that is seen.",
	Remedy:   "Install a plugin that enforces policies (Calico, Cilium, Antrea, Kube-router) or one beside the present (kube-network-policies), or switch on the policy engine of the provider's plugin.",
	Severity: check.High, STRIDE: "IE", Tier: 1,
	Refs:  refs("5.3.1", "5.3.1", "C-0205 C-0230 C-0240", "", ""),
	Forms: live,
	Needs: parts(snapshot.PartClusterWorkloads),
	Run: func(p *check.Probe) {
		state, by := plugin(p)
		p.Report(judgePlugin(p, state, by), p.Self())
	},
})

func judgePlugin(p *check.Probe, state string, by check.Evidence) check.Verdict {
	switch state {
	case pluginYes:
		return check.Passed("the network plugin enforces network policies", by)
	case pluginNo:
		return check.Failed("the network plugin does not enforce network policies: each of them is void", by)
	case pluginUnknown:
		return check.Undecided(snapshot.ReasonUnresolved, "the network plugin enforces policies only when it is set up to, and that was not seen", by)
	}
	var files []check.Evidence
	for i := range p.Snapshot.Files {
		f := &p.Snapshot.Files[i]
		if node := p.Snapshot.NodeOf(p.Scope.ID, f.Scope); f.Role == snapshot.RoleCNIConf && node != nil {
			files = append(files, ev("configuration of the pod network on "+node.Name, f.Path))
		}
	}
	return check.Undecided(snapshot.ReasonUnresolved, "no network plugin was recognised by a daemon set", some(files)...)
}

// antispoofing are the plugins that drop packets with an address that is not the
// pod's, as they come. A pod may be left out of it by annotation.
var antispoofing = words("calico", "canal", "antrea", "ovn-kubernetes")

var spoofing = ofPolicies(check.Check{
	ID:    "cni-antispoofing-on",
	Title: "The pod network refuses forged source addresses",
	Why: "A pod that sends from another's address gets past rules that trust addresses. Calico, Antrea and OVN-Kubernetes drop such packets as they come; Cilium has a setting for it. " +
		"Of other plugins it hangs on the kernel's reverse path filter for each pod's interface, which is not read.",
	Remedy:   "With Cilium set enable-source-ip-verification: \"true\" in its configuration; with a bridge or flannel set net.ipv4.conf.all.rp_filter=1 on every node, or use a plugin that does it. Drop NET_RAW in every pod.",
	Severity: check.Medium, STRIDE: "S", Tier: 1,
	Forms: live,
	Needs: parts(snapshot.PartClusterWorkloads),
	Run:   func(p *check.Probe) { p.Report(antiSpoofing(p), p.Self()) },
})

// verification is Cilium's setting.
const verification = "enable-source-ip-verification"

func antiSpoofing(p *check.Probe) check.Verdict {
	for _, c := range cluster(p).CNI {
		e := ev(c.Name, c.Evidence)
		if slices.Contains(antispoofing, c.Name) {
			return check.Passed("the network plugin drops packets with an address that is not the pod's", e).Note("as it comes: what an annotation of a pod takes back was not looked for")
		}
		if c.Name != "cilium" {
			continue
		}
		v, said := parsed(p, "kube-system", "cilium-config", verification)
		switch {
		case said && v == "true":
			return check.Passed("Cilium verifies source addresses", ev(verification, v))
		case said:
			return check.Failed("Cilium does not verify source addresses", ev(verification, v))
		}
		return check.Undecided(snapshot.ReasonNotCollected, "Cilium's configuration does not say whether it verifies source addresses", e)
	}
	return check.Undecided(snapshot.ReasonNotCollected, "whether packets with a forged address are dropped hangs on the kernel's reverse path filter on the nodes, which is not read")
}

// parsed returns a field of the configuration of a known component.
func parsed(p *check.Probe, namespace, name, key string) (string, bool) {
	for i := range p.Snapshot.ConfigMaps {
		if m := &p.Snapshot.ConfigMaps[i]; m.Scope == p.Scope.ID && m.Namespace == namespace && m.Name == name {
			return label(m.Parsed, key)
		}
	}
	return "", false
}

// nameHas reports whether one of some words, each of parts divided by dashes, is in
// a name as whole parts.
func nameHas(name string, list []string) (string, bool) {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune("-_./:", r) })
	}
	in := split(name)
	for _, w := range list {
		want := split(w)
		for i := 0; i+len(want) <= len(in); i++ {
			if slices.Equal(in[i:i+len(want)], want) {
				return w, true
			}
		}
	}
	return "", false
}
