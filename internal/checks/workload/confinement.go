package workload

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

var appArmor = &check.Check{
	ID:    "pss-apparmor",
	Title: "AppArmor is not switched off",
	Why: "On nodes with AppArmor the runtime confines every container by a profile of its own unless the pod says Unconfined, in the field or in the annotation of older versions. " +
		"It fails at either level: a pod that is Unconfined hands it to every container that says nothing.",
	Remedy:   "Take Unconfined out of appArmorProfile, or name RuntimeDefault or a profile that the nodes have loaded.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("", "", "baseline/appArmorProfile", "C-0055", "KSV-0002", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.appArmor", "containers.security.appArmor", "containers.security.appArmorNote"},
	Run:   func(p *check.Probe) { judge(p, unlessWindows(armoured)) },
}

func armoured(b *pod) check.Verdict {
	const field, annotation = "securityContext.appArmorProfile.type", "container.apparmor.security.beta.kubernetes.io/"
	t := b.tally()
	if a := b.Security.AppArmor; a != nil && !podspec.Confined(*a) {
		t.bad(field, orNotSet(a.Type))
	}
	for i := range b.Containers {
		c := &b.Containers[i]
		if a := c.Security.AppArmor; a != nil && !podspec.Confined(*a) {
			t.bad(c.Path(field), orNotSet(a.Type))
		}
		if n := c.Security.AppArmorNote; n != "" && !podspec.ConfinedNote(n) {
			t.bad("annotation "+annotation+c.Name, n)
		}
	}
	return t.verdict("AppArmor is switched off", "AppArmor is left as the runtime sets it, or a profile is named")
}

var seLinux = &check.Check{
	ID:    "pss-selinux",
	Title: "SELinux options stay within the safe set",
	Why: "A type such as spc_t takes the confinement of SELinux away, and a user or role of its own leads into domains that are not meant for containers. " +
		"The runtime chooses well by itself; which types may be named grew with the versions of the standards.",
	Remedy:   "Leave seLinuxOptions out, or name level and one of container_t, container_init_t, container_kvm_t, container_engine_t.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("", "", "baseline/seLinuxOptions", "C-0211", "KSV-0025", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.selinux", "containers.security.selinux"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally()
			t.labels(b.Security.SELinux, "securityContext.seLinuxOptions")
			for i := range b.Containers {
				c := &b.Containers[i]
				t.labels(c.Security.SELinux, c.Path("securityContext.seLinuxOptions"))
			}
			return t.verdict("SELinux options leave the safe set", "SELinux options are left to the runtime or within the safe set")
		}))
	},
}

func (t *tally) labels(o *snapshot.SELinux, at string) {
	if o == nil {
		return
	}
	if !t.b.Standard.SafeSELinuxType(o.Type) {
		t.bad(at+".type", o.Type)
	}
	if o.User != "" {
		t.bad(at+".user", o.User)
	}
	if o.Role != "" {
		t.bad(at+".role", o.Role)
	}
}

var procMount = &check.Check{
	ID:    "pss-proc-mount",
	Title: "The process filesystem stays masked",
	Why: "procMount: Unmasked shows the files of /proc and /sys that the runtime hides: kernel memory, keys, switches of the whole machine. " +
		"In a user namespace of its own a pod needs it to start containers inside; the standards allow that from 1.35 on at the baseline level, at restricted never.",
	Remedy:   "Take procMount: Unmasked out, or set hostUsers: false in a namespace that enforces no more than baseline.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "I", Tier: 1,
	Refs:  refs("", "", "baseline/procMount", "", "KSV-0027", "unsafe-proc-mount"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.security.procMount"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally("hostUsers")
			for i := range b.Containers {
				if c := &b.Containers[i]; c.Security.ProcMount != "" && c.Security.ProcMount != "Default" {
					t.bad(c.Path("securityContext.procMount"), c.Security.ProcMount)
				}
			}
			if t.Any() && b.UnmaskedAllowed() {
				return check.Passed("the process file system is unmasked in a user namespace of its own", append(t.Evidence, ev("hostUsers", false))...)
			}
			return t.verdict("the process file system is unmasked", "the process file system is masked")
		}))
	},
}

var seccompBaseline = &check.Check{
	ID:    "pss-seccomp-baseline",
	Title: "Seccomp is not switched off",
	Why: "Seccomp keeps containers from the system calls that most escapes begin with. Unconfined, said by the pod or by a container, takes that away, " +
		"also where the kubelet would set a profile by default.",
	Remedy:   "Take Unconfined out of seccompProfile, or name RuntimeDefault or a Localhost profile.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("", "", "baseline/seccompProfile_baseline", "C-0210", "KSV-0104", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.seccomp", "containers.security.seccomp"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally()
			if s := b.Security.Seccomp; s != nil && !podspec.Confined(*s) {
				t.bad(seccompType, orNotSet(s.Type))
			}
			for i := range b.Containers {
				c := &b.Containers[i]
				if s := c.Security.Seccomp; s != nil && !podspec.Confined(*s) {
					t.bad(c.Path(seccompType), orNotSet(s.Type))
				}
			}
			return t.verdict("seccomp is switched off", "seccomp is not switched off")
		}))
	},
	Fixes: []check.Fix{breaking("put seccomp back on", withSeccomp)},
}

