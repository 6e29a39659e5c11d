package node

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// onNodes reports a verdict of every node that was looked at.
func onNodes(p *check.Probe, verdict func(*snapshot.NodeHost, *snapshot.Host) check.Verdict) {
	found := false
	for i := range p.Snapshot.NodeHosts {
		if n := &p.Snapshot.NodeHosts[i]; n.Scope == p.Scope.ID {
			found = true
			p.Report(verdict(n, p.Snapshot.Host(n.Host)), cmpSubject(p, n))
		}
	}
	if !found {
		st := p.Part(snapshot.PartNodeFiles)
		p.Report(check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonNotCollected), cmp.Or(st.Detail, "no node was looked at: run plimsoll on the nodes")), p.Self())
	}
}

// machineCheck is a check of a node's machine.
func machineCheck(id, title, why, remedy, byHand string, sev check.Severity, stride string, params []check.Param, run func(*check.Probe, *snapshot.NodeHost, *snapshot.Host) check.Verdict) *check.Check {
	c := file(id, title, why, remedy, byHand, sev, node, model.SurfaceConfigurationFiles, stride, 2, func(p *check.Probe) {
		onNodes(p, func(n *snapshot.NodeHost, h *snapshot.Host) check.Verdict { return run(p, n, h) })
	})
	c.Params = params
	return c
}

var runtimeSupported = machineCheck("node-runtime-supported", "The node container runtime has no known escape flaw",
	"containerd and runc set every pod up as root of the node. A listed flaw in them lets a pod out whatever its security context says. A number in the affected range is a suspicion, since distributions add fixes without changing it.",
	"Update containerd and runc on the node.", "An update of the runtime is tried on one node first.",
	check.High, "E", nil, func(p *check.Probe, n *snapshot.NodeHost, _ *snapshot.Host) check.Verdict {
		name := ""
		if n.Runtime.Known() {
			name = n.Runtime.V
		}
		for i := range p.Snapshot.Nodes {
			if o := &p.Snapshot.Nodes[i]; o.Scope == n.Scope && o.Name == n.Name {
				name = cmp.Or(name, o.Runtime)
			}
		}
		program, version, _ := strings.Cut(name, "://")
		if program != "containerd" {
			if name == "" {
				return check.Undecided(snapshot.ReasonPartial, "which release of the runtime runs is not in the evidence")
			}
			return check.Undecided(snapshot.ReasonUnresolved, "the table lists no flaws of this runtime", ev("runtime", name))
		}
		has, ok := docker.Flaws("containerd", version, cmp.Or(p.Scope.Taken, p.Snapshot.Taken))
		e := ev("runtime", name)
		switch {
		case !ok:
			return check.Undecided(snapshot.ReasonStaleData, "the release says nothing, or the table of flaws is older than 180 days", e)
		case len(has) > 0 && strings.ContainsAny(version, "~+"):
			return check.Undecided(snapshot.ReasonSuspect, "by its number it is affected by "+strings.Join(has, ", ")+"; whether the package has the fix is not known", e)
		case len(has) > 0:
			return check.Failed("it is affected by "+strings.Join(has, ", "), e)
		}
		return check.Passed("none of the listed flaws affects containerd", e).Note("runc's release is not in the evidence")
	})

var kernelSupported = machineCheck("node-kernel-supported", "The node kernel is a maintained, patched release",
	"All pods of a node share its kernel: a flaw in it is a way out of every one. Line and number are held against the tables of kernel.org and of the distributions, as for Docker hosts.",
	"Update the kernel and restart the node.", "A node is drained before it restarts.",
	check.High, "E", nil, func(p *check.Probe, _ *snapshot.NodeHost, h *snapshot.Host) check.Verdict {
		if h == nil || h.Kernel == "" {
			return check.Undecided(snapshot.ReasonPartial, "which kernel runs is not in the evidence")
		}
		return docker.KernelVerdict(p, h)
	})

var auditRules = machineCheck("node-audit-rules-runtime", "Runtime files on nodes are watched by the audit system",
	"Who changes a static pod, the kubelet's configuration or the runtime's socket leaves no trace in the API's log. An audit rule of the kernel leaves one on the node.",
	"Add -w PATH -p wa -k kubernetes for the static pod folder, the kubelet's configuration and the runtime's socket to /etc/audit/rules.d, and load it with augenrules --load.", "",
	check.Medium, "R", nil, func(p *check.Probe, n *snapshot.NodeHost, h *snapshot.Host) check.Verdict {
		var paths []string
		for _, i := range nodeFiles(p, n.Host, snapshot.RoleStaticPodDir, snapshot.RoleKubeletConfig, snapshot.RoleNodeSocket) {
			if f := &p.Snapshot.Files[i]; f.State == snapshot.Observed {
				paths = append(paths, cmp.Or(f.Real, f.Path))
			}
		}
		if len(paths) == 0 {
			return check.Undecided(snapshot.ReasonPartial, "none of the files to be watched was seen")
		}
		slices.Sort(paths)
		return docker.AuditVerdict(h, p.Index.Part(n.Host, snapshot.PartHostAudit), slices.Compact(paths))
	})

