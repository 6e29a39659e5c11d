package harden

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Rollback takes the steps of one run back, last first. ref is as in [Find]. A
// step whose target is neither as the run left it nor as it was before is
// refused, because someone changed it since; the other steps of its target are
// then not started, those of other targets are. A step that can only be taken
// back in effect is equivalent, with the reason. When ctx ends, the step at hand
// is finished and no other is begun.
func Rollback(ctx context.Context, o Options, ref string) (Report, error) {
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
	w, all, err := r.open(ctx, ref)
	if err != nil {
		return rep, err
	}
	defer w.close()
	rep.Journal, rep.ID = w.Path, w.Header.ID
	return rep, r.rollbackAll(ctx, w, all, &rep)
}

func (r *runner) rollbackAll(ctx context.Context, w *writer, all []*Journal, rep *Report) error {
	left := make(map[string]bool) // keys of targets that were refused
	var refused error
	for i, e := range slices.Backward(w.Entries) {
		if err := ctx.Err(); err != nil {
			rep.leaveEntries(w.Entries[:i+1], "the run was interrupted")
			return errors.Join(refused, &interruption{fmt.Sprintf("%d of %d steps were not taken back", i+1, len(w.Entries)), err})
		}
		if left[e.Step.Target.Key] {
			rep.leaveEntries(w.Entries[i:i+1], "a later step of the same container was refused")
			continue
		}
		out, err := r.rollbackEntry(ctx, w, all, e)
		rep.Steps = append(rep.Steps, out)
		switch {
		case err == nil:
		case out.State == StateRefused:
			left[e.Step.Target.Key] = true
			refused = errors.Join(refused, located(err, e.Step, w.Path))
		default:
			rep.leaveEntries(w.Entries[:i], whyLeft(ctx))
			return errors.Join(refused, located(err, e.Step, w.Path))
		}
	}
	return refused
}

// leaveEntries reports steps that were not taken back, last first.
func (rep *Report) leaveEntries(entries []*Entry, why string) {
	for _, e := range slices.Backward(entries) {
		rep.Steps = append(rep.Steps, Outcome{Step: e.Step, State: StateNotStarted, Why: why})
	}
}

// open finds a journal of this engine and opens it for writing.
func (r *runner) open(ctx context.Context, ref string) (*writer, []*Journal, error) {
	all, err := Load(r.opts.State)
	if err != nil {
		return nil, nil, err
	}
	r.chain = successors(all, committedOnly)
	j, err := Find(all, ref)
	if err != nil {
		return nil, nil, err
	}
	if j.Header.Folder() != "" {
		w, err := reopen(r.opts.State, j, r.opts.now())
		return w, all, err
	}
	info, err := r.info(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the engine who it is: %w", err)
	}
	if j.Header.Engine != info.ID {
		return nil, nil, &Error{
			Kind: ErrPrecondition, Journal: j.Path,
			Why: fmt.Sprintf("the run was on engine %s at %s, this is %s", printable(j.Header.Engine), printable(j.Header.Endpoint), printable(info.ID)),
		}
	}
	w, err := reopen(r.opts.State, j, r.opts.now())
	return w, all, err
}

func (r *runner) rollbackEntry(ctx context.Context, w *writer, all []*Journal, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	if !e.InForce() {
		return Outcome{Step: e.Step, State: StateAlready, Undo: e.Undo, Why: e.Why}, nil
	}
	release, err := r.claim(w.Header.Engine, e.Step.Target)
	if err != nil {
		return out.because(err), err
	}
	defer release()
	if e.Files != nil {
		out, err := r.rollbackFiles(ctx, w, all, e)
		return out.because(err), err
	}
	r.chain = successors(all, committedOnly) // the step before may have made a container anew
	err = r.inTheWay(w.Journal, all, e)
	if err == nil {
		if m := r.mender(e.Step.Kind); m != nil {
			out, err = r.rollbackHost(ctx, m, w, e)
		} else if e.Swap == nil {
			out, err = r.rollbackUpdate(ctx, w, e)
		} else {
			out, err = r.rollbackSwap(ctx, w, all, e)
		}
	}
	return out.because(err), err
}

// because completes an outcome with the error that it ends in.
func (out Outcome) because(err error) Outcome {
	if err != nil {
		out.Why = err.Error()
	}
	if e := refusal(err); e != nil && out.State == StateNotStarted {
		out.State, out.Why = StateRefused, e.reason()
	}
	return out
}

