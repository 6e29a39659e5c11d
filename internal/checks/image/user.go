package image

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/files"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var userNonRoot = &check.Check{
	ID:    "image-user-non-root",
	Title: "The image declares a non-root user",
	Why: "A container runs as the user of its image unless it is told otherwise, and root in a container is root for the kernel. " +
		"The last USER of the stages that make the image counts. A name means what the image's passwd file gives it, which a Dockerfile does not show; " +
		"without USER, the base decides.",
	Remedy:   "End the last stage with USER and a number above 0.",
	ByHand:   "Which account the program can run as, and which files must be its own, only its author knows; a wrong one makes it fail at its start.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "E", Tier: 1,
	Refs:    check.CIS(1, "4.1", "4.1", ""),
	Covered: []string{"container-user-non-root"},
	Forms:   []check.Form{check.Live, check.Dockerfile, check.Image},
	Run: func(p *check.Probe) {
		judgeEither(p, files.UserNonRoot, runsAsUser, snapshot.PartImageConfig)
	},
}

// judgeEither leaves images that are not made yet to the judge of Dockerfiles.
func judgeEither(p *check.Probe, recipes func(*check.Probe), verdict func(view) check.Verdict, parts ...snapshot.Part) {
	if p.Scope.Kind != snapshot.ScopeFiles {
		judge(p, verdict, parts...)
		return
	}
	if v, ok := p.Need(snapshot.PartDockerfiles); !ok {
		p.Report(v, p.Self())
		return
	}
	recipes(p)
}

func runsAsUser(v view) check.Verdict {
	e := []check.Evidence{ev("Config.User", cmp.Or(v.User, "not set"))}
	if !v.UserUID.Known() {
		return check.Undecided(cmp.Or(v.UserUID.Reason, snapshot.ReasonPartial), "its user is a name that was not looked up in its passwd file", e...).
			Note("plimsoll assess image:REFERENCE reads it; a number after USER would settle it, for Kubernetes too")
	}
	if _, name := shared.UID(v.User); name != "" {
		e = append(e, ev(v.UserUID.Source+" of the image, "+name, strconv.FormatInt(v.UserUID.V, 10)))
	}
	if v.UserUID.V == 0 {
		return check.Failed("the image runs as root", e...)
	}
	return check.Passed("the image does not run as root", e...)
}

var userShadow = &check.Check{
	ID:    "image-user-shadow",
	Title: "The image has no passwordless or duplicate root account",
	Why: "A second account with number 0 is root under another name, and an account without a password is open to whoever runs a program in the container: " +
		"su asks for nothing. Both are ways for a backdoor to survive a look at the image. The passwd and shadow files that a container sees are read, links followed.",
	Remedy:   "Remove the account, or lock it: passwd --lock NAME in a RUN step.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.Image},
	Run:   func(p *check.Probe) { judge(p, accountsClosed, snapshot.PartImageContents) },
}

func accountsClosed(v view) check.Verdict {
	c, verdict, ok := v.contents()
	if !ok {
		return verdict
	}
	a := c.Accounts
	switch {
	case a.State == snapshot.Absent:
		return check.Passed("it has no accounts", ev(a.Source, "does not exist"))
	case !a.Known():
		return unknown(a.State, a.Reason, "its passwd or shadow file is a link to something that was not kept")
	}
	var e []check.Evidence
	if len(a.V.Roots) > 0 {
		e = append(e, ev("accounts with number 0 beside root", firstFew(a.V.Roots)))
	}
	if len(a.V.Passwordless) > 0 {
		e = append(e, ev("accounts without a password", firstFew(a.V.Passwordless)))
	}
	if len(e) > 0 {
		return check.Failed("an account in it opens root, or opens without a password", e...)
	}
	return check.Passed("no account is root twice or open", ev(a.Source, fmt.Sprintf("%d accounts", a.V.Count)))
}

// firstFew joins names, at most ten of them.
func firstFew(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}
