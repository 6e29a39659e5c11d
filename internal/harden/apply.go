package harden

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/step"
)

// Apply finishes or rolls back what an interrupted run left, then performs the
// steps in the order of what they disturb. A step whose precondition does not
// hold is refused, with nothing touched for it, and does not keep others from
// being performed; when all are refused there is no journal. It stops at the
// first step that does not take, rolls that one back and leaves the earlier ones
// applied; the report says so. When ctx ends, the step at hand is finished or
// taken back, no other is begun, and the error wraps the context's.
//
// Errors are of type [*Error] wrapping ErrLocked, ErrPrecondition (some steps
// were refused), ErrTargetNotReached or ErrRollbackIncomplete.
func Apply(ctx context.Context, o Options, steps []step.Step) (Report, error) {
	r := newRunner(o)
	rep := Report{Steps: []Outcome{}}
	lock, err := lockState(o.State)
	if err != nil {
		return rep, err
	}
	defer lock.Unlock()
	if rep.Recovered, err = r.recoverAll(ctx); err != nil {
		return rep, err
	}
	info, done, err := r.reach(ctx)
	defer done()
	if err != nil {
		return rep, err
	}
	todo, err := mergeSteps(steps)
	if err != nil {
		return rep, err
	}
	r.coming = todo
	todo, refused, err := r.sift(ctx, info, todo, &rep)
	if err != nil || len(todo) == 0 {
		return rep, errors.Join(err, refused)
	}
	w, err := newJournal(o.State, Header{Tool: o.Tool, Endpoint: r.endpoint(), Engine: info.ID, Before: o.Before, Plan: o.Plan}, o.now())
	if err != nil {
		return rep, err
	}
	defer w.close()
	rep.Journal, rep.ID = w.Path, w.Header.ID
	return rep, errors.Join(r.applyAll(ctx, w, info, todo, &rep), refused)
}

// look makes the runner look at several steps in turn, each as if those before
// it were done where that can be told; act ends it.
func (r *runner) look() {
	r.peers = &peers{}
	if r.files != nil {
		r.files.drafts, r.files.seen = make(map[string][]byte), nil
	}
}

func (r *runner) act() {
	r.peers = nil
	if r.files != nil {
		r.files.drafts, r.files.seen = nil, nil
	}
}

// sift looks at every step before the first is begun and takes out those that
// are refused.
func (r *runner) sift(ctx context.Context, info engineInfo, steps []step.Step, rep *Report) (ready []step.Step, refused, err error) {
	r.look()
	defer r.act()
	for _, s := range steps {
		_, err := r.glance(ctx, s, info)
		switch e := refusal(err); {
		case e != nil:
			rep.Steps = append(rep.Steps, Outcome{Step: s, State: StateRefused, Why: e.reason()})
			refused = errors.Join(refused, located(err, s, ""))
		case err != nil:
			return nil, nil, err
		default:
			ready = append(ready, s)
		}
	}
	return ready, refused, nil
}

func (r *runner) applyAll(ctx context.Context, w *writer, info engineInfo, todo []step.Step, rep *Report) error {
	moved := make(map[string]string) // ID of a container that gave way -> its successor
	var refused error
	for i, s := range todo {
		if id, ok := moved[s.Target.UID]; ok {
			s.Target.UID = id
		}
		out, err := r.applyOne(ctx, w, info, s)
		if cut := ctx.Err(); err != nil && cut != nil && out.State == StateNotStarted {
			rep.leave(todo[i:], "the run was interrupted")
			return errors.Join(refused, &interruption{fmt.Sprintf("%d of %d steps were not begun", len(todo)-i, len(todo)), cut})
		}
		rep.Steps = append(rep.Steps, out)
		switch {
		case err == nil:
			if e := w.Entry(s.ID); e.Swap != nil {
				moved[e.Swap.Old] = e.Swap.New
			}
		case out.State == StateRefused:
			refused = errors.Join(refused, located(err, s, w.Path))
		default:
			rep.leave(todo[i+1:], whyLeft(ctx))
			return errors.Join(refused, located(err, s, w.Path))
		}
	}
	return refused
}

