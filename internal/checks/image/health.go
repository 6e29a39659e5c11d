package image

import (
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/files"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var healthcheckPresent = &check.Check{
	ID:    "image-healthcheck-present",
	Title: "The image declares a health test",
	Why: "An engine restarts what has ended, not what hangs. A health test in the image lets every container of it be watched; NONE switches one off. " +
		"Without the instruction, the base may bring one, which the Dockerfile does not show. An image without one passes where each of its containers brings its own.",
	Remedy:   "Add HEALTHCHECK with a test of what the image serves, or give one where it is run.",
	ByHand:   "What shows that the program works is for its author to say. A test that asks for the wrong thing has healthy containers restarted.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "D", Tier: 1,
	Refs:    check.CIS(1, "4.6", "4.6", ""),
	Covered: []string{"container-healthcheck-runtime"},
	Forms:   []check.Form{check.Live, check.Dockerfile, check.Image},
	Run: func(p *check.Probe) {
		own := containersTested(p)
		judgeEither(p, files.HealthTested, func(v view) check.Verdict { return healthTested(v, own[v.ID]) }, snapshot.PartImageConfig)
	},
}

// tested counts the containers of an image, and those with a test of their own.
type tested struct{ all, own int }

// containersTested counts for each image of an engine. Nothing is counted where
// containers were not read.
func containersTested(p *check.Probe) map[string]tested {
	out := make(map[string]tested)
	if p.Part(snapshot.PartEngineContainers).State != snapshot.Observed {
		return out
	}
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		if c.Scope != p.Scope.ID {
			continue
		}
		spec := &p.Snapshot.ContainerSpecs[c.Spec]
		n := out[spec.ImageID]
		n.all++
		if t := spec.Health.Test; t != "" && t != "NONE" && spec.FirstUnread("health") == "" {
			n.own++
		}
		out[spec.ImageID] = n
	}
	return out
}

func healthTested(v view, n tested) check.Verdict {
	const source = "Config.Healthcheck"
	_, verdict, ok := v.config()
	switch {
	case !ok && v.Health == "":
		return verdict
	case v.Health != "" && v.Health != "NONE":
		return check.Passed("it declares a health test", ev(source, v.Health))
	case n.all > 0 && n.own == n.all:
		return check.Passed("each of its containers has a health test of its own", ev("containers", strconv.Itoa(n.all)))
	case v.Health == "NONE":
		return check.Failed("its health test is switched off", ev(source, v.Health))
	}
	return check.Failed("it declares no health test", ev(source, "none"))
}
