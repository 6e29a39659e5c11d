package harden

import (
	"context"
	"fmt"
	"time"

	"plimsoll/internal/step"
)

// Options is what a run needs besides the steps.
type Options struct {
	Engine Engine
	State  string // the state folder, see [StateDir]
	Tool   string // name and version, for the journal
	Before string // file of the snapshot that the steps were planned on, for the journal
	Plan   string // digest of the plan, for the journal

	// For edits of files in the place of an engine: the folder or file, absolute,
	// how it is read, and by path from the folder the digest of what was shown.
	Folder string
	Files  Files
	Shown  map[string]string

	// Machine, when set, opens the machine that this process runs on; a fresh one
	// for every reading, since one remembers what it read. Without it, steps on
	// the machine are refused.
	Machine func() Machine

	// Settle is how long a started container without a health test must run
	// before it is trusted; 0 is 3 seconds.
	Settle time.Duration
	// Wait bounds how long a health test may take; 0 is as long as the
	// container's own settings give it, see longestWait.
	Wait time.Duration
	// Now is the clock of the journal; nil is the machine's.
	Now func() time.Time
	// AfterPhase, when set, is told of every phase once it is on disk and of the
	// points inside a replacement. A test that panics in it leaves the world as
	// kill -9 would: nothing is cleaned up on the way out but the lock.
	AfterPhase func(stepID, phase string)

	auditRules string        // the folder of audit rules; empty is the machine's
	killed     time.Duration // 0 is killTime
}

func (o Options) killTime() time.Duration {
	if o.killed > 0 {
		return o.killed
	}
	return killTime
}

func (o Options) settle() time.Duration {
	if o.Settle > 0 {
		return o.Settle
	}
	return 3 * time.Second
}

func (o Options) now() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

// State is what became of a step.
type State string

// What can become of a step.
const (
	StateApplied    State = "applied"
	StateRefused    State = "refused"     // its precondition does not hold; nothing was touched for it
	StateRolledBack State = "rolled-back" // it failed and the target is as before
	StateNotStarted State = "not-started" // a step before it failed, or the run was interrupted
	StateUndone     State = "undone"
	StateAlready    State = "already-undone"
	StateIncomplete State = "incomplete" // a person must act
	StateUnchanged  State = "unchanged"  // found after an interruption: nothing had happened
	StateCommitted  State = "committed"
)

// Outcome is what became of one step.
type Outcome struct {
	Step  step.Step `json:"step"`
	State State     `json:"state"`
	Undo  step.Undo `json:"undo,omitempty"` // of an undone or rolled-back step
	Why   string    `json:"why,omitempty"`
}

// Report is what a run did. It is complete also when the run ends in an error.
type Report struct {
	Journal   string    `json:"journal,omitempty"` // path
	ID        string    `json:"id,omitempty"`
	Recovered []Outcome `json:"recovered,omitempty"` // what was left of earlier runs that were interrupted
	Steps     []Outcome `json:"steps"`
}

// runner performs steps on one engine.
type runner struct {
	eng   Engine
	opts  Options
	chain succession // who took whose place for good, in earlier runs
	peers *peers     // set while several steps are only looked at
	files *fileSet   // of a run that edits files; there is no engine then

	coming []step.Step // of the run
}

func newRunner(o Options) *runner { return &runner{eng: steady{o.Engine}, opts: o} }

// reach makes the run's target ready: the engine, which says who it is, or the
// folder, which is opened until done is called.
func (r *runner) reach(ctx context.Context) (info engineInfo, done func(), err error) {
	if r.opts.Folder == "" {
		if info, err = r.info(ctx); err != nil {
			err = fmt.Errorf("ask the engine who it is: %w", err)
		}
		return info, func() {}, err
	}
	if r.files, err = openFiles(r.opts.Folder); err != nil {
		return info, func() {}, fmt.Errorf("open the folder: %w", err)
	}
	r.files.shown = r.opts.Shown
	return info, func() { _ = r.files.root.Close() }, nil // every write was flushed by its own file
}

// endpoint is what the journal says of where the run was.
func (r *runner) endpoint() string {
	if r.files != nil {
		return filesPrefix + r.files.path
	}
	return printable(r.opts.Engine.Endpoint().Address)
}

// reached tells the test hook.
func (r *runner) reached(step, phase string) {
	if r.opts.AfterPhase != nil {
		r.opts.AfterPhase(step, phase)
	}
}

// record appends to the journal and tells the test hook. Images of a step that
// is settled are removed.
func (r *runner) record(w *writer, rec Record) error {
	if err := w.append(rec); err != nil {
		return err
	}
	r.reached(rec.Step, string(rec.Phase))
	if rec.Phase == PhaseUndone || rec.Phase == PhaseCommitted {
		return w.sweep()
	}
	return nil
}
