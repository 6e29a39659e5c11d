package harden

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/step"
)

// undoTime bounds how long taking a step back may take when the caller's own
// context has ended: a stop, a start and the wait after it.
const undoTime = 5 * time.Minute

// Apply finishes or rolls back what an interrupted run left, then performs the
// steps in the order of what they disturb. All are checked before the first is
// begun; a refusal there changes nothing and leaves no journal. It stops at the
// first step that does not take, rolls that one back and leaves the earlier
// ones applied; the report says so. Errors are of type [*Error] wrapping
// ErrLocked, ErrPrecondition, ErrTargetNotReached or ErrRollbackIncomplete.
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
	info, err := r.info(ctx)
	if err != nil {
		return rep, fmt.Errorf("ask the engine who it is: %w", err)
	}
	todo, err := mergeSteps(steps)
	if err != nil {
		return rep, err
	}
	for i := range todo {
		if _, err := r.ready(ctx, todo[i], info); err != nil {
			return rep, located(err, todo[i], "")
		}
	}
	w, err := newJournal(o.State, Header{Tool: o.Tool, Endpoint: printable(o.Engine.Endpoint().Address), Engine: info.ID, Before: o.Before, Plan: o.Plan}, o.now())
	if err != nil {
		return rep, err
	}
	defer w.close()
	rep.Journal, rep.ID = w.Path, w.Header.ID
	return rep, r.applyAll(ctx, w, info, todo, &rep)
}

func (r *runner) applyAll(ctx context.Context, w *writer, info engineInfo, todo []step.Step, rep *Report) error {
	moved := make(map[string]string) // ID of a container that gave way -> its successor
	for i, s := range todo {
		if id, ok := moved[s.Target.UID]; ok {
			s.Target.UID = id
		}
		out, err := r.applyOne(ctx, w, info, s)
		rep.Steps = append(rep.Steps, out)
		if err == nil {
			if e := w.Entry(s.ID); e.Swap != nil {
				moved[e.Swap.Old] = e.Swap.New
			}
			continue
		}
		for _, rest := range todo[i+1:] {
			rep.Steps = append(rep.Steps, Outcome{Step: rest, State: StateNotStarted, Why: "a step before it failed"})
		}
		return located(err, s, w.Path)
	}
	return nil
}

// located completes an error with where it happened.
func located(err error, s step.Step, journal string) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Kind: ErrPrecondition, Cause: err}
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

// subject is a target as it was found.
type subject struct {
	raw  []byte
	view *view
}

// ready re-reads a step's target and refuses the step when it is not what the
// step was made for, or when it would not make of the target what it states.
func (r *runner) ready(ctx context.Context, s step.Step, info engineInfo) (*subject, error) {
	if engine, ok := strings.CutPrefix(s.Target.Scope, "engine:"); ok && engine != info.ID {
		return nil, refuse("the step is for engine %s, this is %s", printable(engine), printable(info.ID))
	}
	raw, v, err := r.inspect(ctx, s.Target.UID)
	if err != nil {
		return nil, err
	}
	if v == nil || v.ID != s.Target.UID {
		return nil, refuse("the container that the step was made for (%s) is gone; collect again", printable(shortID(s.Target.UID)))
	}
	if name, ok := strings.CutPrefix(s.Target.Key, "name/"); ok && name != v.Name {
		return nil, refuse("the container is now called %s; collect again", printable(v.Name))
	}
	if err := v.understood(fieldNames(s.Set), s.Kind == step.ContainerRecreate); err != nil {
		return nil, err
	}
	if why := v.managed(); why != "" {
		return nil, refuse("%s", why)
	}
	diff, err := differing(raw, s.Set, from)
	if err != nil {
		return nil, refuse("%v", err)
	}
	if len(diff) > 0 {
		return nil, refuse("it changed since the step was made: %s", strings.Join(diff, ", "))
	}
	switch s.Kind {
	case step.ContainerUpdate:
		err = updater{r}.check(ctx, s, v)
	case step.ContainerRecreate:
		err = recreator{r}.check(ctx, s, raw, v)
	default:
		err = refuse("steps of kind %q are not known to this version", printable(string(s.Kind)))
	}
	if err != nil {
		return nil, err
	}
	return &subject{raw: raw, view: v}, nil
}

// applyOne performs one step and leaves it confirmed or taken back.
func (r *runner) applyOne(ctx context.Context, w *writer, info engineInfo, s step.Step) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: "cancelled"}, &Error{Kind: ErrTargetNotReached, Why: "cancelled before the step was begun", Cause: err}
	}
	sub, err := r.ready(ctx, s, info)
	if err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
	}
	image, err := w.saveImage(s.ID, sub.raw)
	if err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
	}
	intent := Record{Phase: PhaseIntent, Step: s.ID, Body: &s, Image: image}
	if s.Kind == step.ContainerRecreate {
		intent.Swap = &Swap{Name: sub.view.Name, Old: sub.view.ID, Kept: keptName(sub.view.Name, w.Header.ID), Start: sub.view.State.Running, Image: image}
	}
	if err := r.record(w, intent); err != nil {
		return Outcome{Step: s, State: StateNotStarted, Why: err.Error()}, err
	}
	err = r.perform(ctx, w, w.Entry(s.ID), sub)
	if err == nil {
		err = r.record(w, Record{Phase: PhaseApplied, Step: s.ID})
	}
	if err == nil {
		err = r.confirm(ctx, w.Entry(s.ID))
	}
	if err == nil {
		err = r.record(w, Record{Phase: PhaseConfirmed, Step: s.ID})
	}
	if err == nil {
		return Outcome{Step: s, State: StateApplied}, nil
	}
	return r.takeBack(ctx, w, w.Entry(s.ID), err)
}

// perform asks the engine for the change.
func (r *runner) perform(ctx context.Context, w *writer, e *Entry, sub *subject) error {
	if e.Step.Kind == step.ContainerUpdate {
		return updater{r}.apply(ctx, e.Step, sub.view)
	}
	s := *e.Swap
	return r.replace(ctx, w, e.Step.ID, &s, sub.raw, e.Step.Set)
}

// confirm reads the target again: every value must be there, and a container
// that ran must run.
func (r *runner) confirm(ctx context.Context, e *Entry) error {
	id := e.Step.Target.UID
	if e.Swap != nil {
		id = e.Swap.New
	}
	raw, v, err := r.inspect(ctx, id)
	if err != nil {
		return err
	}
	if v == nil {
		return fmt.Errorf("container %s is gone", printable(shortID(id)))
	}
	if e.Swap != nil && (v.Name != e.Swap.Name || e.Swap.Start && !v.State.Running) {
		return fmt.Errorf("container %s is %s under the name %s", shortID(id), printable(v.State.Status), printable(v.Name))
	}
	diff, err := differing(raw, e.Step.Set, to)
	if err != nil {
		return err
	}
	if len(diff) > 0 {
		return fmt.Errorf("the engine accepted the change, but %s", strings.Join(diff, ", "))
	}
	return nil
}

// takeBack rolls back a step that failed. It does so even when the caller gave
// up meanwhile: half a step is worse than a late answer.
func (r *runner) takeBack(ctx context.Context, w *writer, e *Entry, cause error) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
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
		return out, incomplete(e, w.Journal, errors.Join(err, unwritten))
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
func incomplete(e *Entry, j *Journal, cause error) *Error {
	return &Error{Kind: ErrRollbackIncomplete, Step: e.Step.ID, Target: e.Step.Target.Key, Journal: j.Path, Cause: cause, Hand: byHand(e, j)}
}
