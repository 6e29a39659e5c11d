package harden

import (
	"context"
)

// Commit removes, for good, the old containers that a run kept; their volumes
// stay. A later rollback of those steps is equivalent, not exact. Steps of which
// no container is left are closed: nothing is to be verified or taken back.
func Commit(ctx context.Context, o Options, ref string) (Report, error) {
	rep := Report{Steps: []Outcome{}}
	r := newRunner(o)
	lock, err := lockState(o.State)
	if err != nil {
		return rep, err
	}
	defer lock.Unlock()
	if rep.Recovered, err = r.recoverAll(ctx); err != nil {
		return rep, err
	}
	w, _, err := r.open(ctx, ref)
	if err != nil {
		return rep, err
	}
	defer w.close()
	rep.Journal, rep.ID = w.Path, w.Header.ID
	for _, e := range w.Entries {
		if !e.InForce() || w.Header.Folder() != "" {
			continue
		}
		gone, err := r.allGone(ctx, e)
		if err != nil {
			return rep, err
		}
		if gone {
			out, err := r.settle(w, e, "", "no container of it is left; it is closed")
			out.Step, out.State = e.Step, StateAlready
			rep.Steps = append(rep.Steps, out)
			if err != nil {
				return rep, located(err, e.Step, w.Path)
			}
			continue
		}
		if e.Swap == nil || e.Phase != PhaseConfirmed {
			continue
		}
		out, err := r.commitEntry(ctx, w, e)
		rep.Steps = append(rep.Steps, out)
		if err != nil {
			return rep, located(err, e.Step, w.Path)
		}
	}
	return rep, nil
}

func (r *runner) commitEntry(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateApplied}
	release, err := r.claim(w.Header.Engine, e.Step.Target)
	if err != nil {
		return out, err
	}
	defer release()
	_, v, err := r.inspect(ctx, e.Swap.Old)
	if err != nil {
		return out, err
	}
	if v != nil {
		if v.Name != e.Swap.Kept || v.State.Running {
			err := refuse("the kept container %s is in use under the name %s", shortID(v.ID), printable(v.Name))
			out.Why = err.Error()
			return out, err
		}
		if err := r.eng.Remove(ctx, v.ID, false); err != nil {
			return out, err
		}
	}
	if err := r.record(w, Record{Phase: PhaseCommitted, Step: e.Step.ID}); err != nil {
		return out, err
	}
	out.State = StateCommitted
	return out, nil
}
