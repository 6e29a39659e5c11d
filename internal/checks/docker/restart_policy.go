package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var restartPolicy = &check.Check{
	ID:    "container-restart-policy-bounded",
	Title: "Restarts are bounded to five tries",
	Why: "A container that fails at start and restarts without bound burns CPU, fills logs and hides the failure. " +
		"always, unless-stopped and on-failure without a count never stop trying.",
	Remedy:   "Use the restart policy on-failure:5, or none where an orchestrator watches.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "5.14", "5.15", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"restartPolicy"},
	Run:   func(p *check.Probe) { judge(p, boundedRestarts) },
	Fixes: []check.Fix{{Title: "bound restarts to five tries", Kind: step.ContainerUpdate, Step: boundRestarts}},
}

const maxRestarts = 5

func boundedRestarts(b *box) check.Verdict {
	if v, bad := b.unread("restartPolicy"); bad {
		return v // a name without its count fails
	}
	rp := b.spec.RestartPolicy
	e := ev("HostConfig.RestartPolicy", rp.String())
	if rp.Service {
		e.Source = "Spec.TaskTemplate.RestartPolicy of its service"
	}
	switch {
	case rp.Name == "" || rp.Name == "no":
		return check.Passed("does not restart", e)
	case rp.Name == "on-failure" && rp.Max >= 1 && rp.Max <= maxRestarts:
		return check.Passed("restarts after a failure, "+rp.String()[len("on-failure:"):]+" times at most", e)
	case rp.Name == "on-failure" && rp.Max > maxRestarts:
		return check.Failed("restarts more than five times", e)
	case rp.Name == "on-failure":
		return check.Failed("restarts after a failure without bound: no count is given", e)
	}
	return check.Failed("restarts without bound", e)
}

func boundRestarts(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if spec.AutoRemove {
		return step.Step{}, &step.RefusedError{Why: "it is removed when it exits (--rm), which excludes a restart policy"}
	}
	bounded := change(spec, "HostConfig.RestartPolicy", "on-failure:5")
	if inFile(p) {
		return edited(p, subject, bounded)
	}
	return update(p, subject, bounded)
}