// inTheWay refuses when a later run changed what this step left.
func (r *runner) inTheWay(j *Journal, all []*Journal, e *Entry) error {
	if e.Step.Target.Kind != snapshot.KindContainer {
		return nil // values that a later run changed are found when the target is read
	}
	mine := e.Step.Target.UID
	if e.Swap != nil {
		mine = e.Swap.New
	}
	mine = r.chain.follow(mine)
	later := false
	for _, other := range all {
		if other.Path == j.Path {
			later = true
			continue
		}
		for _, o := range other.Entries {
			if later && o.InForce() && r.chain.follow(o.Step.Target.UID) == mine && (o.Swap != nil || e.Swap != nil) {
				return refuse("run %s changed the same container later; roll that back first", other.Header.ID)
			}
		}
	}
	return nil
}

func (r *runner) rollbackUpdate(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	raw, v, err := r.inspect(ctx, r.chain.follow(e.Step.Target.UID))
	if err != nil {
		return out, err
	}
	if v == nil {
		o, err := r.settle(w, e, "", "the container no longer exists")
		o.Step, o.State = e.Step, StateAlready
		return o, err
	}
	before, err := differing(raw, e.Step.Set, from)
	if err != nil {
		return out, err
	}
	if len(before) == 0 {
		o, err := r.settle(w, e, step.UndoExact, "it was found as before")
		o.Step, o.State = e.Step, StateAlready
		return o, err
	}
	if after, err := differing(raw, e.Step.Set, to); err != nil || len(after) > 0 {
		return out, errors.Join(refuse("it was changed since: %s; nothing is taken back over someone else's change", strings.Join(after, ", ")), err)
	}
	return r.takeDown(ctx, w, e, nil)
}

// takeDown undoes a step in force; swap, when set, replaces the recorded one.
func (r *runner) takeDown(ctx context.Context, w *writer, e *Entry, swap *Swap) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateIncomplete}
	if err := r.record(w, Record{Phase: PhaseUndoing, Step: e.Step.ID, Swap: swap}); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	undo, why, err := r.undo(ctx, w.Journal, e)
	if err == nil {
		err = r.record(w, Record{Phase: PhaseUndone, Step: e.Step.ID, Undo: undo, Why: why})
	}
	if err != nil {
		return out, r.incomplete(e, w.Journal, err)
	}
	return Outcome{Step: e.Step, State: StateUndone, Undo: undo, Why: why}, nil
}

func (r *runner) rollbackSwap(ctx context.Context, w *writer, all []*Journal, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	id := r.chain.follow(e.Swap.New)
	raw, v, err := r.inspect(ctx, id)
	if err != nil {
		return out, err
	}
	_, old, err := r.inspect(ctx, e.Swap.Old)
	if err != nil {
		return out, err
	}
	if err := r.checkReplaceable(ctx, e, v); err != nil {
		return out, err
	}
	if old == nil {
		if v == nil {
			err := refuse("both the old and the new container are gone; nothing is left to take back")
			if e.Phase == PhaseConfirmed {
				err.Hand = []string{"the old one's description is in " + filepath.Join(filepath.Dir(w.Path), e.Image)}
			}
			err.Hand = append(err.Hand, "plimsoll harden --commit "+w.Header.ID+" closes the run, and removes that description")
			return out, err
		}
		return r.reverse(ctx, w, e, raw, v)
	}
	if v != nil {
		if err := r.checkAsMade(ctx, w, all, e, raw); err != nil {
			return out, err
		}
	}
	s := *e.Swap
	if v != nil {
		s.Start = v.State.Running || v.State.Restarting
	}
	if _, holder, err := r.inspect(ctx, s.Name); err != nil || holder != nil && holder.ID != s.New {
		return out, errors.Join(refuse("another container took the name %s meanwhile", printable(s.Name)), err)
	}
	return r.takeDown(ctx, w, e, &s)
}

// checkReplaceable refuses to take the hardened container away when something
// would be lost with it.
func (r *runner) checkReplaceable(ctx context.Context, e *Entry, v *view) error {
	if v == nil {
		return nil
	}
	if err := v.understood(nil, false); err != nil {
		return err
	}
	if v.State.Paused {
		return refuse("it is paused; unpause or stop it first")
	}
	if v.Name != e.Swap.Name {
		return refuse("it was renamed to %s since", printable(v.Name))
	}
	c := recreator{r}
	if err := c.checkSharers(ctx, v); err != nil {
		return err
	}
	return c.checkLayer(ctx, v, false)
}
