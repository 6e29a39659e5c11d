package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noNewPrivileges = &check.Check{
	ID:    "container-no-new-privileges",
	Title: "The process cannot gain privileges",
	Why: "Without no-new-privileges a setuid program or a file with capabilities inside the container raises the rights of whoever runs it. " +
		"The configuration says what any further process may become, the kernel what the first one is; the worse decides.",
	Remedy:   "Start the container with --security-opt no-new-privileges, or make it the engine's default.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.25", "5.26", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"security.noNewPrivileges"},
	Run:   func(p *check.Probe) { judge(p, gainsNothing) },
	Fixes: []check.Fix{{Title: "forbid new privileges", Kind: step.ContainerRecreate, Step: forbidNewPrivileges}},
}

func gainsNothing(b *box) check.Verdict {
	own := b.spec.Security.NoNewPrivileges
	var evidence []check.Evidence
	asked, known := false, true
	unread, bad := b.unread("security.noNewPrivileges")
	switch {
	case bad:
		known = false
	case own != nil:
		asked = *own
		evidence = append(evidence, ev("HostConfig.SecurityOpt no-new-privileges", *own))
	case b.engine == nil:
		evidence = append(evidence, ev("security_opt", "not set"))
	default:
		asked, known = b.at.engine().defaultNoNewPrivileges()
		if known {
			evidence = append(evidence, ev("engine's default no-new-privileges", asked))
		}
	}
	proc := b.proc()
	if proc != nil {
		evidence = append(evidence, ev("NoNewPrivs of the first process", proc.NoNewPriv))
	}
	switch {
	case proc != nil && !proc.NoNewPriv:
		return check.Failed("its processes can gain privileges", evidence...)
	case known && !asked:
		return check.Failed("its processes can gain privileges", evidence...)
	case known && proc != nil:
		return check.Passed("no process can gain privileges", evidence...)
	case known:
		return b.configured(check.Passed("no process can gain privileges", evidence...))
	}
	if bad {
		return unread
	}
	// The first process may have set the flag by itself; an exec would not have it.
	return check.Undecided(snapshot.ReasonPartial, "the container states none and the engine's default is not known", evidence...)
}

func forbidNewPrivileges(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	forbidden := change(spec, "HostConfig.SecurityOpt.no-new-privileges", "true")
	if inFile(p) {
		return edited(p, subject, forbidden)
	}
	return recreate(p, subject, forbidden)
}