// whyLeft is why steps after one that did not take are not begun.
func whyLeft(ctx context.Context) string {
	if ctx.Err() != nil {
		return "the run was interrupted"
	}
	return "a step before it failed"
}

// leave reports steps that were not begun.
func (rep *Report) leave(steps []step.Step, why string) {
	for _, s := range steps {
		rep.Steps = append(rep.Steps, Outcome{Step: s, State: StateNotStarted, Why: why})
	}
}

// located completes an error with where it happened. What is not said of a
// step, such as an engine that went away, stays what it is.
func located(err error, s step.Step, journal string) error {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", printable(s.Target.Key), err)
	}
	e.Step, e.Target, e.Journal = s.ID, s.Target.Key, cmp.Or(e.Journal, journal)
	return e
}

// mergeSteps joins steps of one kind on one target, so that a container is
// re-created once, and puts what disturbs least first.
func mergeSteps(steps []step.Step) ([]step.Step, error) {
	var out []step.Step
	for _, s := range steps {
		i := slices.IndexFunc(out, func(o step.Step) bool { return o.Kind == s.Kind && o.Target == s.Target })
		if i < 0 {
			out = append(out, s)
			continue
		}
		merged, err := step.Merge(out[i], s)
		if err != nil {
			return nil, located(&Error{Kind: ErrPrecondition, Cause: err}, s, "")
		}
		out[i] = merged
	}
	slices.SortStableFunc(out, func(a, b step.Step) int { return cmp.Compare(a.Disturbs, b.Disturbs) })
	return out, nil
}

// applyOne performs one step and leaves it confirmed or taken back.
func (r *runner) applyOne(ctx context.Context, w *writer, info engineInfo, s step.Step) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: "the run was interrupted"}, err
	}
	sub, release, err := r.alone(ctx, s, info)
	defer release()
	if e := refusal(err); e != nil {
		return Outcome{Step: s, State: StateRefused, Why: e.reason()}, err
	}
	if err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
	}
	intent := Record{Phase: PhaseIntent, Step: s.ID, Body: &s}
	if m := r.mender(s.Kind); m != nil {
		if intent.Image, err = r.saveBefore(ctx, w, m, s); err != nil {
			return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
		}
	}
	if s.Kind == step.ContainerRecreate {
		image, err := w.saveImage(s.ID, beforeImage, sub.raw)
		if err != nil {
			return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
		}
		intent.Image = image
		intent.Swap = &Swap{Name: sub.view.Name, Old: sub.view.ID, Kept: keptName(sub.view.Name, w.Header.ID), Start: sub.view.State.Running, Image: image}
	}
	if s.Kind == step.FileEdit {
		if intent.Files, err = w.keepFiles(s, r.files.dir, sub.drafts); err != nil {
			return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
		}
	}
	if err := r.record(w, intent); err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
	}
	err = r.perform(ctx, w, w.Entry(s.ID), sub)
	if err == nil {
		err = r.record(w, Record{Phase: PhaseApplied, Step: s.ID})
	}
	if err == nil {
		err = r.settleApplied(context.WithoutCancel(ctx), w, w.Entry(s.ID))
	}
	if err == nil {
		return Outcome{Step: s, State: StateApplied, Why: r.pending(ctx, w.Journal, w.Entry(s.ID))}, nil
	}
	return r.takeBack(ctx, w, w.Entry(s.ID), err)
}

