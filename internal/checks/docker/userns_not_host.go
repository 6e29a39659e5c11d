package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var usernsNotHost = &check.Check{
	ID:    "container-userns-not-host",
	Title: "The container keeps the remapped user namespace",
	Why: "With user remapping, root in a container is an ordinary user of the host. --userns=host gives that up for one container. " +
		"Without remapping the option changes nothing: the risk then stands under daemon-userns-remap, and a finding here, as other tools print, would count it twice. " +
		"Rootless mode counts as remapped.",
	Remedy:   "Start it without --userns=host. No measure does this: files in its volumes belong to users that it would no longer be.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.30", "5.31", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"usernsMode"},
	Run:   func(p *check.Probe) { judge(p, keepsUserns) },
}

func keepsUserns(b *box) check.Verdict {
	mode := b.spec.UsernsMode
	conf := ev("HostConfig.UsernsMode", orDefault(mode))
	if b.engine != nil {
		switch {
		case !b.at.info:
			return check.Undecided(snapshot.ReasonPartial, "whether the engine remaps users was not readable", conf)
		case !b.engine.UsernsRemap && !b.engine.Rootless:
			return check.Inapplicable("the engine does not remap users, which daemon-userns-remap judges", conf)
		}
	}
	if proc := b.proc(); proc != nil {
		if proc.HostUser {
			return check.Failed("it is in the host's user namespace although users are remapped", ev("user namespace of the first process", "the host's"), conf)
		}
		return check.Passed("its user namespace is not the host's", ev("user namespace of the first process", "not the host's"), conf).ByKernel()
	}
	if mode == "host" {
		return b.configured(check.Failed("it opts out of user remapping", conf))
	}
	return b.configured(check.Passed("it does not opt out of user remapping", conf))
}
