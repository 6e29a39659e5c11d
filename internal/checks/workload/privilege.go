package workload

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var notPrivileged = &check.Check{
	ID:    "pod-not-privileged",
	Title: "No container of the pod is privileged",
	Why: "A privileged container holds every capability and every device of the node, without seccomp, AppArmor and masked paths: it mounts the node's disk and is root there. " +
		"Init, sidecar and ephemeral containers count like any other.",
	Remedy:   "Take securityContext.privileged: true out of the container. Give it the one capability, device plugin or volume that the program needs.",
	Severity: check.Critical, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("5.2.2", "5.2.2", "baseline/privileged", "C-0193 C-0057", "KSV-0017", "privileged-container"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.security.privileged"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				if c := &b.Containers[i]; c.Privileged {
					t.bad(c.Path("securityContext.privileged"), true)
				}
			}
			return t.verdict("a container is privileged", "no container is privileged")
		}))
	},
	Fixes: []check.Fix{breaking("take privileged away", unprivileged)},
}

var noHostProcess = &check.Check{
	ID:       "pod-no-windows-hostprocess",
	Title:    "No Windows host process container runs",
	Why:      "A host process container of Windows runs on the node itself, with the rights of the account it names, SYSTEM among them: it is no container but a way to run programs on nodes.",
	Remedy:   "Take windowsOptions.hostProcess: true out of the pod's and the containers' securityContext, or keep it to agents in a namespace of their own.",
	Severity: check.Critical, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("5.2.11", "5.2.10", "baseline/windowsHostProcess", "C-0202", "KSV-0103", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.hostProcess", "containers.security.hostProcess"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			if set(b.Security.HostProcess) {
				t.bad("securityContext.windowsOptions.hostProcess", true)
			}
			for i := range b.Containers {
				if c := &b.Containers[i]; set(c.Security.HostProcess) {
					t.bad(c.Path("securityContext.windowsOptions.hostProcess"), true)
				}
			}
			return t.verdict("it runs as a process of the node", "no container is a process of the node")
		})
	},
}

func set(b *bool) bool { return b != nil && *b }

var noEscalation = &check.Check{
	ID:    "pod-no-privilege-escalation",
	Title: "Containers cannot gain privileges",
	Why: "Unless allowPrivilegeEscalation is false the kernel lets a process gain rights by starting a set-user-ID program or one with file capabilities, so that a user other than root is no barrier. " +
		"Not saying it means true; one tool takes that for compliant. A privileged container or one that adds SYS_ADMIN has it whatever is said.",
	Remedy:   "Set securityContext.allowPrivilegeEscalation: false in every container, init and sidecar containers included. Programs that use sudo or ping with a set-user-ID bit stop doing so.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("5.2.6", "5.2.6", "restricted/allowPrivilegeEscalation", "C-0197 C-0016", "KSV-0001", "privilege-escalation-container"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.security.escalation", "containers.security.privileged", "containers.security.capAdd"},
	Run:   func(p *check.Probe) { judge(p, onLinux(gainsNothing)) },
	Fixes: []check.Fix{mending("forbid its programs to gain rights", noNewRights)},
}

func gainsNothing(b *pod) check.Verdict {
	const field = "securityContext.allowPrivilegeEscalation"
	t := b.tally()
	for i := range b.Containers {
		c := &b.Containers[i]
		switch e := c.Escalation; {
		case e.Forced == "privileged":
			t.bad(c.Path("securityContext.privileged"), true)
		case e.Forced != "":
			t.bad(c.Path("securityContext.capabilities.add"), e.Forced)
		case e.Allowed && e.Said:
			t.bad(c.Path(field), true)
		case e.Allowed:
			t.missing(c.Path(field))
		}
	}
	return t.verdict("a process of it can gain privileges", "no process of it can gain privileges")
}

var hardened = &check.Check{
	ID:    "pod-linux-hardening-any",
	Title: "The pod sets a security context",
	Why: "A container about which neither it nor its pod says anything runs as its image likes: mostly as root, with the 14 default capabilities, without seccomp. " +
		"The other checks name what is missing; this one says that nobody has thought of it at all.",
	Remedy:   "Give the pod a securityContext with runAsNonRoot: true and seccompProfile.type: RuntimeDefault, and every container one with allowPrivilegeEscalation: false and capabilities.drop: [ALL].",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("5.6.3", "5.6.3", "", "C-0211 C-0055", "KSV-0118", ""),
	Covered: []string{"pod-run-as-non-root", "pod-no-privilege-escalation", "pod-drop-all-capabilities", "pss-seccomp-restricted"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"security", "containers.security"},
	Run: func(p *check.Probe) {
		judge(p, onLinux(func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				if c := &b.Containers[i]; !b.Security.Context && !c.Security.Context {
					t.missing(c.Path("securityContext"))
				}
			}
			return t.verdict("a container has no security context, nor has its pod", "a security context is set for every container")
		}))
	},
}

var readonlyRootfs = &check.Check{
	ID:    "pod-readonly-rootfs",
	Title: "Root filesystems are read-only",
	Why: "An attacker who can write to a container's file system leaves tools there and changes the program that runs. " +
		"App and sidecar containers count, which run as long as the pod; init containers do not.",
	Remedy:   "Set securityContext.readOnlyRootFilesystem: true and mount an emptyDir where the program writes, such as /tmp.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "T", Tier: 2,
	Refs:  refs("", "", "", "C-0017", "KSV-0014", "no-read-only-root-fs"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.security.readonlyRootfs"},
	Run: func(p *check.Probe) {
		judge(p, onLinux(func(b *pod) check.Verdict {
			const field = "securityContext.readOnlyRootFilesystem"
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				switch ro := c.Security.ReadonlyRootfs; {
				case !c.LongRunning(), set(ro):
				case ro != nil:
					t.bad(c.Path(field), false)
				default:
					t.missing(c.Path(field))
				}
			}
			return t.verdict("a root file system can be written to", "every root file system is read-only")
		}))
	},
	Fixes: []check.Fix{mending("make root file systems read-only", fixedRoot)},
}
