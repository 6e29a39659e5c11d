package files

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var imageUserNonRoot = &check.Check{
	ID:    "image-user-non-root",
	Title: "The image declares a non-root user",
	Why: "A container runs as the user of its image unless it is told otherwise, and root in a container is root for the kernel. " +
		"The last USER of the stages that make the image counts. A name means what the image's passwd file gives it, which a Dockerfile does not show; " +
		"without USER, the base decides.",
	Remedy:   "End the last stage with USER and a number above 0.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "E", Tier: 1,
	Refs:    check.CIS(1, "4.1", "4.1", ""),
	Covered: []string{"container-user-non-root"},
	Forms:   []check.Form{check.Dockerfile},
	Needs:   []snapshot.Part{snapshot.PartDockerfiles},
	Run:     func(p *check.Probe) { judge(p, true, userNonRoot) },
}

func userNonRoot(r recipe) check.Verdict {
	for _, s := range r.built() {
		if s.User == nil {
			continue
		}
		e := r.at(s.User.Line, "USER", s.User.Value)
		if s.User.Unresolved {
			return check.Undecided(snapshot.ReasonUnresolved, "its user hangs on an argument without a value", e)
		}
		uid, name := shared.UID(s.User.Value)
		switch {
		case name == "" && uid == 0:
			return check.Failed("the image runs as root", e)
		case name == "":
			return check.Passed("the image does not run as root", e)
		}
		return check.Undecided(snapshot.ReasonStatic, "its user is a name, whose number only the built image shows", e).
			Note("a number after USER would settle it, for Kubernetes too")
	}
	base := r.built()[len(r.built())-1]
	e := r.at(base.Line, "FROM", base.Base)
	if base.Base == "scratch" {
		return check.Failed("no user is set, and scratch has none: the image runs as root", e)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "no user is set; the base image, which was not seen, decides", e)
}

var imageHealthcheck = &check.Check{
	ID:    "image-healthcheck-present",
	Title: "The image declares a health test",
	Why: "An engine restarts what has ended, not what hangs. A health test in the image lets every container of it be watched; NONE switches one off. " +
		"Without the instruction, the base may bring one, which the Dockerfile does not show.",
	Remedy:   "Add HEALTHCHECK with a test of what the image serves, or give one where it is run.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "D", Tier: 1,
	Refs:    check.CIS(1, "4.6", "4.6", ""),
	Covered: []string{"container-healthcheck-runtime"},
	Forms:   []check.Form{check.Dockerfile},
	Needs:   []snapshot.Part{snapshot.PartDockerfiles},
	Run:     func(p *check.Probe) { judge(p, true, healthTested) },
}

func healthTested(r recipe) check.Verdict {
	for _, s := range r.built() {
		if s.Health == nil {
			continue
		}
		e := r.at(s.Health.Line, "HEALTHCHECK", s.Health.Value)
		if strings.EqualFold(s.Health.Value, "NONE") {
			return check.Failed("its health test is switched off", e)
		}
		return check.Passed("it declares a health test", e)
	}
	base := r.built()[len(r.built())-1]
	e := r.at(base.Line, "FROM", base.Base)
	if base.Base == "scratch" {
		return check.Failed("it declares no health test", e)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "it declares no health test; whether its base does was not seen", e)
}

var imageNoLoneUpdate = &check.Check{
	ID:    "image-no-lone-update",
	Title: "Package index updates are paired with an install",
	Why: "The builder keeps the result of a step. A step that only updates the index is then taken from the cache for months, " +
		"and the install after it fetches old packages, with the flaws that were mended since.",
	Remedy:   "Update and install in one RUN.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(1, "4.7", "4.7", ""),
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Run:   func(p *check.Probe) { judge(p, true, updatesPaired) },
}

func updatesPaired(r recipe) check.Verdict {
	var h, opaque hits
	r.runs(func(run *snapshot.Run) {
		if run.Opaque {
			opaque.add(r.at(run.Line, "RUN", "not understood"))
			return
		}
		for _, m := range run.Updates {
			paired := run.Dynamic
			for _, in := range run.Installs {
				paired = paired || in.Manager == m
			}
			if !paired {
				h.add(r.at(run.Line, "RUN", m+" update without an install"))
			}
		}
	})
	switch {
	case h.any():
		return h.failed("a step only updates a package index")
	case opaque.any():
		return check.Undecided(snapshot.ReasonUnparsable, "a script of the build was not understood", opaque.evidence...)
	}
	return check.Passed("no step only updates a package index")
}
