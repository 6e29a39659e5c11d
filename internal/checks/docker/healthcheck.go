package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var healthcheckRuntime = &check.Check{
	ID:    "container-healthcheck-runtime",
	Title: "The running container has a health test",
	Why: "Without a health test the engine calls a container healthy while its process lives, though it may long have stopped answering. " +
		"A test that is switched off, NONE, is none. The image's test counts where the container states none.",
	Remedy:   "Add HEALTHCHECK to the image or --health-cmd to the container. A measure switches on the image's own test where that was switched off; it invents none.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.26", "5.27", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"health"},
	Run:   func(p *check.Probe) { judge(p, testsHealth) },
	Fixes: []check.Fix{{Title: "use the image's health test again", Kind: step.ContainerRecreate, Step: imageHealth}},
}

func testsHealth(b *box) check.Verdict {
	if v, bad := b.unread("health"); bad {
		return v
	}
	test, source := b.spec.Health.Test, "Config.Healthcheck"
	image := b.image()
	if test == "" && image != nil {
		test, source = image.Health, "Config.Healthcheck of the image"
	}
	switch {
	case test == "" && b.engine == nil && image == nil && !b.spec.Health.Proved:
		return check.Undecided(snapshot.ReasonUnresolved, "no file states a health test, and the image, whose test then counts, was not seen", ev("Config.Healthcheck", "not set"))
	case test == "" && b.spec.FirstUnread("imageID") != "":
		return b.at.p.NotUnderstood("imageID")
	case test == "":
		return check.Failed("it has no health test", ev(source, "none"))
	case test == "NONE":
		return check.Failed("its health test is switched off", ev(source, test))
	}
	return check.Passed("it has a health test", ev(source, test))
}
