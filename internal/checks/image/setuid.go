package image

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noSetuid = &check.Check{
	ID:    "image-no-setuid",
	Title: "The image holds no unapproved setuid files",
	Why: "A program with a setuid or setgid bit, or with file capabilities, runs with more rights than its caller: one flaw in it makes an ordinary user of the container root. " +
		"The layers' tar headers are read, and what a container would see counts, hard links included. " +
		"The usual programs of distributions are approved as they come; a file of that name with more than the usual capability is not.",
	Remedy:   "Take the bits away in a RUN step (chmod a-s FILE, setcap -r FILE), or do without the package; approve in allowed_files what is needed.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceImage, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(2, "4.8", "4.8", ""),
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{{
		Name: "allowed_files", Unit: "list", Meaning: "executables that may carry such bits",
		Default: []string{
			"/bin/su", "/bin/mount", "/bin/umount", "/usr/bin/su", "/usr/bin/mount", "/usr/bin/umount", "/usr/bin/passwd", "/usr/bin/chsh", "/usr/bin/chfn",
			"/usr/bin/newgrp", "/usr/bin/gpasswd", "/usr/bin/chage", "/usr/bin/expiry", "/usr/bin/wall", "/usr/sbin/unix_chkpwd", "/sbin/unix_chkpwd", "/bin/ping", "/usr/bin/ping",
		},
	}},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_files")
		judge(p, func(v view) check.Verdict { return lendsNoRights(v, allowed) }, snapshot.PartImageContents)
	},
}

func lendsNoRights(v view, allowed []string) check.Verdict {
	c, verdict, ok := v.contents()
	if !ok {
		return verdict
	}
	var h shared.Hits
	usual := 0
	for _, f := range c.Privileged {
		if slices.Contains(allowed, f.Path) && !slices.ContainsFunc(f.Caps, func(name string) bool { return name != "NET_RAW" }) {
			usual++
			continue
		}
		h.Add(ev(f.Path, bits(f)))
	}
	switch {
	case h.Any():
		return h.Failed("files in it lend rights that the policy does not approve")
	case c.Dropped > 0:
		return check.Undecided(snapshot.ReasonPartial, fmt.Sprintf("it has so many such files that %d were not kept", c.Dropped))
	}
	return check.Passed("no file in it lends rights beyond the approved ones", ev("approved files with such bits", fmt.Sprint(usual)))
}

// bits says how a file lends rights.
func bits(f snapshot.PrivilegedFile) string {
	var how []string
	if f.Mode&0o4000 != 0 {
		how = append(how, fmt.Sprintf("setuid to %d", f.UID))
	}
	if f.Mode&0o2000 != 0 {
		how = append(how, fmt.Sprintf("setgid to %d", f.GID))
	}
	if len(f.Caps) > 0 {
		how = append(how, "capabilities "+strings.Join(f.Caps, ", "))
	}
	return fmt.Sprintf("%s, layer %d", strings.Join(how, ", "), f.Layer)
}
