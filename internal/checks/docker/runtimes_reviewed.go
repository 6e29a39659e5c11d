package docker

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var runtimesReviewed = &check.Check{
	ID:    "daemon-alt-runtimes-reviewed",
	Title: "Every configured runtime is trusted",
	Why: "A runtime is a program that the engine starts as root for whoever asks for it by name. One that others may replace, or that nobody knows, is a way to root that leaves the containers looking ordinary. " +
		"Its name must be a known one, and only root may write to the program or a directory above it.",
	Remedy:   "Remove the runtime from the engine's configuration and restart it, or review it, give the program to root with mode 0755, and list its name as known_runtimes.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{{
		Name: "known_runtimes", Unit: "list", Meaning: "runtime names that need no review",
		// The last is what engines before 23 list beside their own.
		Default: []string{"runc", "crun", "io.containerd.runc.v2", "runsc", "kata", "kata-runtime", "io.containerd.runtime.v1.linux"},
	}},
	Run: func(p *check.Probe) { judgeEngine(p, trustsRuntimes) },
}

func trustsRuntimes(d *daemon) check.Verdict {
	known, _ := d.p.List("known_runtimes")
	owner := int64(0)
	if d.Rootless && d.Process.Known() {
		owner = d.Process.V.UID // the engine has no more rights than its user
	}
	var h hits
	var gap *check.Verdict
	names := d.Runtimes
	if d.DefaultRuntime != "" && !slices.Contains(names, d.DefaultRuntime) {
		names = append(slices.Clone(names), d.DefaultRuntime)
	}
	for _, name := range names {
		program := pair(d.RuntimePaths, name)
		if !slices.Contains(known, name) {
			if d.file {
				s := d.setting("runtimes")
				h.take(s.part(name + "=" + orDefault(program) + ", not on the policy list"))
			} else {
				h.add("GET /info Runtimes "+name, orDefault(program)+", not on the policy list")
			}
			continue
		}
		if d.file {
			continue // who may replace its program only the machine shows
		}
		f := d.programFile(program)
		if f == nil || f.State != snapshot.Observed {
			v := d.unseenProgram(name, f)
			gap = &v
			continue
		}
		if why := changeable(f, owner); why != "" {
			h.add(f.Path, why)
		} else if !f.ACL.Known() || len(f.Parents) == 0 {
			v := check.Undecided(snapshot.ReasonPartial, "the access list of "+f.Path+" or the directories above it were not readable")
			gap = &v
		}
	}
	switch {
	case len(h.evidence) > 0:
		return h.note(check.Failed("a runtime is not trusted", h.evidence...))
	case gap != nil:
		return *gap
	case len(names) == 0:
		return check.Undecided(snapshot.ReasonPartial, "the engine named no runtime")
	case d.file && len(names) > 1:
		return check.Undecided(snapshot.ReasonStatic, "its runtimes are known by name; who may replace their programs only the machine shows", ev("runtimes", firstFew(names)))
	case d.file:
		return check.Passed("the file adds no runtime", ev("runtimes", "not set"))
	}
	return check.Passed("every runtime is known, and only root may replace its program", ev("GET /info Runtimes", firstFew(names)))
}

// programFile returns the file that a runtime's program was found as, or nil.
func (d *daemon) programFile(program string) *snapshot.File {
	if kind, ok := strings.CutPrefix(program, "io.containerd."); ok {
		program = "containerd-shim-" + strings.ReplaceAll(kind, ".", "-")
	}
	if program == "" {
		return nil
	}
	for i := range d.p.Snapshot.Files {
		f := &d.p.Snapshot.Files[i]
		if f.Role != snapshot.RoleRuntimeBinary || f.Scope != d.p.Scope.Host {
			continue
		}
		if f.Path == path.Clean(program) || !path.IsAbs(program) && path.Base(f.Path) == path.Base(program) {
			return f
		}
	}
	return nil
}

func (d *daemon) unseenProgram(name string, f *snapshot.File) check.Verdict {
	if f == nil {
		st := d.p.Part(snapshot.PartEngineFiles)
		return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial), "the program of the runtime "+name+" was not looked at")
	}
	return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State), snapshot.ReasonPartial), "the program of the runtime "+name+" was not found or not readable", ev(f.Path, f.State))
}

// changeable says who beside root and the owner may change a program, or "".
func changeable(f *snapshot.File, owner int64) string {
	switch {
	case f.UID != 0 && f.UID != owner:
		return fmt.Sprintf("uid %d owns it", f.UID)
	case f.Mode&0o002 != 0:
		return "everyone may write to it"
	case f.Mode&0o020 != 0 && f.GID != 0:
		return fmt.Sprintf("group %d may write to it", f.GID)
	}
	for _, a := range f.ACL.V {
		if a.Kind != "mask" && a.ID != 0 && shared.Effective(f, a)&2 != 0 {
			return fmt.Sprintf("the access list lets %s %d write", a.Kind, a.ID)
		}
	}
	for _, dir := range f.Parents {
		switch {
		case dir.UID != 0 && dir.UID != owner:
			return fmt.Sprintf("uid %d owns %s", dir.UID, dir.Path)
		case dir.Mode&0o1000 != 0: // entries of others stay
		case dir.Mode&0o002 != 0:
			return "everyone may replace it in " + dir.Path
		case dir.Mode&0o020 != 0 && dir.GID != 0:
			return fmt.Sprintf("group %d may replace it in %s", dir.GID, dir.Path)
		}
	}
	return ""
}
