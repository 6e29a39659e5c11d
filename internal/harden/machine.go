package harden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Machine reads the machine that this process runs on, as evidence is read, so
// that what a step is held against is what it was planned on.
type Machine interface {
	ScopeID() string
	Daemon(ctx context.Context, socket string) snapshot.Fact[snapshot.DaemonProcess]
	Config(ctx context.Context, d snapshot.DaemonProcess) snapshot.Fact[snapshot.DaemonConfig]
	AuditRules(ctx context.Context) (snapshot.AuditState, error)
	Loaded(files []snapshot.LoadedFile) // see [Loaded]; comes before Config
}

// mender performs steps of one kind on the machine itself. Targets are read
// and compared by the fields of the step; what else a performer must know it
// looks up when it is asked.
type mender interface {
	// ready refuses a step that would not make of its target what it states, and
	// returns what a person should know.
	ready(ctx context.Context, s step.Step) (warnings []string, err error)
	// before returns what an exact way back needs; nil is nothing.
	before(ctx context.Context, s step.Step) ([]byte, error)
	// read returns the fields of the step as they are.
	read(ctx context.Context, s step.Step) (map[string]string, error)
	// apply makes the change. image is what before returned.
	apply(ctx context.Context, s step.Step, image []byte) error
	// settle makes what runs follow what is written, and confirms it. It may be
	// called again.
	settle(ctx context.Context, s step.Step) error
	// undo takes back whatever there is of the change, and refuses where somebody
	// else changed it meanwhile. It may be called again.
	undo(ctx context.Context, s step.Step, image []byte) (step.Undo, string, error)
	// hand says how a person restores the target.
	hand(s step.Step, image string) []string
}

// here refuses a step on a machine or engine other than those at hand.
func (r *runner) here(s step.Step) error {
	if os.Geteuid() != 0 {
		return refuse("changing the machine takes root; run it with sudo")
	}
	if r.opts.Machine == nil || r.eng.Endpoint().Kind != dockerapi.KindUnix {
		return refuse("the engine is reached over the network, its machine cannot be changed from here; run harden there")
	}
	if mine := r.opts.Machine().ScopeID(); strings.HasPrefix(s.Target.Scope, "host:") && s.Target.Scope != mine {
		return refuse("the step is for machine %s, this is %s", printable(s.Target.Scope), mine)
	}
	return nil
}

// readyHost is ready for steps on the machine.
func (r *runner) readyHost(ctx context.Context, m mender, s step.Step) (*subject, error) {
	if err := r.here(s); err != nil {
		return nil, err
	}
	if len(s.Set) == 0 {
		return nil, refuse("the step changes nothing")
	}
	now, err := m.read(ctx, s)
	if err != nil {
		return nil, refuse("%v", err)
	}
	if diff := unlike(now, s.Set, from); len(diff) > 0 {
		return nil, refuse("it changed since the step was made: %s", strings.Join(diff, ", "))
	}
	warnings, err := m.ready(ctx, s)
	return &subject{warnings: warnings}, err
}

// unlike lists what of a step's fields is not as one side of it says.
func unlike(now map[string]string, set []step.Change, side func(step.Change) string) []string {
	var diff []string
	for _, c := range set {
		if got, want := now[c.Field], side(c); got != want {
			diff = append(diff, fmt.Sprintf("%s is %q, not %q", c.Field, printable(got), printable(want)))
		}
	}
	return diff
}

// beforeOf returns the before-image of an entry; nil when it has none.
func beforeOf(j *Journal, e *Entry) ([]byte, error) {
	if e.Image == "" {
		return nil, nil
	}
	return j.image(e.Image)
}

// saveBefore stores what an exact way back needs and returns the image's name.
func (r *runner) saveBefore(ctx context.Context, w *writer, m mender, s step.Step) (string, error) {
	image, err := m.before(ctx, s)
	if err != nil || image == nil {
		return "", err
	}
	return w.saveImage(s.ID, beforeImage, image)
}

// confirmHost reads a target of the machine again.
func (r *runner) confirmHost(ctx context.Context, m mender, s step.Step) error {
	now, err := m.read(ctx, s)
	if err != nil {
		return err
	}
	if diff := unlike(now, s.Set, to); len(diff) > 0 {
		return fmt.Errorf("the change was made, but %s", strings.Join(diff, ", "))
	}
	return m.settle(ctx, s)
}

// undoHost takes a step on the machine back and reads the result.
func (r *runner) undoHost(ctx context.Context, m mender, j *Journal, e *Entry) (step.Undo, string, error) {
	image, err := beforeOf(j, e)
	if err != nil {
		return "", "", err
	}
	undo, why, err := m.undo(ctx, e.Step, image)
	if err != nil {
		return "", "", err
	}
	now, err := m.read(ctx, e.Step)
	if err == nil {
		if diff := unlike(now, e.Step.Set, from); len(diff) > 0 {
			err = errors.New(strings.Join(diff, ", "))
		}
	}
	return undo, why, err
}

// recoverHost brings a step on the machine to a phase in which it may rest: one
// that is wholly made is confirmed, half of one is taken back.
func (r *runner) recoverHost(ctx context.Context, m mender, w *writer, e *Entry) (Outcome, error) {
	if err := r.here(e.Step); err != nil {
		return Outcome{}, err
	}
	if e.Phase == PhaseFailed || e.Phase == PhaseUndoing {
		return r.goBack(ctx, w, e)
	}
	now, err := m.read(ctx, e.Step)
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case len(unlike(now, e.Step.Set, from)) == 0:
		return r.settle(w, e, step.UndoExact, "nothing had happened")
	case len(unlike(now, e.Step.Set, to)) == 0:
		if err := r.settleApplied(ctx, w, e); err == nil {
			return Outcome{State: StateApplied, Why: "the change had been made"}, nil
		}
	}
	return r.goBack(ctx, w, e)
}

// rollbackHost takes a step on the machine back unless somebody changed its
// target since.
func (r *runner) rollbackHost(ctx context.Context, m mender, w *writer, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	if err := r.here(e.Step); err != nil {
		return out, err
	}
	now, err := m.read(ctx, e.Step)
	if err != nil {
		return out, refuse("%v", err)
	}
	if len(unlike(now, e.Step.Set, from)) == 0 {
		o, err := r.settle(w, e, step.UndoExact, "it was found as before")
		o.Step, o.State = e.Step, StateAlready
		return o, err
	}
	if diff := unlike(now, e.Step.Set, to); len(diff) > 0 {
		return out, refuse("it was changed since: %s; nothing is taken back over someone else's change", strings.Join(diff, ", "))
	}
	return r.takeDown(ctx, w, e, nil)
}

// verifyHost reads whether the values of a step on the machine still hold.
func (r *runner) verifyHost(ctx context.Context, m mender, j *Journal, e *Entry) []Check {
	s := e.Step
	why := ""
	var now map[string]string
	err := r.here(s)
	if err == nil {
		now, err = m.read(ctx, s)
	}
	if err != nil {
		why = err.Error()
	} else if len(unlike(now, s.Set, to)) == 0 {
		why = r.pending(ctx, j, e)
	}
	out := make([]Check, len(s.Set))
	for i, c := range s.Set {
		out[i] = Check{Step: s, Field: c.Field, Want: c.To, Got: now[c.Field], Holds: why == "" && now[c.Field] == c.To, Why: why}
	}
	return out
}

// inode is a file's identity as a step's target carries it.
func inode(dev, ino uint64) string {
	return strconv.FormatUint(dev, 10) + ":" + strconv.FormatUint(ino, 10)
}