var logRemote = machineCheck("node-log-remote", "Node logs leave the node",
	"Who breaks out of a pod is root on the node and deletes what the node has recorded. A record that has left stays.",
	"Run a log shipper on every node (a DaemonSet that reads /var/log, or journald and syslog that forward), and name programs that ship in the policy as node-log-remote.collectors.", "Where logs go people decide.",
	check.Medium, "R", []check.Param{{Name: "collectors", Unit: "list", Meaning: "programs that ship logs to another machine when they run"}},
	func(p *check.Probe, n *snapshot.NodeHost, h *snapshot.Host) check.Verdict {
		collectors, _ := p.List("collectors")
		v := docker.ShippingVerdict(h, p.Index.Part(n.Host, snapshot.PartHostLogs), collectors)
		if v.Status == check.Fail && p.Part(snapshot.PartClusterWorkloads).State != snapshot.Observed {
			return check.Undecided(snapshot.ReasonNotCollected, "no program of the machine ships logs; whether a pod does was not collected ("+string(snapshot.PartClusterWorkloads)+")", v.Evidence...)
		}
		if v.Status == check.Fail && readsLogs(p) {
			return check.Passed("a DaemonSet reads the node's logs", v.Evidence...).Note("where it sends them its own configuration says")
		}
		return v
	})

// readsLogs reports whether a DaemonSet mounts the node's logs.
func readsLogs(p *check.Probe) bool {
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID || w.Kind != "DaemonSet" || w.Spec < 0 || w.Spec >= len(p.Snapshot.PodSpecs) {
			continue
		}
		for _, v := range p.Snapshot.PodSpecs[w.Spec].Volumes {
			if v.Type == "hostPath" && (v.Path == "/var/log" || strings.HasPrefix(v.Path, "/var/log/")) {
				return true
			}
		}
	}
	return false
}

var firewallRestrictive = machineCheck("node-firewall-restrictive", "The node firewall admits declared ports only",
	"Whatever starts to listen on a node is reachable by every pod and neighbour unless a filter drops what is not declared. Judged are the default of the packet filter and the sockets that listen beyond loopback.",
	"Set the default of the input chain to drop and admit what is needed, or stop what listens without need; declare further ports as allowed_ports.", "A filter that leaves out a port of the cluster cuts the node off.",
	check.Medium, "I", []check.Param{{
		Name: "allowed_ports", Unit: "list", Meaning: "listeners that need no rule",
		Default: []string{"22", "6443", "2379", "2380", "10250", "10256", "10257", "10259", "30000-32767"},
	}},
	func(p *check.Probe, n *snapshot.NodeHost, _ *snapshot.Host) check.Verdict {
		filter := ev("packet filter", cmp.Or(n.Firewall.V, "not readable"))
		if n.Firewall.Known() && n.Firewall.V == "drop" {
			return check.Passed("packets to the node are dropped by default", filter)
		}
		if !n.Ports.Known() {
			return check.Undecided(cmp.Or(n.Ports.Reason, snapshot.ReasonFor(n.Ports.State)), "which sockets listen was not readable", filter)
		}
		allowed, _ := p.List("allowed_ports")
		var others []string
		for _, l := range n.Ports.V {
			if !slices.ContainsFunc(allowed, func(s string) bool { return inRange(s, l.Port) }) {
				others = append(others, fmt.Sprintf("%s port %d", l.Address, l.Port))
			}
		}
		e := ev("listeners that are not declared", cmp.Or(strings.Join(others[:min(len(others), 16)], ", "), "none"))
		switch {
		case len(others) == 0:
			return check.Passed("only declared ports listen beyond loopback", e)
		case n.Firewall.Known() && n.Firewall.V == "open":
			return check.Failed("undeclared ports listen, and no rule filters", filter, e)
		}
		return check.Undecided(cmp.Or(n.Firewall.Reason, snapshot.ReasonPartial), "undeclared ports listen; whether rules filter them was not read", filter, e)
	})

// inRange reports whether a port is in FIRST-LAST, or is the one named.
func inRange(s string, port uint16) bool {
	first, last, ok := strings.Cut(s, "-")
	a, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	if err != nil {
		return false
	}
	if !ok {
		return uint16(a) == port
	}
	b, err := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	return err == nil && port >= uint16(a) && port <= uint16(b)
}
