package files

import (
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// recipe is a Dockerfile as a predicate sees it.
type recipe struct{ *snapshot.Dockerfile }

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
		if !d.Parsed.Known() || len(d.Stages) == 0 {
			p.Report(check.Undecided(snapshot.ReasonFailed, "the Dockerfile could not be understood"), subject)
			continue
		}
		p.Report(verdict(recipe{d}), subject)
	}
}

// at makes evidence that stands in a line.
func (r recipe) at(line int, source, value string) check.Evidence {
	return check.Evidence{Source: source, Value: value, Loc: &snapshot.Location{File: r.File, Line: line, Column: 1}}
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

const maxHits = 8

// hits collects evidence of several equal observations: the first few in full,
// the rest as a number.
type hits struct {
	evidence []check.Evidence
	more     int
}

func (h *hits) add(e check.Evidence) {
	if len(h.evidence) == maxHits {
		h.more++
		return
	}
	h.evidence = append(h.evidence, e)
}

// failed is the verdict on what was hit.
func (h *hits) failed(message string) check.Verdict {
	v := check.Failed(message, h.evidence...)
	if h.more > 0 {
		v = v.Note("and " + strconv.Itoa(h.more) + " more")
	}
	return v
}

func (h *hits) any() bool { return len(h.evidence) > 0 }
