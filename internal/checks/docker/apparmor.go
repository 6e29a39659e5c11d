package docker

import (
	"cmp"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var appArmorProfile = &check.Check{
	ID:    "container-apparmor-profile",
	Title: "An AppArmor profile confines the container",
	Why: "The engine's AppArmor profile keeps root in a container from mounting, from writing to /proc and /sys and from tracing processes outside. " +
		"A profile in complain mode only writes down what it would refuse. The kernel's word for the first process decides. " +
		"On a machine without AppArmor the question does not arise, where other tools warn about every container.",
	Remedy:   "Start it without --privileged and apparmor=unconfined; load its own profile in enforce mode.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.1", "5.2", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"security.appArmor", "privileged"},
	Run:   func(p *check.Probe) { judge(p, confinedByAppArmor) },
	Fixes: []check.Fix{{Title: "go back to the engine's AppArmor profile", Kind: step.ContainerRecreate, Step: defaultAppArmor}},
}

func confinedByAppArmor(b *box) check.Verdict {
	_, used := (&daemon{Engine: b.engine}).securityOption("apparmor")
	used = used && b.at.info
	switch {
	case b.host != nil && b.host.AppArmor == snapshot.Absent:
		return check.Inapplicable("the host has no AppArmor")
	case (b.host == nil || b.host.AppArmor != snapshot.Observed) && !used:
		return b.hostUnknown("AppArmor")
	}
	if proc := b.proc(); proc != nil && proc.LSM != "" {
		return enforced(proc.LSM).ByKernel()
	}
	profile := b.spec.Security.AppArmor
	e := ev("AppArmorProfile", cmp.Or(profile, "not set"))
	switch {
	case b.spec.Privileged:
		return b.configured(check.Failed("it is privileged, which leaves it unconfined", ev("HostConfig.Privileged", true), e))
	case profile == "unconfined":
		return b.configured(check.Failed("no AppArmor profile confines it", e))
	case b.at.info && !used:
		return b.configured(check.Failed("the engine does not use the AppArmor of its host", ev("GET /info SecurityOptions", "no name=apparmor")))
	case profile == "" && !b.at.info:
		return check.Undecided(snapshot.ReasonPartial, "it states no profile and whether the engine applies one was not readable")
	case profile == "" || profile == "docker-default":
		return b.configured(check.Passed("the engine's AppArmor profile confines it", e))
	case b.rt.Live():
		return check.Undecided(snapshot.ReasonPartial, "whether its profile is enforced shows in a readable process only", e)
	}
	return check.Passed("it names an AppArmor profile", e).Note("whether the profile is enforced shows once it runs")
}

// enforced judges what the kernel says of a process: PROFILE (MODE), or
// unconfined.
func enforced(lsm string) check.Verdict {
	e := ev("/proc/PID/attr/current", lsm)
	switch {
	case lsm == "unconfined" || strings.HasPrefix(lsm, "unconfined "):
		return check.Failed("no AppArmor profile confines it", e)
	case strings.HasSuffix(lsm, "(enforce)"):
		return check.Passed("an AppArmor profile confines it", e)
	}
	return check.Failed("its AppArmor profile is not in enforce mode", e)
}

// hostUnknown says why it is not known whether the host has a security module.
func (b *box) hostUnknown(module string) check.Verdict {
	st := b.at.p.Part(snapshot.PartHostIdentity)
	reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial)
	return check.Undecided(reason, "whether the host has "+module+" was not readable")
}
