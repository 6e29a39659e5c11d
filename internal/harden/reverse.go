package harden

import (
	"context"
	"errors"
	"strings"

	"plimsoll/internal/step"
)

const whyReverse = "the replaced container had been removed; an equal one was made from the hardened one by taking the changes back, without the logs"

// reverse makes the former container anew after it was removed: from the
// hardened one, so that what others changed since stays.
func (r *runner) reverse(ctx context.Context, w *writer, e *Entry, raw []byte, v *view) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	back := inverse(e.Step.Set)
	if diff, err := differing(raw, back, from); err != nil || len(diff) > 0 {
		return out, errors.Join(refuse("it was changed since: %s; nothing is taken back over someone else's change", strings.Join(diff, ", ")), err)
	}
	image, err := w.saveImage(e.Step.ID+"-undo", beforeImage, raw)
	if err != nil {
		return out, err
	}
	s := Swap{Name: v.Name, Old: v.ID, Kept: keptName(v.Name, w.Header.ID+"-undo"), Start: v.State.Running, Image: image, Reverse: true}
	noted := s
	if err := r.record(w, Record{Phase: PhaseUndoing, Step: e.Step.ID, Swap: &noted}); err != nil {
		return out, err
	}
	if err = r.replace(ctx, w, e.Step.ID, &s, raw, back); err == nil {
		err = r.readsBack(ctx, e, s.New)
	}
	if err != nil {
		return r.giveUpReverse(ctx, w, e, err)
	}
	if err := r.finishReverse(ctx, w, e); err != nil {
		out.State = StateIncomplete
		return out, r.incomplete(e, w.Journal, err)
	}
	return Outcome{Step: e.Step, State: StateUndone, Undo: step.UndoEquivalent, Why: whyReverse}, nil
}

// inverse returns the changes that take changes back.
func inverse(set []step.Change) []step.Change {
	out := make([]step.Change, len(set))
	for i, c := range set {
		out[i] = step.Change{Field: c.Field, From: c.To, To: c.From}
	}
	return out
}

func (r *runner) readsBack(ctx context.Context, e *Entry, id string) error {
	raw, _, err := r.inspect(ctx, id)
	if err != nil {
		return err
	}
	diff, err := differing(raw, e.Step.Set, from)
	if err == nil && len(diff) > 0 {
		err = errors.New(strings.Join(diff, ", "))
	}
	return err
}

// giveUpReverse gives the hardened container its place back.
func (r *runner) giveUpReverse(ctx context.Context, w *writer, e *Entry, cause error) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	out := Outcome{Step: e.Step, State: StateApplied, Why: cause.Error()}
	err := r.restore(ctx, w.Journal, e.Step.ID, e.Undoing)
	if err == nil {
		err = r.record(w, Record{Phase: PhaseCommitted, Step: e.Step.ID, Why: cause.Error()})
	}
	if err != nil {
		out.State = StateIncomplete
		return out, r.incomplete(e, w.Journal, errors.Join(cause, err))
	}
	return out, &Error{Kind: ErrTargetNotReached, Why: "the former container could not be made anew; the hardened one is back in place", Cause: cause}
}

// finishReverse removes the hardened container that gave way.
func (r *runner) finishReverse(ctx context.Context, w *writer, e *Entry) error {
	if _, v, err := r.inspect(ctx, e.Undoing.Old); err != nil {
		return err
	} else if v != nil {
		if err := r.eng.Remove(ctx, v.ID, false); err != nil {
			return err
		}
	}
	return r.record(w, Record{Phase: PhaseUndone, Step: e.Step.ID, Undo: step.UndoEquivalent, Why: whyReverse})
}
