package workload

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

const howToReadCaps = " The set is what the runtimes make of it: containerd and CRI-O add all, drop all, then add and drop one by one; the Docker engine lets what is added win. " +
	"Where they differ the worse counts, and a privileged container keeps all whatever it drops."

const (
	capAdd  = "securityContext.capabilities.add"
	capDrop = "securityContext.capabilities.drop"
)

var dropNetRaw = &check.Check{
	ID:    "pod-drop-net-raw",
	Title: "Raw sockets are not available in the pod",
	Why: "With NET_RAW a container forges ARP, IPv6 router and DNS packets and so answers for other pods. It is one of the capabilities that runtimes grant unless they are told otherwise, so that saying nothing fails; " +
		"the baseline level of the standards only forbids adding it and proves nothing." + howToReadCaps,
	Remedy:   "Set capabilities.drop: [ALL] in every container, or drop NET_RAW by name. Old versions of ping and tools that capture packets stop working.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "S", Tier: 1,
	Refs:  refs("5.2.8", "5.2.8", "", "C-0199 C-0046 C-0055", "KSV-0119 KSV-0004", "drop-net-raw-capability"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.security.capAdd", "containers.security.capDrop", "containers.security.privileged"},
	Run:   func(p *check.Probe) { judge(p, onLinux(lacksNetRaw)) },
	Fixes: []check.Fix{mending("drop NET_RAW", withoutRawSockets)},
}

func lacksNetRaw(b *pod) check.Verdict {
	const name = "NET_RAW"
	t := b.tally("containers.security.capDrop")
	for i := range b.Containers {
		c := &b.Containers[i]
		switch {
		case !c.Caps.Has(name):
		case c.Privileged:
			t.bad(c.Path("securityContext.privileged"), true)
		default:
			t.holding(c, name)
		}
	}
	v := t.verdict("a container can open raw sockets", "no container can open raw sockets")
	if v.Status == check.Fail && t.wrong == 0 && slices.Equal(b.Runtimes, []string{"cri-o"}) {
		return v.At(check.Low).Note("CRI-O as it is shipped does not grant it; its configuration on the node can")
	}
	return v
}

// holding takes a capability that a container holds, with the field that gives it.
func (t *tally) holding(c *podspec.Container, names ...string) {
	if c.Caps.Depends(names...) {
		t.depends = append(t.depends, c.Name)
	}
	added := slices.ContainsFunc(c.Security.CapAdd, func(n string) bool {
		n = strings.TrimPrefix(strings.ToUpper(n), "CAP_")
		return n == "ALL" || slices.Contains(names, n)
	})
	switch {
	case added:
		t.bad(c.Path(capAdd), few(c.Security.CapAdd))
	case len(c.Security.CapDrop) > 0:
		t.bad(c.Path(capDrop), few(c.Security.CapDrop))
	default:
		t.missing(c.Path(capDrop))
	}
}

var noDangerousCaps = &check.Check{
	ID:    "pod-no-dangerous-caps",
	Title: "No host-controlling capability is held",
	Why: "Any one of these capabilities is a way out of the container or into every other: SYS_ADMIN mounts, SYS_MODULE loads code into the kernel, SYS_PTRACE enters processes it can see, " +
		"DAC_READ_SEARCH opens any file of a disk by its number, NET_ADMIN rewrites the network." + howToReadCaps,
	Remedy:   "Remove them from capabilities.add. What needs them belongs into a pod of its own in a namespace that is allowed to have it.",
	Severity: check.Critical, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("", "", "", "C-0046", "KSV-0005 KSV-0120 KSV-0022", ""),
	Covered: []string{"pod-not-privileged"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"containers.security.capAdd", "containers.security.capDrop", "containers.security.privileged"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally("containers.security.capDrop")
			for i := range b.Containers {
				c := &b.Containers[i]
				names := shared.CapsAmong(c.Caps.Held, shared.HostControl)
				switch {
				case len(names) == 0:
				case c.Privileged:
					t.bad(c.Path("securityContext.privileged"), true)
				default:
					if c.Caps.Depends(names...) {
						t.depends = append(t.depends, c.Name)
					}
					t.bad(c.Path(capAdd), few(names))
				}
			}
			return t.verdict("a container holds capabilities that control the node", "no container holds a capability that controls the node")
		}))
	},
}

var noAddedCaps = &check.Check{
	ID:    "pod-no-added-capabilities",
	Title: "No capability beyond the baseline list is added",
	Why: "What a container adds to the runtime's set opens a further part of the kernel to it. Those of the baseline list are in the runtime's set anyway; every other is one more. " +
		"Names count as they are written, as the standards compare them: net_admin is not NET_ADMIN to them, but it is to the runtime.",
	Remedy:   "Remove what the program does not need from capabilities.add. NET_BIND_SERVICE is enough for a port below 1024.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("5.2.9", "", "baseline/capabilities_baseline", "C-0200", "KSV-0022 KSV-0005 KSV-0120", ""),
	Covered: []string{"pod-no-dangerous-caps"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"containers.security.capAdd"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				beyond := slices.DeleteFunc(slices.Clone(c.Security.CapAdd), func(n string) bool { return slices.Contains(podspec.BaselineCaps, n) })
				if len(beyond) > 0 {
					t.bad(c.Path(capAdd), few(beyond))
				}
			}
			return t.verdict("capabilities beyond the baseline are added", "no capability beyond the baseline is added")
		}))
	},
}

var dropAllCaps = &check.Check{
	ID:    "pod-drop-all-capabilities",
	Title: "All capabilities are dropped by default",
	Why: "Most programs need none of the 14 capabilities that runtimes grant: dropping all and adding back the one that is needed leaves root in the container little to do. " +
		"The standards want ALL in upper case and let NET_BIND_SERVICE alone be added. A privileged container drops nothing.",
	Remedy:   "Set capabilities.drop: [ALL] in every container, init and sidecar containers included, and add NET_BIND_SERVICE where a port below 1024 is needed.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("5.2.10", "5.2.9", "restricted/capabilities_restricted", "C-0201 C-0046", "KSV-0003 KSV-0106 KSV-0004", ""),
	Covered: []string{"pod-drop-net-raw"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"containers.security.capAdd", "containers.security.capDrop", "containers.security.privileged"},
	Run:     func(p *check.Probe) { judge(p, onLinux(dropsAll)) },
	Fixes:   []check.Fix{breaking("drop all capabilities", withoutCapabilities)},
}

func dropsAll(b *pod) check.Verdict {
	const all, bind = "ALL", "NET_BIND_SERVICE"
	t := b.tally()
	for i := range b.Containers {
		c := &b.Containers[i]
		drop := c.Security.CapDrop
		switch {
		case c.Privileged:
			t.bad(c.Path("securityContext.privileged"), true)
			continue
		case slices.Contains(drop, all):
		case slices.ContainsFunc(drop, func(n string) bool { return strings.EqualFold(n, all) }):
			t.bad(c.Path(capDrop), few(drop))
			t.note("the runtime takes all in any case of letters, the standards want ALL")
		case len(drop) > 0:
			t.bad(c.Path(capDrop), few(drop))
		default:
			t.missing(c.Path(capDrop))
		}
		if more := slices.DeleteFunc(slices.Clone(c.Security.CapAdd), func(n string) bool { return n == bind }); len(more) > 0 {
			t.bad(c.Path(capAdd), few(more))
		}
	}
	return t.verdict("a container keeps capabilities", "every container drops all capabilities")
}
