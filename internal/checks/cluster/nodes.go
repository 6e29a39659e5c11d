package cluster

import (
	"net/netip"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// ofNode fills in what the checks of node objects have in common.
func ofNode(c check.Check) *check.Check {
	c.Subject, c.Forms = snapshot.KindNode, live
	if c.Zone == "" {
		c.Zone, c.Surface = model.ZoneCloud, model.SurfaceCloudLink
	}
	c.Needs = append(parts(snapshot.PartClusterNodes), c.Needs...)
	return &c
}

// member is a node of the scope and its subject.
type member struct {
	*snapshot.Node
	subject int
}

func nodes(p *check.Probe) []member {
	var out []member
	for i := range p.Snapshot.Nodes {
		if n := &p.Snapshot.Nodes[i]; n.Scope == p.Scope.ID {
			out = append(out, member{n, p.Index.NodeSubject(i)})
		}
	}
	return out
}

func eachNode(p *check.Probe, predicate func(n member) check.Verdict) {
	out := gather(p)
	for _, n := range nodes(p) {
		out.say(predicate(n), n.subject)
	}
	out.report()
}

var tainted = ofNode(check.Check{
	ID:       "control-plane-tainted",
	Title:    "Control plane nodes refuse ordinary pods",
	Why:      "A pod that breaks out on a control plane node has the cluster: its keys lie there. The taint keeps ordinary pods away; on a cluster of one node there is nowhere else for them to go, which counts less and is no better.",
	Remedy:   "kubectl taint node NAME node-role.kubernetes.io/control-plane:NoSchedule, and give the cluster workers.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfaceScheduling, STRIDE: "ED", Tier: 2,
	Run: func(p *check.Probe) {
		all := nodes(p)
		eachNode(p, func(n member) check.Verdict { return judgeTaint(n, len(all)) })
	},
})

func judgeTaint(n member, count int) check.Verdict {
	if !n.ControlPlane {
		return check.Inapplicable("it is no control plane node")
	}
	for _, t := range n.Taints {
		if strings.HasPrefix(t.Key, "node-role.kubernetes.io/") && (t.Effect == "NoSchedule" || t.Effect == "NoExecute") {
			return check.Passed("it refuses pods that do not tolerate the control plane", ev("taint", t.Key+":"+t.Effect))
		}
	}
	if n.Unschedulable {
		return check.Failed("only that it is cordoned keeps ordinary pods off it", ev("spec.unschedulable", true)).At(check.Low)
	}
	if count == 1 {
		return check.Failed("ordinary pods run beside the control plane: it is the only node").At(check.Low)
	}
	return check.Failed("ordinary pods may run beside the control plane", ev("taints", len(n.Taints)))
}

// publicAddresses are the addresses of a node that are not of a private network.
func publicAddresses(n *snapshot.Node) []check.Evidence {
	var out []check.Evidence
	for _, a := range n.Addresses {
		switch a.Type {
		case "ExternalIP":
			out = append(out, ev(a.Type, a.Address))
		case "InternalIP":
			if ip, err := netip.ParseAddr(a.Address); err == nil && !private(ip) {
				out = append(out, ev(a.Type, a.Address))
			}
		}
	}
	return out
}

// shared is the block that carriers, and some clouds, use inside.
var sharedBlock = netip.MustParsePrefix("100.64.0.0/10")

func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedBlock.Contains(a)
}

var privateNodes = ofNode(check.Check{
	ID:    "private-nodes",
	Title: "Nodes have no public address",
	Why: "A node with a public address is found by scanners within minutes: its kubelet, its node ports and its SSH answer to the internet unless a firewall says no. " +
		"An address counts as public when it is said to be external, or is outside the private ranges; what lets it be reached is not asked.",
	Remedy:   "Make the node pool private (private nodes on GKE, subnets without public addresses on EKS and AKS) and let nodes go out through a NAT gateway.",
	Severity: check.Medium, STRIDE: "IE", Tier: 1,
	Refs: refs("", "", "C-0229 C-0248", "", ""),
	Run: func(p *check.Probe) {
		eachNode(p, func(n member) check.Verdict {
			switch public := publicAddresses(n.Node); {
			case len(public) > 0:
				return check.Failed("it has an address outside the private ranges", some(public)...)
			case len(n.Addresses) == 0:
				return check.Undecided(snapshot.ReasonNotCollected, "its object has no addresses")
			}
			return check.Passed("all of its addresses are private")
		})
	},
})

