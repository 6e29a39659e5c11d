package docker

import (
	"cmp"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// sockets returns the API sockets of the engines on the scope's machine, as
// positions in Snapshot.Files.
func sockets(p *check.Probe) []int {
	var out []int
	for i := range p.Snapshot.Files {
		if f := &p.Snapshot.Files[i]; f.Scope == p.Scope.ID && f.Role == snapshot.RoleEngineSocket {
			out = append(out, i)
		}
	}
	return out
}

// enginesOn returns the scopes of the engines on the scope's machine.
func enginesOn(p *check.Probe) []*snapshot.Scope {
	var out []*snapshot.Scope
	for i := range p.Snapshot.Scopes {
		if s := &p.Snapshot.Scopes[i]; s.Kind == snapshot.ScopeEngine && s.Host == p.Scope.ID {
			out = append(out, s)
		}
	}
	return out
}

// unseenSockets returns the verdict for an engine on this machine whose
// sockets were not looked at.
func unseenSockets(p *check.Probe) (check.Verdict, bool) {
	for _, s := range enginesOn(p) {
		st := p.Index.Part(s.ID, snapshot.PartEngineSockets)
		if st.State == snapshot.Observed || st.State == snapshot.Absent {
			continue
		}
		reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State))
		return check.Undecided(reason, cmp.Or(st.Detail, "the sockets of engine "+s.Name+" were not looked at")), true
	}
	return check.Verdict{}, false
}

// judgeSockets asks a predicate of every API socket on the machine.
func judgeSockets(p *check.Probe, verdict func(*check.Probe, *snapshot.File) check.Verdict) {
	for _, i := range sockets(p) {
		f, subject := &p.Snapshot.Files[i], p.Index.FileSubject(i)
		if v, gap := unreadable(f); gap {
			p.Report(v, subject)
			continue
		}
		p.Report(verdict(p, f), subject)
	}
	if v, gap := unseenSockets(p); gap {
		p.Report(v, p.Self())
	}
}

// engineOf returns the engine that a socket belongs to, or nil when it is the
// socket of an engine that was not looked at or did not describe itself.
func engineOf(p *check.Probe, f *snapshot.File) *snapshot.Engine {
	if f.Engine == "" || p.Index.Part(f.Engine, snapshot.PartEngineInfo).State != snapshot.Observed {
		return nil
	}
	return p.Snapshot.Engine(f.Engine)
}

// unreadable returns the verdict for a file that was not seen.
func unreadable(f *snapshot.File) (check.Verdict, bool) {
	switch f.State {
	case snapshot.Observed:
		return check.Verdict{}, false
	case snapshot.Absent:
		return check.Inapplicable("the path does not exist"), true
	case snapshot.Denied, snapshot.Failed, snapshot.Skipped:
	}
	return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State)), "the socket was not readable: "+f.State.String()), true
}
