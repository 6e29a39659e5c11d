package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noSensitiveMounts = &check.Check{
	ID:    "container-no-sensitive-host-mounts",
	Title: "No sensitive host directory is mounted",
	Why: "Whoever writes to /etc, /usr or /root of the host writes its accounts, programs and keys; whoever reads them has its secrets. " +
		"A mount counts when its source is such a directory, contains one or lies under one, after symbolic links and through what is mounted on it or below, so that / and /var count too. " +
		"Read-only lowers the severity by one step: reading is enough for secrets. A local volume with a device option is a bind in disguise; " +
		"other named volumes lie in the engine's data root without showing it. One tool finds / and /etc harmless because it searches for words that its own template never prints.",
	Remedy:   "Mount the one file or folder it needs, from a place made for it such as /srv, or a named volume. The measure, which removes the mount, is never chosen by a plan unless it is named.",
	Severity: check.Critical, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "TIE", Tier: 1,
	Refs:  check.CIS(1, "5.5", "5.6", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"mounts"},
	Run:   func(p *check.Probe) { judge(p, mountsNothingSensitive) },
	Fixes: []check.Fix{{Suffix: "remove", Title: "remove mounts of sensitive host directories", Kind: step.ContainerRecreate, Breaks: true, Step: removeSensitive}},
}

func mountsNothingSensitive(b *box) check.Verdict {
	var h hits
	var open, unfollowed, unresolved int
	var veiled string
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		path, followed := b.at.hostPath(m)
		if path == "" {
			if b.at.veiled(m) {
				veiled = m.Volume
			}
			continue
		}
		shown, root, how := b.at.sensitive(m, path)
		switch {
		case how != "":
			access := "writable"
			if m.ReadOnly {
				access = "read-only"
			} else {
				open++
			}
			h.add("Mounts "+m.Destination, through(path, shown)+" "+how+" "+root+", "+access)
		case strings.Contains(path, "$"):
			unresolved++
		case !followed:
			unfollowed++
		}
	}
	switch {
	case len(h.evidence) > 0:
		v := h.note(check.Failed("sensitive host directories are mounted", h.evidence...))
		if open == 0 {
			return v.At(check.High)
		}
		return v
	case unresolved > 0:
		return check.Undecided(snapshot.ReasonUnresolved, "the source of a mount holds a variable that was not resolved")
	case veiled != "":
		return check.Undecided(snapshot.ReasonPartial, "the engine's volumes were not readable, and one may bind a host directory", ev("Mounts", veiled))
	}
	v := check.Passed("no sensitive host directory is mounted")
	if unfollowed > 0 && !b.at.file {
		v = v.Note("configured; symbolic links of the sources were not followed")
	}
	return v
}

// sensitive relates what a mount of a host path shows to the sensitive directories:
// the path itself, or what is mounted on it or below.
func (s *site) sensitive(m *snapshot.Mount, hostPath string) (shown, root, how string) {
	for _, p := range append([]string{hostPath}, m.Shows...) {
		if root, how = shared.Sensitive(homely(p), s.sensitiveRoots()); how != "" {
			return p, root, how
		}
	}
	return "", "", ""
}

// through words a path of the host that a mount of another shows.
func through(hostPath, shown string) string {
	if shown == hostPath {
		return hostPath
	}
	return hostPath + " shows " + shown + ", which"
}

// homely writes the shell's ~, which compose understands, as the directory of
// homes.
func homely(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok {
		return "/home/" + rest
	}
	return path
}
