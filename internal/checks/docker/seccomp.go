package docker

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var seccompEnabled = &check.Check{
	ID:    "container-seccomp-enabled",
	Title: "A deny-by-default seccomp profile is active",
	Why: "The engine's profile refuses the system calls that most kernel exploits start with. Without it, a process in the container may make every one of them. " +
		"The kernel must say filter mode for the first process, and the configuration that the filter is the built-in profile, which engines call default or builtin, or one whose hash is on the policy list: " +
		"a filter that a program gives itself holds for that program alone.",
	Remedy:   "Start it without seccomp=unconfined; put the hash of a reviewed profile on the policy list.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.21", "5.22", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"security.seccomp", "privileged"},
	Params: []check.Param{{
		Name: "allowed_profiles", Unit: "list", Meaning: "sha256 of profiles accepted beside the built-in one",
	}},
	Run:   func(p *check.Probe) { judge(p, filtered) },
	Fixes: []check.Fix{{Title: "go back to the engine's seccomp profile", Kind: step.ContainerRecreate, Step: defaultSeccomp}},
}

func filtered(b *box) check.Verdict {
	var evidence []check.Evidence
	proc := b.proc()
	if proc != nil {
		evidence = append(evidence, ev("Seccomp of the first process", seccompMode(proc.Seccomp)))
	}
	if b.spec.Privileged {
		return check.Failed("it is privileged, which switches seccomp off", append(evidence, ev("HostConfig.Privileged", true))...)
	}
	if proc != nil && proc.Seccomp != 2 {
		return check.Failed("no seccomp filter is active", evidence...)
	}
	v := b.seccompProfile(evidence)
	if proc == nil {
		return b.configured(v)
	}
	return v
}

func seccompMode(m int) string {
	switch m {
	case 0:
		return "0, off"
	case 2:
		return "2, filter"
	}
	return strconv.Itoa(m)
}

// seccompProfile judges the profile that the configuration names, or the
// engine's default.
func (b *box) seccompProfile(evidence []check.Evidence) check.Verdict {
	own := b.spec.Security.Seccomp
	if own != "" {
		evidence = append(evidence, ev("HostConfig.SecurityOpt seccomp", own))
	}
	switch own {
	case "unconfined":
		return check.Failed("seccomp is switched off for it", evidence...)
	case "builtin", "default":
		return check.Passed("the built-in seccomp profile confines it", evidence...)
	case "":
		if v, bad := b.unread("security.seccomp"); bad {
			return v
		}
		return b.engineProfile(evidence)
	}
	if b.profileAllowed(own) {
		return check.Passed("a seccomp profile of the policy list confines it", evidence...)
	}
	return check.Failed("its seccomp profile is neither the built-in one nor on the policy list", evidence...)
}

// profileAllowed looks a hash up in the policy list, with or without sha256:.
func (b *box) profileAllowed(hash string) bool {
	hash, ok := strings.CutPrefix(hash, "sha256:")
	return ok && slices.ContainsFunc(b.at.list("allowed_profiles"), func(a string) bool {
		return strings.EqualFold(strings.TrimPrefix(a, "sha256:"), hash)
	})
}

func (b *box) engineProfile(evidence []check.Evidence) check.Verdict {
	if b.engine == nil {
		return check.Passed("it keeps the engine's seccomp profile", ev("security_opt seccomp", "not set")).
			Note("whether the engine's default is the built-in profile is judged by daemon-seccomp-default-profile")
	}
	if !b.at.info {
		return check.Undecided(snapshot.ReasonPartial, "it states no seccomp profile and the engine's default was not readable", evidence...)
	}
	option, ok := (&daemon{Engine: b.engine}).securityOption("seccomp")
	if !ok {
		return check.Failed("the engine applies no seccomp profile", append(evidence, ev("GET /info SecurityOptions", "no name=seccomp"))...)
	}
	profile := option["profile"]
	evidence = append(evidence, ev("GET /info SecurityOptions seccomp profile", profile))
	switch profile {
	case "default", "builtin":
		return check.Passed("the built-in seccomp profile confines it", evidence...)
	case "unconfined":
		return check.Failed("the engine's default switches seccomp off", evidence...)
	case "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its default profile", evidence...)
	}
	digest := b.at.engine().seccompDigest()
	switch {
	case len(b.at.list("allowed_profiles")) == 0:
		return check.Failed("the engine's default profile is not the built-in one and no other is allowed", evidence...)
	case digest == "":
		return check.Undecided(snapshot.ReasonPartial, "the engine's default profile is a file whose hash was not read", evidence...)
	case b.profileAllowed(digest):
		return check.Passed("the engine's default profile, which is on the policy list, confines it", append(evidence, ev("digest of "+profile, digest))...)
	}
	return check.Failed("the engine's default profile is neither the built-in one nor on the policy list", append(evidence, ev("digest of "+profile, digest))...)
}
