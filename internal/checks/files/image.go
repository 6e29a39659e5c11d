package files

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// UserNonRoot judges the users of images that Dockerfiles make. The checks are
// those of images, see package image.
func UserNonRoot(p *check.Probe) { judge(p, true, userNonRoot) }

// HealthTested judges the health tests of images that Dockerfiles make.
func HealthTested(p *check.Probe) { judge(p, true, healthTested) }

// UpdatesPaired judges the updates of package indexes.
func UpdatesPaired(p *check.Probe) { judge(p, true, updatesPaired) }

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

func updatesPaired(r recipe) check.Verdict {
	var h, opaque shared.Hits
	r.runs(func(run *snapshot.Run) {
		if run.Opaque {
			opaque.Add(r.at(run.Line, "RUN", "not understood"))
			return
		}
		for _, m := range run.Updates {
			paired := run.Dynamic
			for _, in := range run.Installs {
				paired = paired || in.Manager == m
			}
			if !paired {
				h.Add(r.at(run.Line, "RUN", m+" update without an install"))
			}
		}
	})
	switch {
	case h.Any():
		return h.Failed("a step only updates a package index")
	case opaque.Any():
		return check.Undecided(snapshot.ReasonUnparsable, "a script of the build was not understood", opaque.Evidence...)
	}
	return check.Passed("no step only updates a package index")
}
