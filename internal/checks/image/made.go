package image

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/files"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noLoneUpdate = &check.Check{
	ID:    "image-no-lone-update",
	Title: "Package index updates are paired with an install",
	Why: "The builder keeps the result of a step. A step that only updates the index is then taken from the cache for months, " +
		"and the install after it fetches old packages, with the flaws that were mended since.",
	Remedy:   "Update and install in one RUN.",
	ByHand:   "Which install the update was for must be read from the file; the two become one step, and what is between them moves.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(1, "4.7", "4.7", ""),
	Forms: []check.Form{check.Live, check.Dockerfile, check.Image},
	Run:   func(p *check.Probe) { judgeEither(p, files.UpdatesPaired, updatesPaired, snapshot.PartImageConfig) },
}

func updatesPaired(v view) check.Verdict {
	c, verdict, ok := v.config()
	if !ok {
		return verdict
	}
	if len(c.Steps) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "it has no history, so that how it was made is not known")
	}
	var h, opaque shared.Hits
	for i, s := range c.Steps {
		if s.Run == nil {
			continue
		}
		step := fmt.Sprintf("history, step %d", i+1)
		if s.Run.Opaque {
			opaque.Add(ev(step, "not understood"))
			continue
		}
		for _, m := range s.Run.Updates {
			paired := s.Run.Dynamic || slices.ContainsFunc(s.Run.Installs, func(in snapshot.Install) bool { return in.Manager == m })
			if !paired {
				h.Add(ev(step, m+" update without an install"))
			}
		}
	}
	switch {
	case h.Any():
		return h.Failed("a step only updates a package index")
	case opaque.Any():
		return check.Undecided(snapshot.ReasonUnparsable, "a step of its history was not understood", opaque.Evidence...)
	}
	return check.Passed("no step only updates a package index", ev("history, steps", fmt.Sprint(len(c.Steps))))
}

var noUnneededPackages = &check.Check{
	ID:    "image-no-unneeded-packages",
	Title: "Images hold no packages outside policy",
	Why: "Every program in an image is one more with flaws, and a tool for whoever got in: compilers and downloaders turn a foothold into an attack. " +
		"The databases of dpkg and apk are read; where an image has none, the programs in its PATH count by their names. RPM's database is not read: what is found there by name fails, but nothing passes.",
	Remedy:   "Build in one stage and copy what is needed into a last stage on a small base; widen or narrow the list in packages.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceOpenSource, STRIDE: "ET", Tier: 1,
	Refs:  check.CIS(1, "4.3", "4.3", ""),
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{
		{
			Name: "packages", Unit: "list", Meaning: "packages that count as unneeded",
			Default: []string{"gcc", "g++", "make", "binutils", "git", "curl", "wget", "netcat", "netcat-openbsd", "nmap", "tcpdump", "openssh-server"},
		},
		{Name: "production_selector", Unit: "patterns", Default: []string{"*"}, Meaning: "names of images that count as production; * stands for anything"},
	},
	Run: func(p *check.Probe) {
		unneeded, _ := p.List("packages")
		production, _ := p.List("production_selector")
		judge(p, func(v view) check.Verdict { return onlyNeeded(v, unneeded, production) }, snapshot.PartImageContents)
	},
}

func onlyNeeded(v view, unneeded, production []string) check.Verdict {
	name := v.p.Index.Subjects[v.subject].Name
	if !matches(name, production) {
		return check.Inapplicable("the policy does not count it as production")
	}
	c, verdict, ok := v.contents()
	if !ok {
		return verdict
	}
	var h shared.Hits
	if c.Packages.Known() {
		for _, n := range c.Packages.V {
			if slices.Contains(unneeded, n) {
				h.Add(ev(c.Packages.Source, n))
			}
		}
	} else {
		for _, p := range c.Programs {
			if slices.Contains(unneeded, base(p)) {
				h.Add(ev("program", p))
			}
		}
	}
	switch {
	case h.Any():
		return h.Failed("it holds packages that the policy counts as unneeded")
	case c.Packages.State == snapshot.Absent:
		return check.Passed("it has no package database, and no such program in its PATH", ev("files", fmt.Sprint(c.Entries)))
	case !c.Packages.Known():
		return unknown(c.Packages.State, c.Packages.Reason, "its package database is of a kind that is not read").Note("it is at " + c.Packages.Source)
	}
	return check.Passed("it holds no package of the policy list", ev(c.Packages.Source, fmt.Sprintf("%d packages", len(c.Packages.V))))
}

var originLabels = &check.Check{
	ID:    "image-origin-labels-present",
	Title: "The image names its source and revision",
	Why: "When a release is disputed, or a flaw is found in a commit, the labels of an image say what it was built from. " +
		"They are claims of whoever built it; an attestation proves them. The names of OCI count, and those of label-schema.org before them.",
	Remedy:   "Let the pipeline set org.opencontainers.image.source, .revision and .created: docker build --label, or docker/metadata-action.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceImage, STRIDE: "R", Tier: 2,
	Forms: []check.Form{check.Live, check.Image},
	Run:   func(p *check.Probe) { judge(p, saysOrigin, snapshot.PartImageConfig) },
}

// originNames are the labels for each thing to say, the current name first.
var originNames = [][2]string{
	{"org.opencontainers.image.source", "org.label-schema.vcs-url"},
	{"org.opencontainers.image.revision", "org.label-schema.vcs-ref"},
	{"org.opencontainers.image.created", "org.label-schema.build-date"},
}

func saysOrigin(v view) check.Verdict {
	c, verdict, ok := v.config()
	if !ok {
		return verdict
	}
	var missing, present []string
	for _, names := range originNames {
		i := slices.IndexFunc(c.Labels, func(l snapshot.Secretish) bool { return slices.Contains(names[:], l.Name) && l.Len > 0 })
		if i < 0 {
			missing = append(missing, names[0])
		} else {
			present = append(present, c.Labels[i].Name)
		}
	}
	if len(missing) > 0 {
		return check.Failed("it does not say what it was built from", ev("labels that are missing or empty", strings.Join(missing, ", ")))
	}
	return check.Passed("it says what it was built from", ev("Config.Labels", strings.Join(present, ", ")))
}