// optimised are systems that are made to run containers and little else, by the
// beginning of how they name themselves.
var optimised = words("Bottlerocket", "Container-Optimized OS", "Flatcar", "Fedora CoreOS", "Red Hat Enterprise Linux CoreOS", "Talos", "Azure Linux", "CBL-Mariner", "openSUSE MicroOS", "SUSE Linux Enterprise Micro", "SLE Micro", "Kairos", "RancherOS", "k3OS", "Amazon Linux 2023 (EKS Auto)", "Garden Linux")

var containerSystem = ofNode(check.Check{
	ID:       "node-os-container-optimised",
	Title:    "Nodes run a container-optimised system",
	Why:      "A general distribution brings shells, compilers and package managers that an attacker who broke out uses, and more to keep patched. Systems that are made for containers are small, mostly read-only and updated as a whole.",
	Remedy:   "Use Bottlerocket, Container-Optimized OS, Azure Linux, Flatcar, Talos or another such system for new node pools, and replace the old ones.",
	Severity: check.Low, STRIDE: "E", Tier: 2,
	Refs: refs("", "", "C-0226", "", ""),
	Run: func(p *check.Probe) {
		eachNode(p, func(n member) check.Verdict {
			e := ev("status.nodeInfo.osImage", n.OSImage)
			switch {
			case n.OSImage == "":
				return check.Undecided(snapshot.ReasonNotCollected, "its object does not say what it runs")
			case slices.ContainsFunc(optimised, func(s string) bool { return strings.HasPrefix(n.OSImage, s) }):
				return check.Passed("its system is made for containers", e)
			}
			return check.Failed("its system is a general one", e)
		})
	},
})

var manyZones = ofNode(check.Check{
	ID:       "cluster-multi-zone",
	Title:    "The cluster spans several zones",
	Why:      "Zones fail one at a time: with all nodes in one, the whole cluster does. Nodes without the label topology.kubernetes.io/zone count as of one zone. Control plane nodes are judged among themselves; one that a provider runs is not seen.",
	Remedy:   "Spread node pools, and the control plane, over at least two zones, three where a quorum is kept; nodes of your own get the label topology.kubernetes.io/zone by hand.",
	Severity: check.Medium, STRIDE: "D", Tier: 2,
	Run: func(p *check.Probe) {
		var workers, masters []member
		for _, n := range nodes(p) {
			if n.ControlPlane {
				masters = append(masters, n)
			} else {
				workers = append(workers, n)
			}
		}
		spread(p, "worker", workers)
		spread(p, "control plane", masters)
	},
})

// spread judges the zones of the nodes of a kind. Those that are not ready carry
// nothing.
func spread(p *check.Probe, kind string, list []member) {
	if len(list) == 0 {
		return
	}
	var zones []string
	var subjects []int
	ready := 0
	for _, n := range list {
		subjects = append(subjects, n.subject)
		if n.Ready {
			ready++
			z, _ := label(n.Labels, "topology.kubernetes.io/zone")
			zones = append(zones, z)
		}
	}
	slices.Sort(zones)
	zones = slices.Compact(zones)
	e := ev("topology.kubernetes.io/zone", strings.Join(shownZones(zones), ", "))
	switch {
	case ready == 0:
		p.Report(check.Undecided(snapshot.ReasonNotCollected, "no "+kind+" node is ready"), subjects...)
	case len(zones) > 1:
		p.Report(check.Passed("the "+kind+" nodes are in several zones", e), subjects...)
	case ready == 1:
		p.Report(check.Failed("there is one "+kind+" node that is ready", e), subjects...)
	default:
		p.Report(check.Failed("all "+kind+" nodes are in one zone", e), subjects...)
	}
}

func shownZones(zones []string) []string {
	out := slices.Clone(zones)
	for i := range out {
		if out[i] == "" {
			out[i] = "not set"
		}
	}
	return out
}
