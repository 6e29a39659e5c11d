package workload

import (
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

var noHostPorts = &check.Check{
	ID:    "pod-no-host-ports",
	Title: "No host port is claimed",
	Why: "A host port is open on the node's addresses, past Services and most network policies, and lets a pod stand in for a service of the node. " +
		"With hostNetwork the API server publishes every port that is named.",
	Remedy:   "Take hostPort out and publish the port by a Service or an ingress.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "SI", Tier: 1,
	Refs:    refs("5.2.13", "5.2.12", "baseline/hostPorts", "C-0204 C-0044", "KSV-0024", ""),
	Covered: []string{"pod-no-host-network"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"containers.ports", "hostNetwork"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				for j := range c.Ports {
					switch port := &c.Ports[j]; {
					case port.HostPort != 0:
						t.bad(c.Path("ports["+strconv.Itoa(j)+"].hostPort"), int64(port.HostPort))
					case b.HostNetwork && port.Port != 0:
						t.bad(c.Path("ports["+strconv.Itoa(j)+"].containerPort"), number(int64(port.Port))+", with hostNetwork")
					}
				}
			}
			return t.verdict("it takes ports of the node", "it takes no port of the node")
		})
	},
}

var noHostProbes = &check.Check{
	ID:       "pss-host-probes",
	Title:    "Probes do not name another host",
	Why:      "Probes and hooks are sent by the kubelet from the node's network. One that names a host makes the kubelet call what the pod itself cannot reach: the node's loopback, the metadata service, other tenants.",
	Remedy:   "Take host out of httpGet and tcpSocket: without it the pod's own address is asked.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "SI", Tier: 1,
	Refs:  refs("", "", "baseline/hostProbesAndHostLifecycle", "", "", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.liveness", "containers.readiness", "containers.startup", "containers.postStart", "containers.preStop"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				for _, of := range [...]struct {
					field string
					h     *snapshot.Handler
				}{
					{"livenessProbe", c.Liveness},
					{"readinessProbe", c.Readiness},
					{"startupProbe", c.Startup},
					{"lifecycle.postStart", c.PostStart},
					{"lifecycle.preStop", c.PreStop},
				} {
					if of.h != nil && of.h.Host != "" {
						t.bad(c.Path(of.field+"."+asked(of.h.Kind)+".host"), of.h.Host)
					}
				}
			}
			return t.verdict("a probe or hook names another host", "no probe or hook names another host")
		})
	},
}

// asked is the field of the API of a kind of handler.
func asked(kind string) string {
	if kind == "tcp" {
		return "tcpSocket"
	}
	return "httpGet"
}

var noHostAliases = &check.Check{
	ID:       "pod-no-host-aliases",
	Title:    "The pod overrides no host names",
	Why:      "hostAliases write names into the pod's hosts file, before any name server is asked: whoever may set them sends the program elsewhere, and no log of name queries shows it.",
	Remedy:   "Take hostAliases out and let the cluster's name service know the name, or name the workload on the policy list.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "S", Tier: 2,
	Refs:  refs("", "", "", "", "KSV-0007", ""),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "allowed", Unit: "list", Meaning: "namespace and name pairs left out of the rule; empty means that nothing is"},
	},
	Needs: workloads,
	Reads: []string{"hostAliases"},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed")
		judgeBy(p, func(w int) bool { return listed(&p.Snapshot.Workloads[w], allowed) }, func(b *pod, listed bool) check.Verdict {
			if listed {
				return check.Inapplicable("it is on the policy list of those that may")
			}
			t := b.tally()
			for _, a := range b.HostAliases {
				t.bad("hostAliases", a)
			}
			return t.verdict("it overrides host names", "it overrides no host names")
		})
	},
}

// listed reports whether a list of policy has a workload, as NAMESPACE/NAME.
func listed(w *snapshot.Workload, list []string) bool {
	return slices.Contains(list, w.Namespace+"/"+w.Name)
}

