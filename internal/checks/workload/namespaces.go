package workload

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noHostPID = &check.Check{
	ID:    "pod-no-host-pid",
	Title: "The pod has its own process namespace",
	Why: "With hostPID a container sees every process of the node: their arguments, their environment through /proc, and with the rights to it their memory and files. " +
		"A root process with a capability more enters the node by nsenter.",
	Remedy:   "Take hostPID: true out of the pod's specification. A tool that watches processes belongs into a namespace that is allowed to have it.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "EI", Tier: 1,
	Refs:  refs("5.2.3", "5.2.3", "baseline/hostNamespaces", "C-0194 C-0275 C-0038", "KSV-0010", "host-pid"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"hostPID"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict { return sharesNot(b.HostPID, "hostPID", "process") }))
	},
	Fixes: []check.Fix{breaking("give it a process namespace of its own", off("hostPID"))},
}

var noHostIPC = &check.Check{
	ID:       "pod-no-host-ipc",
	Title:    "The pod has its own IPC namespace",
	Why:      "With hostIPC a container reads and writes the shared memory and message queues of the node's programs and of every other pod that shares them.",
	Remedy:   "Take hostIPC: true out of the pod's specification. Containers of one pod share memory without it.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "EI", Tier: 1,
	Refs:  refs("5.2.4", "5.2.4", "baseline/hostNamespaces", "C-0195 C-0276 C-0038", "KSV-0008", "host-ipc"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"hostIPC"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict { return sharesNot(b.HostIPC, "hostIPC", "IPC") }))
	},
	Fixes: []check.Fix{breaking("give it an IPC namespace of its own", off("hostIPC"))},
}

var noHostNetwork = &check.Check{
	ID:    "pod-no-host-network",
	Title: "The pod has its own network namespace",
	Why: "With hostNetwork a container listens on the node's addresses, reaches what listens on its loopback only (the kubelet's health port, agents, the metadata service past its hop limit), " +
		"and with NET_RAW reads the node's traffic. Network policies do not hold it: for the network plugin it is the node.",
	Remedy:   "Take hostNetwork: true out of the pod's specification and publish its ports by a Service.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "SI", Tier: 1,
	Refs:  refs("5.2.5", "5.2.5", "baseline/hostNamespaces", "C-0196 C-0041", "KSV-0009", "host-network"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"hostNetwork"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict { return sharesNot(b.HostNetwork, "hostNetwork", "network") })
	},
	Fixes: []check.Fix{breaking("give it a network of its own", off("hostNetwork"))},
}

func sharesNot(shared bool, field, what string) check.Verdict {
	if shared {
		return check.Failed("it shares the node's "+what+" namespace", ev(field, true))
	}
	return check.Passed("it has a "+what+" namespace of its own", ev(field, false))
}

var ownUserNamespace = &check.Check{
	ID:    "pod-user-namespace",
	Title: "The pod runs in its own user namespace",
	Why: "With hostUsers: false the users of a pod are others than the node's: root in it is nobody outside, and a flaw that lets a process out leaves it without rights. " +
		"Most escapes of the last years end there. The kubelet refuses the pod where runtime or kernel cannot do it, so that the field is proof where the pod runs.",
	Remedy:   "Set hostUsers: false in the pod's specification (Kubernetes 1.33, containerd 2.0 or CRI-O 1.25, Linux 6.3). It excludes hostNetwork, hostPID and hostIPC, and volumes must support mapped users.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"hostUsers"},
	Run: func(p *check.Probe) {
		judge(p, onLinux(func(b *pod) check.Verdict {
			t := b.tally()
			switch {
			case b.HostUsers == nil:
				t.missing("hostUsers")
			case *b.HostUsers:
				t.bad("hostUsers", true)
			}
			return t.verdict("its users are the node's", "it has a user namespace of its own", ev("hostUsers", false))
		}))
	},
}

var separateProcesses = &check.Check{
	ID:    "pod-no-shared-process-ns-with-priv",
	Title: "Containers of unequal trust do not share processes",
	Why: "With shareProcessNamespace the containers of a pod see each other's processes: one reads the environment and, by /proc/PID/root, the files of the other, the mounted secrets among them. " +
		"That is as good as one container, which is fine only where all may do the same.",
	Remedy:   "Take shareProcessNamespace: true out, or move the container with more rights or secrets into a pod of its own.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "EI", Tier: 2,
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"shareProcess", "containers.security", "containers.env", "containers.envFrom", "containers.mounts", "security", "volumes"},
	Run:   func(p *check.Probe) { judge(p, unlessWindows(processesOfEqualTrust)) },
}

func processesOfEqualTrust(b *pod) check.Verdict {
	if !b.ShareProcess {
		return check.Passed("its containers have process namespaces of their own", ev("shareProcessNamespace", false))
	}
	if len(b.Containers) < 2 {
		return check.Passed("it has one container", ev("shareProcessNamespace", true))
	}
	t := b.tally()
	for i := range b.Containers {
		c := &b.Containers[i]
		if c.Privileged {
			t.bad(c.Path("securityContext.privileged"), true)
		}
		for j := range c.Env {
			if f := c.Env[j].From; f != nil && f.Kind == "secret" {
				t.bad(c.Path("env["+number(int64(j))+"]"), "from the secret "+f.Name)
			}
		}
		for j, f := range c.EnvFrom {
			if f.Kind == "secret" {
				t.bad(c.Path("envFrom["+number(int64(j))+"]"), "the secret "+f.Name)
			}
		}
		for j := range c.Mounts {
			if s := b.secretOf(c.Mounts[j].Volume); s != "" {
				t.bad(c.Path("volumeMounts["+number(int64(j))+"]"), "the secret "+s)
			}
		}
		if first := &b.Containers[0]; c.Caps.Held != first.Caps.Held {
			t.bad(c.Path("securityContext.capabilities"), "others than those of "+first.Name)
		} else if c.User != first.User {
			t.bad(c.At(c.User.From, "securityContext.runAsUser"), "another than that of "+first.Name)
		}
	}
	return t.verdict("containers of unequal trust see each other's processes", "containers of equal trust share their processes", ev("shareProcessNamespace", true))
}

// secretOf names the secret that a volume of the pod holds, "" when it is of
// another kind.
func (b *pod) secretOf(volume string) string {
	for i := range b.Volumes {
		v := &b.Volumes[i]
		if v.Name != volume {
			continue
		}
		if v.Type == "secret" {
			return orNotSet(v.Source)
		}
		for j := range v.Projected {
			if v.Projected[j].Kind == "secret" {
				return orNotSet(v.Projected[j].Name)
			}
		}
	}
	return ""
}
