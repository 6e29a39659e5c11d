package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonSeccompDefault = &check.Check{
	ID:    "daemon-seccomp-default-profile",
	Title: "The engine default seccomp profile denies by default",
	Why: "The built-in profile keeps some fifty system calls from containers, among them many that flaws of the kernel were reached through. " +
		"unconfined lifts that for every container that names no profile of its own, and a custom file may do so silently. " +
		"GET /info names the profile in force: builtin, called default before Engine 23, or the path of a file, which counts when its sha256 is on the policy list.",
	Remedy:   "Remove seccomp-profile from the engine's configuration and restart it, or review the custom profile and add its sha256 to daemon-seccomp-default-profile.allowed_profiles.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:   check.CIS(2, "2.15", "2.17", ""),
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{{Name: "allowed_profiles", Unit: "list", Meaning: "sha256:HEX of profile files accepted beside the built-in one"}},
	Run:    func(p *check.Probe) { judgeEngine(p, filtersCalls) },
}

func filtersCalls(d *daemon) check.Verdict {
	const source = "GET /info SecurityOptions name=seccomp"
	option, ok := d.securityOption("seccomp")
	if !ok {
		return check.Failed("the engine has no seccomp support: no system call is kept from containers", d.observed(source, "not listed", "seccomp-profile")...)
	}
	profile := option["profile"]
	evidence := d.observed(source, "profile="+profile, "seccomp-profile")
	switch profile {
	case "builtin", "default":
		return check.Passed("the default is the engine's built-in profile", evidence...)
	case "unconfined":
		return check.Failed("no system call is kept from containers by default", evidence...)
	case "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its default profile", evidence...)
	}
	allowed, _ := d.p.List("allowed_profiles")
	sum := d.seccompDigest()
	if sum != "" {
		evidence = append(evidence, ev("digest of "+profile, sum))
	}
	switch {
	case len(allowed) == 0:
		return check.Failed("the default is a file, and the policy accepts no custom profile", evidence...)
	case sum == "":
		return check.Undecided(snapshot.ReasonPartial, "the default is a file that was not readable", evidence...)
	case slices.Contains(allowed, sum):
		return check.Passed("the default is a file that the policy accepts", evidence...)
	}
	return check.Failed("the default is a file that the policy does not list", evidence...)
}
