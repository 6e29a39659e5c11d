package files

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var secretMounts = &check.Check{
	ID:    "build-secret-mounts",
	Title: "Build secrets never pass through arguments or environment",
	Why: "What ARG and ENV hold is written into the history of the image, and into the provenance of the build, where everybody who can pull it reads it. " +
		"A secret mount is there for one step and leaves nothing. Names are judged, and of values only their form: a path to a file is no secret. What services of compose files hand over with build.args counts at the Dockerfile that they build.",
	Remedy:   "Pass it with RUN --mount=type=secret, from compose with build.secrets; give it to the container when it runs, not when it is built; replace what was built in already.",
	Severity: check.High, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "I", Tier: 1,
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Run:   func(p *check.Probe) { judge(p, false, secretsMounted) },
	ByHand: "The step that uses the secret must be written to read it from a file, whoever builds must hand it over, " +
		"and what was built in must be replaced where it came from.",
}

func secretsMounted(r recipe) check.Verdict {
	var h shared.Hits
	look := func(v snapshot.BuildVar) {
		if passesSecret(v) {
			h.Add(r.at(v.Line, v.Instruction, v.Var.Name))
		}
	}
	for _, v := range r.Args {
		look(v)
	}
	mounts := 0
	for _, b := range r.builds() {
		mounts += len(b.Secrets)
		for _, v := range b.Args {
			if passesSecret(v) {
				h.Add(check.Evidence{Source: v.Instruction, Value: v.Var.Name, Loc: &snapshot.Location{File: b.Loc.File, Line: cmp.Or(v.Line, b.Loc.Line), Column: 1}})
			}
		}
	}
	for i := range r.Stages {
		for _, v := range r.Stages[i].Vars {
			look(v)
		}
	}
	r.runs(func(run *snapshot.Run) { mounts += run.SecretMounts })
	if h.Any() {
		return h.Failed("a secret seems to pass through an argument or a variable of the build")
	}
	if mounts > 0 {
		return check.Passed("secrets are mounted, and no argument or variable looks like one")
	}
	return check.Passed("no argument or variable looks like a secret")
}

// passesSecret reports whether an argument or a variable seems to hold a secret.
// An argument without a value is there to be given one.
func passesSecret(v snapshot.BuildVar) bool {
	if v.Instruction != "ENV" && v.Var.Shape == snapshot.ShapeEmpty && (v.Instruction == "ARG" || v.Unresolved) {
		return shared.SecretName(v.Var.Name)
	}
	return shared.Credential(v.Var) != ""
}

var dockerignorePresent = &check.Check{
	ID:    "build-dockerignore-present",
	Title: "The build context excludes local secrets",
	Why: "Everything in the context may be sent to the builder, and one COPY . takes it into the image: the history of the repository, .env files, keys. " +
		"An ignore file keeps them out. Without one, files that come later go along unseen; the failure weighs less as long as none is there. " +
		"It weighs most where a COPY or ADD of the stages that make the image takes such a file in. " +
		"The context is the one a compose file names, else the folder of the Dockerfile.",
	Remedy:   "Write a .dockerignore that begins with * and lets in what the build needs, or lists .git, .env* and key files.",
	Severity: check.Medium, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "I", Tier: 2,
	Forms:  []check.Form{check.Dockerfile},
	Needs:  []snapshot.Part{snapshot.PartDockerfiles},
	Run:    func(p *check.Probe) { judge(p, false, contextGuarded) },
	ByHand: "Which files of the context a build needs its author knows; leaving one out breaks the build, or what runs later, unseen.",
}

func contextGuarded(r recipe) check.Verdict {
	ig := &r.Ignore
	context := check.Evidence{Source: "build context", Value: ig.Context}
	exposed := check.Evidence{Source: "in the context", Value: strings.Join(ig.Exposed, " ")}
	switch ig.State { //nolint:exhaustive // the rest is judged below
	case snapshot.Failed:
		return check.Undecided(snapshot.ReasonUnparsable, "its ignore file could not be understood", check.Evidence{Source: "file", Value: ig.Path})
	case snapshot.Skipped:
		return check.Undecided(snapshot.ReasonPartial, "its build context lies outside of the folder that was assessed")
	}
	if taken := r.taken(ig.Exposed); taken.Any() {
		return taken.Failed("it copies history, settings or keys of its build context into the image").At(check.High)
	}
	switch {
	case ig.State == snapshot.Absent && len(ig.Exposed) == 0:
		return check.Failed("its build context has no ignore file", context).At(check.Low)
	case ig.State == snapshot.Absent:
		return check.Failed("its build context has no ignore file and holds history, settings or keys", context, exposed)
	case len(ig.Exposed) > 0:
		return check.Failed("its ignore file lets history, settings or keys through", check.Evidence{Source: "file", Value: ig.Path}, exposed)
	}
	return check.Passed("its ignore file keeps out the history, settings and keys that are there", check.Evidence{Source: "file", Value: ig.Path})
}

var buildContextNarrow = &check.Check{
	ID:    "compose-build-context-narrow",
	Title: "Build contexts are no wider than needed",
	Why: "The context of a build is readable for every step of it, and goes to the builder, which may be another machine. " +
		"The root of the file system, a home, or a folder above the repository holds what no build needs: keys, other projects, mail.",
	Remedy:   "Set build.context to the folder of the service, and name further folders in additional_contexts.",
	Severity: check.Low, Subject: snapshot.KindCompose, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Run:   contextsNarrow,
}

var wideWords = map[string]string{
	"root": "the root of the file system", "home": "a home directory", "ancestor": "a folder above the repository",
}

func contextsNarrow(p *check.Probe) {
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		subject := p.Index.ServiceSubject(i)
		if c.Scope != p.Scope.ID || subject < 0 {
			continue
		}
		if slices.Contains(p.Snapshot.ContainerSpecs[c.Spec].Unread, snapshot.AllUnread) {
			p.Report(p.NotRead(), subject)
			continue
		}
		p.Report(contextNarrow(c.Build), subject)
	}
}

func contextNarrow(b *snapshot.Build) check.Verdict {
	if b == nil {
		return check.Inapplicable("it builds no image")
	}
	loc := b.Loc
	e := check.Evidence{Source: "build.context", Value: b.Context, Loc: &loc}
	switch {
	case b.Unresolved:
		return check.Undecided(snapshot.ReasonUnresolved, "its build context hangs on a variable without a value", e)
	case b.Wide != "":
		what, ok := wideWords[b.Wide]
		if !ok {
			what = b.Wide
		}
		return check.Failed("its build context is "+what, e)
	}
	return check.Passed("its build context is no wider than the repository", e)
}
