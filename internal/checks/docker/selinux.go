package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var seLinuxLabel = &check.Check{
	ID:    "container-selinux-label",
	Title: "An SELinux container label confines the container",
	Why: "On a host with SELinux the container's label is what keeps a process that broke out from reading anything but its own files. " +
		"label=disable takes it away, and a permissive host only writes down what it would refuse. " +
		"Judged by the label itself: a tool that looks for security options of any kind lets seccomp=unconfined count as an SELinux setting. " +
		"On a machine without SELinux the question does not arise.",
	Remedy:   "Run the engine with --selinux-enabled on an enforcing host, and the container without label=disable.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(2, "5.2", "5.3", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"security.selinux", "security.processLabel"},
	Run:   func(p *check.Probe) { judge(p, confinedBySELinux) },
	Fixes: []check.Fix{{Title: "let the engine give it an SELinux label", Kind: step.ContainerRecreate, Step: defaultLabel}},
}

func confinedBySELinux(b *box) check.Verdict {
	mode := ""
	if b.host != nil {
		mode = b.host.SELinux
	}
	host := ev("SELinux of the host", mode)
	switch mode {
	case "enforcing":
	case "disabled":
		return check.Inapplicable("the host has no SELinux", host)
	case "permissive":
		return check.Failed("SELinux of the host only logs what it would refuse", host)
	default:
		return b.hostUnknown("SELinux")
	}
	if proc := b.proc(); proc != nil && strings.Contains(proc.LSM, ":") {
		return labelled(ev("/proc/PID/attr/current", proc.LSM), host).ByKernel()
	}
	sec := &b.spec.Security
	switch {
	case slices.Contains(sec.SELinux, "disable"):
		return b.configured(check.Failed("its label is switched off", ev("HostConfig.SecurityOpt label", "disable"), host))
	case sec.ProcessLabel == "":
		if v, bad := b.unread("security.processLabel"); bad {
			return v
		}
		return b.configured(check.Failed("the engine gives it no label", ev("ProcessLabel", "none"), host))
	}
	return b.configured(labelled(ev("ProcessLabel", sec.ProcessLabel), host))
}

// labelled judges a label USER:ROLE:TYPE:LEVEL by its type.
func labelled(label, host check.Evidence) check.Verdict {
	fields := strings.SplitN(label.Value, ":", 4)
	if len(fields) > 2 && containerType(fields[2]) {
		return check.Passed("an SELinux container label confines it", label, host)
	}
	return check.Failed("its SELinux type is not one of containers", label, host)
}

// containerType knows the types of container-selinux and those that udica
// makes. spc_t, the type of super-privileged containers, is none of them.
func containerType(t string) bool {
	return strings.HasPrefix(t, "container_") && strings.HasSuffix(t, "_t") || strings.HasPrefix(t, "svirt_lxc_") || strings.HasSuffix(t, ".process")
}
