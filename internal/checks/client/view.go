package client

import (
	"cmp"
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// view is the configuration of one account.
type view struct {
	*snapshot.Client
	p *check.Probe
}

// account makes a check of every account's configuration by a predicate, and
// fills in what all of them share.
func account(c check.Check, predicate func(*view) check.Verdict) *check.Check {
	c.Subject, c.Zone = snapshot.KindClient, model.ZoneClient
	c.Surface = cmp.Or(c.Surface, model.SurfaceClientCompromise)
	c.Needs = []snapshot.Part{snapshot.PartHostClients}
	if c.Forms == nil {
		c.Forms = []check.Form{check.Live}
	}
	c.Run = func(p *check.Probe) { judge(p, predicate) }
	return &c
}

// judge asks the predicate of every account that has a configuration. One whose
// folder may not be looked into is unknown.
func judge(p *check.Probe, predicate func(*view) check.Verdict) {
	found := false
	for i := range p.Snapshot.Clients {
		c := &p.Snapshot.Clients[i]
		if c.Scope != p.Scope.ID {
			continue
		}
		found = true
		v := check.Undecided(cmp.Or(c.Reason, snapshot.ReasonFor(c.State), snapshot.ReasonPartial), "its folder was not readable", ev(c.Dir, c.State))
		if c.State == snapshot.Observed || c.State == snapshot.Absent {
			v = predicate(&view{Client: c, p: p})
		}
		p.Report(v, p.Index.ClientSubject(i))
	}
	if st := p.Part(snapshot.PartHostClients); !found && st.Reason != "" {
		p.Report(check.Undecided(st.Reason, cmp.Or(st.Detail, "not every home was looked at")), p.Self())
	}
}

// unseen is the verdict for a fact that was not observed.
func unseen[T any](f snapshot.Fact[T], message string) check.Verdict {
	return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State), snapshot.ReasonPartial), message, ev(f.Source, f.State))
}

// inFile reports whether only the files were seen, not the machine they are on.
func (v *view) inFile() bool { return v.p.Scope.Kind == snapshot.ScopeFiles }

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// worst gathers what single files or contexts of an account give: failures with
// their evidence, else what is not known, else a pass.
type worst struct {
	failed, unknown []check.Evidence
	reason          snapshot.Reason
	judged          int
}

// at gives what was said last a place.
func (w *worst) at(loc *snapshot.Location) {
	for _, list := range [][]check.Evidence{w.failed, w.unknown} {
		if n := len(list); n > 0 && list[n-1].Loc == nil {
			list[n-1].Loc = loc
		}
	}
}

func (w *worst) fail(source string, value any) {
	w.judged++
	w.failed = append(w.failed, ev(source, value))
}

func (w *worst) doubt(r snapshot.Reason, source string, value any) {
	w.judged++
	w.reason = cmp.Or(w.reason, r, snapshot.ReasonPartial)
	w.unknown = append(w.unknown, ev(source, value))
}

const maxEvidence = 8

func (w *worst) verdict(failed, unknown, passed string) check.Verdict {
	few := func(e []check.Evidence) []check.Evidence { return slices.Clone(e[:min(len(e), maxEvidence)]) }
	note := func(v check.Verdict, n int) check.Verdict {
		if n > maxEvidence {
			return v.Note(fmt.Sprintf("and %d more", n-maxEvidence))
		}
		return v
	}
	switch {
	case len(w.failed) > 0:
		return note(check.Failed(failed, few(w.failed)...), len(w.failed))
	case len(w.unknown) > 0:
		return note(check.Undecided(w.reason, unknown, few(w.unknown)...), len(w.unknown))
	}
	return check.Passed(passed, ev("looked at", w.judged))
}