const seccompType = "securityContext.seccompProfile.type"

var seccompRestricted = &check.Check{
	ID:    "pss-seccomp-restricted",
	Title: "A seccomp profile is set for every container",
	Why: "Unless a profile is named, by the container or for it by its pod, containers run with every system call of the kernel: Kubernetes sets none by itself. " +
		"A kubelet with seccompDefault: true does, which the threats count; the pod does not say so, and runs without on the next node. A privileged container has no profile whatever is named.",
	Remedy:   "Set seccompProfile.type: RuntimeDefault in the pod's securityContext.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("5.6.2", "5.6.2", "restricted/seccompProfile_restricted", "C-0210 C-0055", "KSV-0030", ""),
	Covered: []string{"pss-seccomp-baseline"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"security.seccomp", "containers.security.seccomp", "containers.security.privileged"},
	Run: func(p *check.Probe) {
		judge(p, onLinux(func(b *pod) check.Verdict {
			t := b.tally("containers.security.seccomp")
			for i := range b.Containers {
				c := &b.Containers[i]
				switch {
				case c.Privileged:
					t.bad(c.Path("securityContext.privileged"), true)
				case !c.Seccomp.Said():
					t.missing(c.Path(seccompType))
				case !podspec.Confined(c.Seccomp.V):
					t.bad(c.At(c.Seccomp.From, seccompType), orNotSet(c.Seccomp.V.Type))
				}
			}
			return t.verdict("a container runs without a seccomp profile", "every container has a seccomp profile")
		}))
	},
	Fixes: []check.Fix{mending("give it the seccomp profile of its runtime", withSeccomp)},
}

var sysctls = &check.Check{
	ID:    "pss-sysctls",
	Title: "Only safe kernel settings are changed",
	Why: "Kernel settings outside the safe set reach beyond the pod, or weaken its own network stack. Which settings are safe grew with the versions of the standards: " +
		"the version counts that the namespace enforces, else that of the cluster.",
	Remedy:   "Take the setting out of securityContext.sysctls. What a node needs belongs into its own configuration.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "TI", Tier: 1,
	Refs:  refs("", "", "baseline/sysctls", "", "KSV-0026", "unsafe-sysctls"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.sysctls"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally()
			for _, s := range b.Security.Sysctls {
				if !b.Standard.SafeSysctl(s.Key) {
					t.bad("securityContext.sysctls", s.Key)
				}
			}
			return t.verdict("kernel settings beyond the safe set are changed", "no kernel setting beyond the safe set is changed",
				ev("version of the standards", "1."+number(int64(b.Standard.Version))))
		}))
	},
}

var runtimeClass = &check.Check{
	ID:    "hardened-runtime-class",
	Title: "Untrusted workloads run in a sandbox",
	Why: "gVisor and Kata put a second kernel between a container and the node's, so that a flaw of the kernel is no way out. Code that nobody vouches for belongs there. " +
		"Which pods those are, their label says: trust=untrusted, unless the policy selects otherwise.",
	Remedy:   "Install a sandbox on some nodes, define a RuntimeClass for its handler, and name it in runtimeClassName of the pods.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "C-0297", "", ""),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "sandboxed_classes", Unit: "list", Default: []string{"gvisor", "runsc", "kata", "kata-qemu", "kata-clh", "kata-fc"}, Meaning: "classes or handlers that count as a sandbox"},
		{Name: "untrusted_selector", Unit: "selector", Default: []string{"trust=untrusted"}, Meaning: "label of pods that count as untrusted"},
	},
	Needs: workloads,
	Reads: []string{"runtimeClass"},
	Run: func(p *check.Probe) {
		classes, _ := p.List("sandboxed_classes")
		selector, _ := p.List("untrusted_selector")
		judgeBy(p, func(w int) string { return selectedBy(&p.Snapshot.Workloads[w], selector) },
			func(b *pod, label string) check.Verdict { return sandboxed(b, classes, label) })
	},
}

func sandboxed(b *pod, classes []string, label string) check.Verdict {
	e := ev("runtimeClassName", orNotSet(b.RuntimeClass))
	handler := ""
	for i := range b.p.Snapshot.RuntimeClasses {
		if c := &b.p.Snapshot.RuntimeClasses[i]; c.Scope == b.p.Scope.ID && c.Name == b.RuntimeClass {
			handler = c.Handler
		}
	}
	switch {
	case b.RuntimeClass != "" && handler != "" && slices.Contains(classes, handler):
		return check.Passed("it runs in a sandbox", e, ev("RuntimeClass "+b.RuntimeClass, handler))
	case b.RuntimeClass != "" && handler == "" && slices.Contains(classes, b.RuntimeClass):
		return check.Passed("it names a class of sandboxes", e).Note("the RuntimeClass was not seen; its name decides")
	case label == "":
		return check.Inapplicable("it does not count as untrusted", e)
	}
	if b.FirstUnread(b.p.Reads()...) != "" {
		return b.p.NotUnderstood("runtimeClass")
	}
	if handler != "" {
		e.Value += ", handler " + handler
	}
	return check.Failed("it counts as untrusted and shares the node's kernel", e, ev("label", label))
}
