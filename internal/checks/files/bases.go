package files

import (
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var baseDigestPinned = &check.Check{
	ID:    "dockerfile-base-digest-pinned",
	Title: "Base images are pinned by digest",
	Why: "A tag is a name that its registry can point elsewhere: the same file then builds another image, with whatever was put into the base. " +
		"A digest names the content. Names of earlier stages and scratch name nothing that could move.",
	Remedy:   "Write FROM NAME:TAG@sha256:DIGEST, and let a tool that reviews updates move the digest.",
	Severity: check.Medium, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 1,
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Params: []check.Param{{
		Name: "digests", Unit: "list", Meaning: "NAME:TAG@sha256:DIGEST of images, which the fix writes into files",
	}},
	Run:   func(p *check.Probe) { judge(p, false, basesPinned) },
	Fixes: []check.Fix{{Title: "pin base images to their digests", Kind: step.FileEdit, Step: pinBases}},
}

func basesPinned(r recipe) check.Verdict {
	var loose, open shared.Hits
	for i := range r.Stages {
		s := &r.Stages[i]
		switch {
		case s.From >= 0 || s.Base == "scratch":
		case snapshot.ParseReference(s.Base).Pinned():
		case len(s.Unresolved) > 0 && !strings.Contains(s.Base, "@sha256:"):
			open.Add(r.at(s.Line, "FROM", s.Base))
		case len(s.Unresolved) > 0:
		default:
			loose.Add(r.at(s.Line, "FROM", s.Base))
		}
	}
	switch {
	case loose.Any():
		return loose.Failed("a base image is a name that can be moved")
	case open.Any():
		return check.Undecided(snapshot.ReasonUnresolved, "a base image hangs on an argument without a value", open.Evidence...)
	}
	return check.Passed("every base image is pinned by digest, an earlier stage or scratch")
}

// pinBases pins every base that is a name, or refuses when one digest is missing.
func pinBases(p *check.Probe, subject int) (step.Step, error) {
	declared, _ := p.List("digests")
	return edited(p, subject, func(d *snapshot.Dockerfile) (set []step.Change, err error) {
		for n, st := range d.Stages {
			if st.From >= 0 || st.Base == "scratch" || len(st.Unresolved) > 0 || snapshot.ParseReference(st.Base).Pinned() {
				continue
			}
			ref := shared.Pin(p.Snapshot, st.Base, declared)
			if ref == "" {
				return nil, &step.RefusedError{Why: shared.AskForDigest(st.Base, p.CheckID())}
			}
			set = append(set, step.Change{Field: snapshot.StageBase + strconv.Itoa(n), From: st.Base, To: ref})
		}
		return set, nil
	})
}

// edited returns a step of the changes of a Dockerfile.
func edited(p *check.Probe, subject int, changes func(*snapshot.Dockerfile) ([]step.Change, error)) (step.Step, error) {
	for i := range p.Snapshot.Dockerfiles {
		d := &p.Snapshot.Dockerfiles[i]
		if file, _ := p.Index.DockerfileSubjects(i); file != subject {
			continue
		}
		if d.Inline {
			return step.Step{}, &step.RefusedError{Why: "it stands in a compose file, in which only services are edited; change it by hand"}
		}
		set, err := changes(d)
		if err != nil {
			return step.Step{}, err
		}
		s := step.New(step.FileEdit, p.Index.Subjects[subject], set...)
		s.Note = "It takes effect with the next build."
		return s, nil
	}
	return step.Step{}, &step.RefusedError{Why: "its Dockerfile is not in the evidence"}
}

var remoteFrontend = &check.Check{
	ID:    "build-remote-frontend",
	Title: "The build frontend is pinned by digest",
	Why: "The syntax line makes the builder fetch a program that reads the file and decides every step of the build. " +
		"Named by a tag, it is whatever its registry serves that day. Without the line the builder's own frontend reads the file.",
	Remedy:   "Leave the syntax line out, or write it with @sha256: and the digest of the frontend.",
	Severity: check.Medium, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 2,
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Params: []check.Param{{
		Name: "digests", Unit: "list", Meaning: "NAME:TAG@sha256:DIGEST of frontends, which the fix writes into files",
	}},
	Run:   func(p *check.Probe) { judge(p, false, frontendPinned) },
	Fixes: []check.Fix{{Title: "pin the build frontend to its digest", Kind: step.FileEdit, Step: pinFrontend}},
}

func pinFrontend(p *check.Probe, subject int) (step.Step, error) {
	declared, _ := p.List("digests")
	return edited(p, subject, func(d *snapshot.Dockerfile) ([]step.Change, error) {
		ref := shared.Pin(p.Snapshot, d.Syntax.Ref, declared)
		if ref == "" {
			return nil, &step.RefusedError{Why: shared.AskForDigest(d.Syntax.Ref, p.CheckID())}
		}
		return []step.Change{{Field: snapshot.SyntaxField, From: d.Syntax.Ref, To: ref}}, nil
	})
}

func frontendPinned(r recipe) check.Verdict {
	if r.Syntax.Ref == "" {
		return check.Passed("the builder's own frontend reads it")
	}
	e := r.at(r.Syntax.Line, "syntax", r.Syntax.Ref)
	if snapshot.ParseReference(r.Syntax.Ref).Pinned() {
		return check.Passed("its frontend is pinned by digest", e)
	}
	return check.Failed("its frontend is fetched by a name that can be moved", e)
}
