package cli

import (
	"errors"
	"io"

	"plimsoll/internal/assess"
	"plimsoll/internal/harden"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

// verifySchema is the version of the JSON form of a verification.
const verifySchema = "plimsoll.verify/v1"

// verification is what verify found.
type verification struct {
	Schema     string             `json:"schema"`
	Proved     bool               `json:"proved"` // every step's values hold
	Checks     []harden.Check     `json:"checks"` // one for every value that a step sets
	Comparison *report.Comparison `json:"comparison,omitempty"`
}

// checkPlan reads whether the values of a saved plan hold. Only those that a
// run has applied count for the exit code.
func (a *app) checkPlan(f *verifyFlags, p *report.PlanFile, now *assess.Assessment) ([]harden.Check, error) {
	dir, err := f.stateDir(a)
	if err != nil {
		return nil, err
	}
	all, err := harden.Load(dir)
	if err != nil {
		return nil, failureUnlessKnown(err)
	}
	o := snapshot.NewOverlay(now.Snapshot)
	var out []harden.Check
	for _, m := range p.Measures {
		for _, id := range m.Steps {
			s := p.Steps[id]
			for _, c := range s.Set {
				got, err := o.Get(s.Target.Kind, s.Target.Scope, s.Target.Key, c.Field)
				ch := harden.Check{Step: s, Field: c.Field, Want: c.To, Got: got, Holds: err == nil && got == c.To}
				switch {
				case err != nil:
					ch.Why = err.Error()
				case !ch.Holds && !applied(all, ch):
					ch.Why = notApplied
				}
				out = append(out, ch)
			}
		}
	}
	return out, nil
}

// notApplied is the reason of a planned value that nobody has set yet.
const notApplied = "it was not applied"

func applied(all []*harden.Journal, ch harden.Check) bool {
	for _, j := range all {
		for _, e := range j.Entries {
			if !e.InForce() || e.Step.Target.Scope != ch.Step.Target.Scope || e.Step.Target.Key != ch.Step.Target.Key {
				continue
			}
			for _, c := range e.Step.Set {
				if c.Field == ch.Field && c.To == ch.Want {
					return true
				}
			}
		}
	}
	return false
}

// emitVerification prints the outcome and gives it its exit code.
func (a *app) emitVerification(f *verifyFlags, v *verification, planned bool) error {
	if v.Checks == nil {
		v.Checks = []harden.Check{}
	}
	err := a.emit(f.outputFlags, f.screenFlags, func(w io.Writer, o text.Options) error { return v.page(w, o, planned) }, func(w io.Writer) error { return encodeJSON(w, v) })
	for _, c := range v.Checks {
		if !c.Holds && c.Why != notApplied {
			return joined(err, &exitError{exitNotReached, errors.New("an applied step's target does not hold: " + c.Step.Target.Key + " " + c.Field)})
		}
	}
	return err
}

func (v *verification) page(w io.Writer, o text.Options, planned bool) error {
	word := "proved"
	if planned {
		word = "holds"
	}
	var held []text.Held
	for _, c := range v.Checks {
		held = append(held, text.Held{Key: c.Step.Target.Key, Field: c.Field, Want: c.Want, Got: c.Got, Why: c.Why, Holds: c.Holds})
	}
	return text.Verification(w, v.Comparison, held, word, o)
}
