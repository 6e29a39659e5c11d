package files

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var copyNotAdd = &check.Check{
	ID:    "image-copy-not-add",
	Title: "Build adds no remote content without a checksum",
	Why: "ADD with a URL puts whatever the server answers into the image, today this and tomorrow something else. " +
		"With --checksum, or the full commit of a repository, only the content that was meant is taken. " +
		"ADD of a local archive unpacks it, which is harmless when meant; for other local files COPY does the same and says so.",
	Remedy:   "Give ADD a --checksum, or download in a RUN step that verifies; use COPY for local files.",
	Severity: check.Medium, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(1, "4.9", "4.9", ""),
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Run:   func(p *check.Probe) { judge(p, false, addsVerified) },
	ByHand: "A checksum says which content was meant. Taking that of what the server answers today would bless whatever that is; " +
		"somebody must compare it with what the publisher states.",
}

func addsVerified(r recipe) check.Verdict {
	var remote, open, local shared.Hits
	for i := range r.Stages {
		for _, a := range r.Stages[i].Adds {
			e := r.at(a.Line, "ADD", a.Source)
			switch {
			case a.Checksum:
			case a.Kind == "url" || a.Kind == "git":
				remote.Add(e)
			case a.Unresolved && strings.HasPrefix(a.Source, "$"):
				open.Add(e)
			default:
				local.Add(e)
			}
		}
	}
	switch {
	case remote.Any():
		return remote.Failed("ADD takes remote content that is not verified")
	case open.Any():
		return check.Undecided(snapshot.ReasonUnresolved, "the source of an ADD hangs on an argument without a value", open.Evidence...)
	case local.Any():
		return check.Passed("ADD takes local files only", local.Evidence...).Note("COPY does the same for files that are not to be unpacked")
	}
	return check.Passed("nothing remote is added without a checksum")
}

var verifiedPackages = &check.Check{
	ID:    "image-verified-packages",
	Title: "Packages and scripts are verified before they run in a build",
	Why: "A script that is piped from the network into a shell, a package whose signature is not asked for, a download whose certificate does not count: " +
		"whoever holds the server, or the way to it, decides what runs in the build and stays in the image.",
	Remedy:   "Download to a file, compare its checksum or signature, then run it; leave verification of packages on.",
	Severity: check.Medium, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceOpenSource, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(2, "4.11", "4.11", ""),
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Run:   func(p *check.Probe) { judge(p, false, installsVerified) },
	Fixes: []check.Fix{{Title: "take out the options that switch verification off", Kind: step.FileEdit, Step: verifyAgain}},
}

// plainOptions switch verification off and do nothing else, so that a command
// without them does the same, or says why it cannot.
var plainOptions = []string{
	"--allow-unauthenticated", "--allow-insecure-repositories", "--nogpgcheck", "--no-gpgchecks", "--no-gpg-checks", "--allow-unsigned-rpm",
	"--allow-untrusted", "--nosignature", "--nodigest", "--insecure", "-k", "--no-check-certificate",
}

// verifyAgain takes options out, or refuses where something else is unverified.
func verifyAgain(p *check.Probe, subject int) (step.Step, error) {
	s, err := edited(p, subject, func(d *snapshot.Dockerfile) (set []step.Change, err error) {
		for n := range d.Stages {
			for m := range d.Stages[n].Runs {
				run := &d.Stages[n].Runs[m]
				for _, how := range run.Unverified {
					_, option, _ := strings.Cut(how, " ")
					if !slices.Contains(plainOptions, option) {
						return nil, &step.RefusedError{Why: "what verifies " + how + " is for a person to find: a checksum or a signature of what was meant"}
					}
				}
				if len(run.Unverified) > 0 {
					set = append(set, step.Change{Field: snapshot.RunField(n, m), From: strings.Join(run.Unverified, ", ")})
				}
			}
		}
		return set, nil
	})
	s.Warnings = []string{"the build fails where what it fetches has no signature or certificate that it trusts; then give it the key or the authority"}
	return s, err
}

func installsVerified(r recipe) check.Verdict {
	var h, opaque shared.Hits
	r.runs(func(run *snapshot.Run) {
		for _, how := range run.Unverified {
			h.Add(r.at(run.Line, "RUN", how))
		}
		if run.Opaque {
			opaque.Add(r.at(run.Line, "RUN", "not understood"))
		}
	})
	switch {
	case h.Any():
		return h.Failed("something unverified runs or is installed in the build")
	case opaque.Any():
		return check.Undecided(snapshot.ReasonUnparsable, "a script of the build was not understood", opaque.Evidence...)
	}
	return check.Passed("no step pipes a download into a program or switches verification off")
}

// runs calls f for every RUN of every stage.
func (r recipe) runs(f func(*snapshot.Run)) {
	for i := range r.Stages {
		for j := range r.Stages[i].Runs {
			f(&r.Stages[i].Runs[j])
		}
	}
}

var packagesPinned = &check.Check{
	ID:    "dockerfile-packages-pinned",
	Title: "Installed packages have fixed versions",
	Why: "A package without a version is the newest one on the day of the build: two builds of one file differ, and a bad release is taken in unseen. " +
		"Versions on the command line, a lock file or a dated snapshot of the repository fix them. Tools for operating-system packages that cannot name versions fail too.",
	Remedy:   "Name versions (curl=7.88.1-10), install from a lock file, or point the package manager to a dated snapshot.",
	Severity: check.Low, Subject: snapshot.KindFile, Zone: model.ZoneClient, Surface: model.SurfaceDockerfile, STRIDE: "T", Tier: 2,
	Forms: []check.Form{check.Dockerfile},
	Needs: []snapshot.Part{snapshot.PartDockerfiles},
	Run:   func(p *check.Probe) { judge(p, false, versionsFixed) },
	ByHand: "Which versions the repositories have shows only in a build, and which of them the program works with only in its tests. " +
		"A version that vanishes from the repository breaks the build, so that someone must keep them.",
}

func versionsFixed(r recipe) check.Verdict {
	var loose, opaque shared.Hits
	installs := 0
	r.runs(func(run *snapshot.Run) {
		for _, in := range run.Installs {
			installs++
			if in.Locked || len(in.Unpinned) == 0 {
				continue
			}
			names := strings.Join(in.Unpinned, " ")
			if in.More > 0 {
				names += " and " + strconv.Itoa(in.More) + " more"
			}
			loose.Add(r.at(run.Line, "RUN "+in.Manager, names))
		}
		switch {
		case run.Opaque:
			opaque.Add(r.at(run.Line, "RUN", "not understood"))
		case run.Dynamic:
			opaque.Add(r.at(run.Line, "RUN", "variables name packages"))
		}
	})
	switch {
	case loose.Any():
		return loose.Failed("packages are installed without a version")
	case opaque.Any():
		return check.Undecided(snapshot.ReasonUnresolved, "what is installed hangs on variables, or was not understood", opaque.Evidence...)
	case installs == 0:
		return check.Passed("it installs no packages by name")
	}
	return check.Passed("every package that it installs has a fixed version")
}
