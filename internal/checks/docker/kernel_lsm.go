package docker

import (
	"cmp"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var kernelLSM = &check.Check{
	ID:    "kernel-lsm-enabled",
	Title: "AppArmor or SELinux is active on the host",
	Why: "Namespaces and capabilities are what an escape breaks; a mandatory access control stands behind them and still denies the broken process the host's files. " +
		"Without AppArmor or SELinux the engine's default profile does not exist, whatever a container's configuration names. SELinux in permissive mode only writes down what it would have denied.",
	Remedy:   "Boot with apparmor=1 security=apparmor, or on distributions with SELinux set SELINUX=enforcing in /etc/selinux/config and label the files again.",
	Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live},
	Run:   func(p *check.Probe) { p.Report(judgeLSM(p), p.Self()) },
}

func judgeLSM(p *check.Probe) check.Verdict {
	if len(enginesOn(p)) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	h := p.Host()
	if h == nil {
		st := p.Part(snapshot.PartHostIdentity)
		return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial), cmp.Or(st.Detail, "the security modules were not readable"))
	}
	evidence := []check.Evidence{ev("AppArmor of the kernel", armour(h.AppArmor)), ev("SELinux of the kernel", cmp.Or(h.SELinux, "not readable"))}
	switch {
	case h.AppArmor == snapshot.Observed:
		return check.Passed("AppArmor is active", evidence...)
	case h.SELinux == "enforcing":
		return check.Passed("SELinux is enforcing", evidence...)
	case h.AppArmor != snapshot.Absent || h.SELinux == "":
		return check.Undecided(cmp.Or(snapshot.ReasonFor(h.AppArmor), snapshot.ReasonPartial), "the security modules were not readable", evidence...)
	case h.SELinux == "permissive":
		return check.Failed("SELinux is permissive and AppArmor is off", evidence...)
	}
	return check.Failed("neither AppArmor nor SELinux is active", evidence...)
}

func armour(s snapshot.State) string {
	switch s {
	case snapshot.Observed:
		return "on"
	case snapshot.Absent:
		return "off"
	case snapshot.Denied, snapshot.Failed, snapshot.Skipped:
	}
	return "not readable"
}