// settleApplied reads a step's target again and closes the step. Of a successor
// it notes what it was made as. It is not interrupted: all that could be taken
// back is done.
func (r *runner) settleApplied(ctx context.Context, w *writer, e *Entry) error {
	raw, err := r.confirm(ctx, e)
	if err != nil {
		return err
	}
	rec := Record{Phase: PhaseConfirmed, Step: e.Step.ID}
	if e.Swap != nil {
		if rec.After, err = w.keepAfter(e.Step.ID, raw); err != nil {
			return err
		}
	}
	return r.record(w, rec)
}

// perform asks the engine for the change.
func (r *runner) perform(ctx context.Context, w *writer, e *Entry, sub *subject) error {
	if e.Files != nil {
		return r.writeFiles(e, sub.drafts)
	}
	if m := r.mender(e.Step.Kind); m != nil {
		image, err := beforeOf(w.Journal, e)
		if err != nil {
			return err
		}
		return m.apply(ctx, e.Step, image)
	}
	if e.Step.Kind == step.ContainerUpdate {
		return updater{r}.apply(ctx, e.Step, sub.view)
	}
	s := *e.Swap
	return r.replace(ctx, w, e.Step.ID, &s, sub.raw, e.Step.Set)
}

// confirm reads the target again and returns what it read: every value must be
// there, and a container that ran must run.
func (r *runner) confirm(ctx context.Context, e *Entry) ([]byte, error) {
	if e.Files != nil {
		return nil, r.confirmFiles(ctx, e)
	}
	if m := r.mender(e.Step.Kind); m != nil {
		return nil, r.confirmHost(ctx, m, e.Step)
	}
	id := e.Step.Target.UID
	if e.Swap != nil {
		id = e.Swap.New
	}
	raw, v, err := r.inspect(ctx, id)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("container %s is gone", printable(shortID(id)))
	}
	if e.Swap != nil && (v.Name != e.Swap.Name || e.Swap.Start && !v.State.Running) {
		return nil, fmt.Errorf("container %s is %s under the name %s", shortID(id), printable(v.State.Status), printable(v.Name))
	}
	diff, err := differing(raw, e.Step.Set, to)
	if err != nil {
		return nil, err
	}
	if len(diff) > 0 {
		return nil, fmt.Errorf("the engine accepted the change, but %s", strings.Join(diff, ", "))
	}
	return raw, nil
}

// takeBack rolls back a step that failed. It does so even when the caller gave
// up meanwhile: half a step is worse than a late answer.
func (r *runner) takeBack(ctx context.Context, w *writer, e *Entry, cause error) (Outcome, error) {
	if ctx.Err() != nil && errors.Is(cause, ctx.Err()) {
		cause = &interruption{"the run was interrupted", cause}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	out := Outcome{Step: e.Step, State: StateIncomplete, Why: cause.Error()}
	unwritten := r.record(w, Record{Phase: PhaseFailed, Step: e.Step.ID, Why: cause.Error()})
	if unwritten == nil {
		unwritten = r.record(w, Record{Phase: PhaseUndoing, Step: e.Step.ID})
	}
	// A journal that cannot be written is no reason to leave the target half
	// changed: what is on disk leads the next run to the same undo.
	undo, why, err := r.undo(ctx, w.Journal, e)
	if err != nil {
		return out, r.incomplete(e, w.Journal, errors.Join(err, unwritten))
	}
	if unwritten == nil {
		unwritten = r.record(w, Record{Phase: PhaseUndone, Step: e.Step.ID, Undo: undo, Why: why})
	}
	out.State, out.Undo = StateRolledBack, undo
	if why != "" {
		out.Why += "; rolled back: " + why
	}
	return out, &Error{Kind: ErrTargetNotReached, Why: "it was rolled back", Cause: errors.Join(cause, unwritten)}
}

// incomplete is the error for a world between two states.
func (r *runner) incomplete(e *Entry, j *Journal, cause error) *Error {
	return &Error{Kind: ErrRollbackIncomplete, Step: e.Step.ID, Target: e.Step.Target.Key, Journal: j.Path, Cause: cause, Hand: r.byHand(e, j)}
}
