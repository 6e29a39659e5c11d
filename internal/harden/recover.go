package harden

import (
	"context"
	"fmt"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Recover finishes or rolls back what interrupted runs left, and says in the
// outcomes what it found. [Apply] and [Rollback] do it by themselves.
func Recover(ctx context.Context, o Options) ([]Outcome, error) {
	lock, err := lockState(o.State)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	return newRunner(o).recoverAll(ctx)
}

func (r *runner) recoverAll(ctx context.Context) ([]Outcome, error) {
	all, err := Load(r.opts.State)
	if err != nil {
		return nil, err
	}
	r.chain = successors(all, committedOnly)
	var out []Outcome
	for _, j := range all {
		found, err := r.recoverJournal(ctx, j)
		out = append(out, found...)
		if err == nil {
			err = j.sweep() // what a killed run left behind
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (r *runner) recoverJournal(ctx context.Context, j *Journal) ([]Outcome, error) {
	var out []Outcome
	var w *writer
	var err error
	for _, e := range j.Entries {
		if !e.Unfinished() {
			continue
		}
		if j.Header.Folder() == "" && r.opts.Engine == nil {
			why := fmt.Sprintf("run %s was interrupted on the engine %s; plimsoll rollback %s finishes it or takes it back", j.Header.ID, printable(j.Header.Endpoint), j.Header.ID)
			return append(out, Outcome{Step: e.Step, State: StateIncomplete, Why: why}), nil
		}
		if w == nil && j.Header.Folder() != "" {
			if w, err = reopen(r.opts.State, j, r.opts.now()); err != nil {
				return out, err
			}
			defer w.close()
		}
		if w == nil {
			info, err := r.info(ctx)
			if err != nil {
				return out, fmt.Errorf("ask the engine who it is: %w", err)
			}
			if j.Header.Engine != info.ID {
				why := fmt.Sprintf("run %s was interrupted on another engine (%s); run again against that one", j.Header.ID, printable(j.Header.Endpoint))
				return append(out, Outcome{Step: e.Step, State: StateIncomplete, Why: why}), nil
			}
			if w, err = reopen(r.opts.State, j, r.opts.now()); err != nil {
				return out, err
			}
			defer w.close()
		}
		was := e.Phase
		o, err := r.recoverEntry(ctx, w, e)
		if err != nil {
			return append(out, Outcome{Step: e.Step, State: StateIncomplete, Why: err.Error()}), r.incomplete(e, j, err)
		}
		o.Step = e.Step
		o.Why = fmt.Sprintf("run %s was interrupted after %q: %s", j.Header.ID, was, o.Why)
		out = append(out, o)
	}
	return out, nil
}

// recoverEntry brings one step to a phase in which it may rest.
func (r *runner) recoverEntry(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	release, err := r.claim(w.Header.Engine, e.Step.Target)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	if e.Files != nil {
		return r.recoverFiles(ctx, w, e)
	}
	if m := r.mender(e.Step.Kind); m != nil {
		return r.recoverHost(ctx, m, w, e)
	}
	if gone, err := r.allGone(ctx, e); err != nil || gone {
		if err != nil {
			return Outcome{}, err
		}
		return r.settle(w, e, "", "no container of it is left")
	}
	switch {
	case e.Undoing != nil:
		return r.recoverReverse(ctx, w, e)
	case e.Phase == PhaseFailed || e.Phase == PhaseUndoing:
		return r.goBack(ctx, w, e)
	case e.Swap != nil:
		return r.recoverSwap(ctx, w, e)
	}
	raw, v, err := r.inspect(ctx, r.chain.follow(e.Step.Target.UID))
	if err != nil {
		return Outcome{}, err
	}
	if v == nil {
		return Outcome{}, fmt.Errorf("container %s is gone", printable(shortID(e.Step.Target.UID)))
	}
	diff, err := differing(raw, e.Step.Set, from)
	if err != nil {
		return Outcome{}, err
	}
	if len(diff) == 0 {
		return r.settle(w, e, step.UndoExact, "nothing had happened")
	}
	if err := r.settleApplied(ctx, w, e); err != nil {
		return Outcome{}, fmt.Errorf("it is neither as before nor as planned: %w", err)
	}
	return Outcome{State: StateApplied, Why: "the change had been made"}, nil
}

// allGone reports whether none of the containers that a step concerns is left:
// whoever removed them settled it.
func (r *runner) allGone(ctx context.Context, e *Entry) (bool, error) {
	if e.Step.Target.Kind != snapshot.KindContainer {
		return false, nil
	}
	ids := []string{r.chain.follow(e.Step.Target.UID)}
	for _, s := range []*Swap{e.Swap, e.Undoing} {
		switch {
		case s == nil:
		case s.New == "": // it may be there, with its ID not noted yet
			ids = append(ids, s.Old, s.Name)
		default:
			ids = append(ids, s.Old, r.chain.follow(s.New))
		}
	}
	for _, id := range ids {
		if _, v, err := r.inspect(ctx, id); err != nil || v != nil {
			return false, err
		}
	}
	return true, nil
}

// settle closes a step whose target is as before, or is no more; then undo is
// empty.
func (r *runner) settle(w *writer, e *Entry, undo step.Undo, why string) (Outcome, error) {
	err := r.record(w, Record{Phase: PhaseUndone, Step: e.Step.ID, Undo: undo, Why: why})
	return Outcome{State: StateUnchanged, Undo: undo, Why: why}, err
}

// goBack takes a step back that was left in the middle.
func (r *runner) goBack(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	if e.Phase != PhaseUndoing {
		if err := r.record(w, Record{Phase: PhaseUndoing, Step: e.Step.ID}); err != nil {
			return Outcome{}, err
		}
	}
	undo, why, err := r.undo(ctx, w.Journal, e)
	if err != nil {
		return Outcome{}, err
	}
	said := "it was rolled back"
	if why != "" {
		said += ": " + why
	}
	err = r.record(w, Record{Phase: PhaseUndone, Step: e.Step.ID, Undo: undo, Why: why})
	return Outcome{State: StateRolledBack, Undo: undo, Why: said}, err
}

// recoverSwap finishes a replacement whose new container is there and well, and
// rolls back every other.
func (r *runner) recoverSwap(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	done := e.Phase == PhaseApplied || e.Phase == PhaseCreated && e.Swap.Start
	if done {
		_, err := r.confirm(ctx, e)
		done = err == nil && (!e.Swap.Start || r.waitWell(ctx, e.Swap.New, true) == nil)
	}
	if done {
		err := r.settleApplied(ctx, w, e)
		return Outcome{State: StateApplied, Why: "the new container was in place and well; the step is finished"}, err
	}
	return r.goBack(ctx, w, e)
}

// recoverReverse finishes a rollback after commit, or gives the hardened
// container its place back.
func (r *runner) recoverReverse(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	s := e.Undoing
	if s.New != "" && s.Start {
		if raw, v, err := r.inspect(ctx, s.New); err == nil && v != nil && v.State.Running {
			diff, err := differing(raw, e.Step.Set, from)
			if err == nil && len(diff) == 0 && r.waitWell(ctx, s.New, false) == nil {
				err := r.finishReverse(ctx, w, e)
				return Outcome{State: StateUndone, Undo: step.UndoEquivalent, Why: "the rollback is finished"}, err
			}
		}
	}
	if err := r.restore(ctx, w.Journal, e.Step.ID, s); err != nil {
		return Outcome{}, err
	}
	err := r.record(w, Record{Phase: PhaseCommitted, Step: e.Step.ID, Why: "its rollback was interrupted and given up"})
	return Outcome{State: StateApplied, Why: "its rollback was given up; the step is still applied"}, err
}
