package docker

import (
	"cmp"
	"fmt"
	"time"

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
	if rp.Service {
		return boundedTasks(rp)
	}
	e := ev("HostConfig.RestartPolicy", rp.String())
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

// boundedTasks judges the policy of a swarm service, which replaces a task by
// another: the container itself has none. Attempts count whatever the condition
// is, but only within the window, so that one shorter than the delays between
// them never fills up.
func boundedTasks(rp snapshot.RestartPolicy) check.Verdict {
	const source = "RestartPolicy of its service, "
	condition := map[string]string{"no": "none", "always": "any"}[rp.Name]
	evidence := []check.Evidence{ev(source+"Condition", cmp.Or(condition, rp.Name)), ev(source+"MaxAttempts", rp.Max)}
	if rp.Window > 0 {
		evidence = append(evidence, ev(source+"Window", (time.Duration(rp.Window)*time.Millisecond).String()))
	}
	switch {
	case rp.Name == "no":
		return check.Passed("its service does not replace it", evidence...)
	case rp.Max <= 0:
		return check.Failed("its service replaces it without bound: no number of attempts is given", evidence...)
	case rp.Max > maxRestarts:
		return check.Failed("its service replaces it more than five times", evidence...)
	case rp.Window > 0 && rp.Window/rp.Max <= rp.Delay:
		return check.Failed("its service replaces it without bound: the attempts of one window never reach the number given", evidence...)
	}
	return check.Passed(fmt.Sprintf("its service replaces it %d times at most", rp.Max), evidence...)
}

func boundRestarts(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if spec.AutoRemove {
		return step.Step{}, &step.RefusedError{Why: "it is removed when it exits (--rm), which excludes a restart policy"}
	}
	return update(p, subject, change(spec, "HostConfig.RestartPolicy", "on-failure:5"))
}