var dnsPolicy = &check.Check{
	ID:       "dns-policy-tamper",
	Title:    "Pods use the cluster name service",
	Why:      "A name server of the pod's own choice answers for every name that its program asks for, and carries data out in its questions, past the cluster's name service and its log.",
	Remedy:   "Take dnsConfig.nameservers out, or name the server on the policy list.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "S", Tier: 2,
	Refs:  refs("", "", "", "", "", "dnsconfig-options"),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "allowed_nameservers", Unit: "list", Meaning: "name servers a pod may set"},
	},
	Needs: workloads,
	Reads: []string{"nameservers"},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_nameservers")
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for _, n := range b.Nameservers {
				if !slices.Contains(allowed, n) {
					t.bad("dnsConfig.nameservers", n)
				}
			}
			return t.verdict("it asks name servers of its own choice", "it asks the name servers that the cluster or the policy names", ev("dnsPolicy", orDefault(b.DNSPolicy, "ClusterFirst")))
		})
	},
}

func orDefault(v, def string) string {
	if v == "" {
		return def
	}
	return v
}

const sshPort = 22

var noSSH = &check.Check{
	ID:       "no-ssh-in-container",
	Title:    "No SSH port is offered by a pod",
	Why:      "An SSH server in a pod is a second way in, with keys and passwords of its own, past the API server's authorization and audit log. A port or a Service for 22, and a command that starts a server, count.",
	Remedy:   "Remove the server and its port, and use kubectl exec, which is authorised and logged.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "EI", Tier: 2,
	Refs:  refs("", "", "", "C-0042", "", "ssh-port"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.ports", "containers.programs", "containers.command"},
	Run: func(p *check.Probe) {
		judgeBy(p, func(w int) string { return serviceTo(p, w, sshPort) }, func(b *pod, service string) check.Verdict {
			t := b.tally()
			if service != "" {
				t.bad("Service "+service, "to port 22")
			}
			for i := range b.Containers {
				c := &b.Containers[i]
				for j := range c.Ports {
					if c.Ports[j].Port == sshPort {
						t.bad(c.Path("ports["+strconv.Itoa(j)+"].containerPort"), int64(sshPort))
					}
				}
				t.programs(c, "sshd", "dropbear")
			}
			return t.verdict("it offers SSH", "it offers no SSH")
		})
	},
}

// programs takes those of some programs that a container's command names.
func (t *tally) programs(c *podspec.Container, names ...string) {
	for _, n := range names {
		if slices.Contains(c.Programs, n) {
			t.bad(c.Path("command"), n)
		}
	}
}

var noSudo = &check.Check{
	ID:       "no-sudo-entrypoint",
	Title:    "No command relies on sudo",
	Why:      "A command that calls sudo needs a set-user-ID program, root and privilege escalation, and so keeps all three allowed.",
	Remedy:   "Start the program as the user that it needs: runAsUser, and an init container for what root has to prepare.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "C-0062", "", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.programs", "containers.command"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				t.programs(&b.Containers[i], "sudo", "doas")
			}
			return t.verdict("a command calls sudo", "no command calls sudo")
		})
	},
}

const firstOrdinaryPort = 1024

var noPrivilegedPort = &check.Check{
	ID:       "no-privileged-port-bind",
	Title:    "No privileged container port is used",
	Why:      "A program that listens below 1024 is mostly started as root for it, or with NET_BIND_SERVICE. A Service maps any port to an ordinary one.",
	Remedy:   "Let the program listen on a port from 1024 on, and set the Service's targetPort to it; or set the sysctl net.ipv4.ip_unprivileged_port_start.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "", "KSV-0117", "privileged-ports"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.ports", "security.sysctls"},
	Run:   func(p *check.Probe) { judge(p, unlessWindows(ordinaryPorts)) },
}

func ordinaryPorts(b *pod) check.Verdict {
	const setting = "net.ipv4.ip_unprivileged_port_start"
	first := int64(firstOrdinaryPort)
	for _, s := range b.Security.Sysctls {
		if n, err := strconv.ParseInt(s.Value, 10, 64); s.Key == setting && err == nil {
			first = n
		}
	}
	t := b.tally("security.sysctls")
	for i := range b.Containers {
		c := &b.Containers[i]
		for j := range c.Ports {
			if port := int64(c.Ports[j].Port); port > 0 && port < first {
				t.bad(c.Path("ports["+strconv.Itoa(j)+"].containerPort"), port)
			}
		}
	}
	return t.verdict("it listens on a port that needs a privilege", "it listens on no port that needs a privilege", ev("first ordinary port", first))
}
