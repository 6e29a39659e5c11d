package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var bindsReadOnly = &check.Check{
	ID:    "container-bind-mounts-read-only",
	Title: "Host directories are mounted read-only",
	Why: "What a container writes into a directory of the host, the host or another container reads as its own: a script, a configuration, a web page. " +
		"Engines before 25 leave file systems mounted below a read-only directory writable; those show in the mounts of the running process, which decide where they were readable. " +
		"A local volume with a device is a directory of the host too.",
	Remedy:   "Add :ro to the mount. Data that the container makes belongs in a named volume; a path that must stay writable goes on the policy list.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "T", Tier: 2,
	Covered: []string{"container-no-sensitive-host-mounts"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"mounts"},
	Params: []check.Param{{
		Name: "writable_paths", Unit: "list", Meaning: "host paths that may be mounted writable, with what lies under them",
	}},
	Run:   func(p *check.Probe) { judge(p, mountsReadOnly) },
	Fixes: []check.Fix{{Title: "mount host directories read-only", Kind: step.ContainerRecreate, Breaks: true, Step: bindsReadOnlyStep}},
}

func mountsReadOnly(b *box) check.Verdict {
	allowed := b.at.list("writable_paths")
	var h hits
	var kept []string // read-only ones
	var unresolved *snapshot.Mount
	veiled := ""
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		path, _ := b.at.hostPath(m)
		if m.Type != "bind" && path == "" { // not a directory of the host, as far as was seen
			if b.at.veiled(m) && !m.ReadOnly {
				veiled = m.Volume
			}
			continue
		}
		switch {
		case m.ReadOnly:
			kept = append(kept, m.Destination)
		case path != "" && slices.ContainsFunc(allowed, func(dir string) bool { return shared.Within(path, dir) }):
		case (b.at.file || len(allowed) > 0) && strings.Contains(path, "$"):
			unresolved = m
		default:
			h.add("Mounts "+m.Destination, path+", writable")
		}
	}
	proc := b.proc()
	if proc != nil {
		for _, point := range proc.WritableIn {
			if slices.ContainsFunc(kept, func(d string) bool { return shared.Within(point, d) }) {
				h.add("/proc/PID/mountinfo "+point, "writable below a read-only mount")
			}
		}
	}
	switch {
	case len(h.evidence) > 0:
		return h.note(check.Failed("it can write to directories of the host", h.evidence...))
	case unresolved != nil:
		return check.Undecided(snapshot.ReasonUnresolved, "the source of a mount holds a variable that was not resolved", ev("Mounts "+unresolved.Destination, "not resolved"))
	case veiled != "":
		return check.Undecided(snapshot.ReasonPartial, "the engine's volumes were not readable, and one may bind a host directory", ev("Mounts", veiled))
	case len(kept) == 0 || proc != nil:
		return check.Passed("it cannot write to directories of the host", ev("bind mounts, read-only", len(kept)))
	}
	return b.configured(b.readOnlyThroughout(len(kept)))
}

// readOnlyThroughout judges read-only mounts of which no process shows whether
// something writable is mounted below.
func (b *box) readOnlyThroughout(mounts int) check.Verdict {
	e := ev("bind mounts, read-only", mounts)
	if b.at.file {
		return check.Passed("it asks for read-only mounts", e).Note("an engine before 25 leaves what is mounted below them writable")
	}
	if v, ok := parseVersion(b.engine.Version); ok && v.atLeast(25, 0, 0) {
		return check.Passed("it cannot write to directories of the host", e, ev("GET /version Version", b.engine.Version))
	}
	return check.Undecided(snapshot.ReasonPartial, "this engine may leave what is mounted below a read-only directory writable, and no process shows it", e)
}
