package files

import (
	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// recipe is a Dockerfile as a predicate sees it.
type recipe struct {
	*snapshot.Dockerfile
	p *check.Probe
}

// judge asks a predicate of every Dockerfile of the scope; image says that the
// verdict is on the image it makes.
func judge(p *check.Probe, image bool, verdict func(recipe) check.Verdict) {
	for i := range p.Snapshot.Dockerfiles {
		d := &p.Snapshot.Dockerfiles[i]
		if d.Scope != p.Scope.ID {
			continue
		}
		subject, made := p.Index.DockerfileSubjects(i)
		if image {
			subject = made
		}
		if d.Parsed.Reason == snapshot.ReasonUnresolved {
			p.Report(check.Undecided(snapshot.ReasonUnresolved, "the Dockerfile hangs on a variable without a value"), subject)
			continue
		}
		if !d.Parsed.Known() || len(d.Stages) == 0 {
			p.Report(check.Undecided(snapshot.ReasonFailed, "the Dockerfile could not be understood"), subject)
			continue
		}
		p.Report(verdict(recipe{d, p}), subject)
	}
}

// at makes evidence that stands in a line.
func (r recipe) at(line int, source, value string) check.Evidence {
	return check.Evidence{Source: source, Value: value, Loc: &snapshot.Location{File: r.File, Line: line, Column: 1}}
}

// builds returns how services are built from it.
func (r recipe) builds() []*snapshot.Build {
	var out []*snapshot.Build
	for i := range r.p.Snapshot.Containers {
		c := &r.p.Snapshot.Containers[i]
		if c.Scope == r.Scope && c.Build != nil && c.Build.Dockerfile == r.Path {
			out = append(out, c.Build)
		}
	}
	return out
}

// built returns the stages that make the image: the last one and those it is
// built on, the last one first.
func (r recipe) built() []*snapshot.Stage {
	var out []*snapshot.Stage
	for i := len(r.Stages) - 1; i >= 0; i = r.Stages[i].From {
		out = append(out, &r.Stages[i])
	}
	return out
}
