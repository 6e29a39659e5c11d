package docker

import (
	"cmp"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// filesOf returns the files of the scope's machine that have one of the roles,
// as positions in Snapshot.Files.
func filesOf(p *check.Probe, roles ...snapshot.FileRole) []int {
	var out []int
	for i := range p.Snapshot.Files {
		if f := &p.Snapshot.Files[i]; f.Scope == p.Scope.ID && slices.Contains(roles, f.Role) {
			out = append(out, i)
		}
	}
	return out
}

// unseenFiles returns the verdict for an engine on this machine of which
// evidence is missing that the files follow from: a whole part, or, where the
// configuration names the file, the configuration.
func unseenFiles(p *check.Probe, part snapshot.Part, configured bool, roles []snapshot.FileRole) (check.Verdict, bool) {
	for _, s := range enginesOn(p) {
		st := p.Index.Part(s.ID, part)
		if st.State != snapshot.Observed && st.State != snapshot.Absent {
			reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State))
			return check.Undecided(reason, cmp.Or(st.Detail, "the files of engine "+s.Name+" were not looked at")), true
		}
		if !configured {
			continue
		}
		e := p.Snapshot.Engine(s.ID)
		known := e != nil && e.Config.Known()
		listed := slices.ContainsFunc(filesOf(p, roles...), func(i int) bool { return p.Snapshot.Files[i].Engine == s.ID })
		if !known && !listed {
			reason := snapshot.ReasonPartial
			if e != nil {
				reason = cmp.Or(e.Config.Reason, snapshot.ReasonFor(e.Config.State), reason)
			}
			return check.Undecided(reason, "the configuration of engine "+s.Name+", which would name the file, was not readable"), true
		}
	}
	return check.Verdict{}, false
}
