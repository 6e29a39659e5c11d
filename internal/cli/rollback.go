package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/harden"
	"plimsoll/internal/step"
)

func (a *app) rollbackCommand() *cobra.Command {
	var f struct {
		logFlags
		state, target string
		wait          span
	}
	cmd := &cobra.Command{
		Use:   "rollback [JOURNAL]",
		Short: "Take back what a run of harden did",
		Long: "Rollback takes the steps of a run back, the last first, and says of each whether the state is exactly as before\n" +
			"or equivalent, and why. A container that others changed since is left as it is. Without an argument it takes back the\n" +
			"latest run of which something can be taken back.\n\n" +
			"Exit codes: 0 done, 2 usage, 4 engine unreachable, or another run holds the lock; 6 incomplete: what to do by hand\n" +
			"is printed; 130 interrupted, with no step left half done.",
		Example: "  plimsoll rollback\n  plimsoll rollback 5f1c9a2e",
		Args:    oneJournal,
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "state folder of harden")
	cmd.Flags().StringVar(&f.target, "target", "", "the engine: docker or docker:CONTEXT-OR-URL (default the one of the run)")
	cmd.Flags().Var(&f.wait, "wait", "how long a restored container's health test may take (default as long as its own settings give it, at most 30m)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.apply(a.log); err != nil {
			return err
		}
		run, err := a.openStanding(cmd.Context(), &collectFlags{state: f.state}, f.target, first(args))
		if err != nil || run == nil {
			return err
		}
		defer run.done()
		p := a.progress()
		run.options.Wait, run.options.AfterPhase = time.Duration(f.wait), p.phase(run.steps())
		rep, err := harden.Rollback(cmd.Context(), run.options, run.journal.Header.ID)
		p.end()
		return joined(incompleteRollback(err), failure(a.showReport(rep, hintFlags(f.state, f.target))))
	}
	return cmd
}

// incompleteRollback gives every refusal or failure of a rollback its code:
// what was asked to be taken back still stands.
func incompleteRollback(err error) error {
	var e *harden.Error
	if !errors.As(err, &e) || errors.Is(e, harden.ErrLocked) {
		return failureUnlessKnown(err)
	}
	return &exitError{exitRollback, err}
}

func oneJournal(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage("%s takes one journal at a time; %s is one too many", cmd.CommandPath(), quote(args[1]))
	}
	return nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// openedRun is a journal with the engine that it was made on.
type openedRun struct {
	journal *harden.Journal
	options harden.Options
	done    func()
}

func (r *openedRun) steps() []step.Step {
	var out []step.Step
	for _, e := range r.journal.Entries {
		out = append(out, e.Step)
	}
	return out
}

// openRun finds a journal and connects to its engine.
func (a *app) openRun(ctx context.Context, f *collectFlags, target, ref string) (*openedRun, error) {
	dir, err := f.stateDir(a)
	if err != nil {
		return nil, err
	}
	all, err := harden.Load(dir)
	if err != nil {
		return nil, failureUnlessKnown(err)
	}
	j, err := harden.Find(all, ref)
	if err != nil {
		return nil, usage("%v; the state folder is %s", err, dir)
	}
	o := harden.Options{State: dir, Tool: toolName(), Now: a.now}
	if o.Folder = j.Header.Folder(); o.Folder != "" {
		o.Files = a.readFiles
		return &openedRun{journal: j, done: func() {}, options: o}, nil
	}
	eng, done, err := a.engine(ctx, f, target, j.Header.Endpoint)
	if err != nil {
		return nil, err
	}
	o.Engine, o.Machine = eng, a.machine
	return &openedRun{journal: j, done: done, options: o}, nil
}

// openStanding is [app.openRun] but that, without a reference, it takes the latest
// run of which something can be taken back, and returns nil when all is back
// already.
func (a *app) openStanding(ctx context.Context, f *collectFlags, target, ref string) (*openedRun, error) {
	if ref != "" && ref != "latest" {
		return a.openRun(ctx, f, target, ref)
	}
	dir, err := f.stateDir(a)
	if err != nil {
		return nil, err
	}
	all, err := harden.Load(dir)
	if err != nil {
		return nil, failureUnlessKnown(err)
	}
	if len(all) == 0 {
		return a.openRun(ctx, f, target, ref) // it says that there is none
	}
	var passed []error
	for _, j := range harden.Standing(all) {
		run, err := a.openRun(ctx, f, target, j.Header.ID)
		why := ""
		if err == nil {
			if why, err = harden.Spent(ctx, run.options, all, j); err == nil && why == "" {
				for _, e := range passed {
					a.log.note("%v", e)
				}
				return run, nil
			}
			run.done()
		}
		if err != nil && (ctx.Err() != nil || target != "") { // it would be the same for the others
			return nil, err
		}
		if err == nil {
			if why == harden.NoneLeft {
				why += "; plimsoll harden --commit " + j.Header.ID + hintFlags(f.state, target) + " closes it"
			}
			err = &exitError{exitRollback, errors.New(why)}
		}
		passed = append(passed, fmt.Errorf("run %s cannot be taken back: %w", j.Header.ID, err))
	}
	if len(passed) == 0 {
		a.log.note("there is nothing to take back: no step of %s in %s is in force", counted(len(all), "run"), dir)
		return nil, nil
	}
	return nil, errors.Join(passed...)
}

// commit removes the containers that a run keeps.
func (a *app) commit(ctx context.Context, f *hardenFlags, args []string) error {
	if err := f.logFlags.apply(a.log); err != nil {
		return err
	}
	if len(args) > 1 {
		return usage("--commit takes one journal at a time; %s is one too many", quote(args[1]))
	}
	run, err := a.openRun(ctx, &f.collectFlags, f.target, first(args))
	if err != nil {
		return err
	}
	defer run.done()
	kept := 0
	for _, e := range run.journal.Entries {
		if e.Keeps() {
			kept++
		}
	}
	over, err := a.over(ctx, run)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Remove %s for good?", counted(kept, "replaced container"))
	switch {
	case over:
		question = fmt.Sprintf("No container of run %s is left. Close it, with the descriptions that its rollback would need?", run.journal.Header.ID)
	case kept == 0:
		a.log.note("run %s keeps no containers; there is nothing to commit", run.journal.Header.ID)
		return nil
	}
	if err := a.confirm(ctx, question, f.yes); err != nil {
		return err
	}
	rep, err := harden.Commit(ctx, run.options, run.journal.Header.ID)
	return joined(failureUnlessKnown(err), failure(a.showReport(rep, hintFlags(f.state, f.target))))
}

// over reports whether none of a run's containers is left.
func (a *app) over(ctx context.Context, run *openedRun) (bool, error) {
	all, err := harden.Load(run.options.State)
	if err != nil {
		return false, failureUnlessKnown(err)
	}
	if !slices.ContainsFunc(harden.Standing(all), func(j *harden.Journal) bool { return j.Header.ID == run.journal.Header.ID }) {
		return false, nil
	}
	why, err := harden.Spent(ctx, run.options, all, run.journal)
	if err != nil {
		return false, failure(err)
	}
	return why == harden.NoneLeft, nil
}
