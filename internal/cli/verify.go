package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"plimsoll/internal/assess"
	"plimsoll/internal/harden"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	collectFlags
	decisionFlags
	outputFlags
	screenFlags
	target string
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [JOURNAL|PLAN|RESULT|SNAPSHOT]",
		Short: "Collect again and prove what changed",
		Long: "Verify collects from the same target again, assesses, and shows every threat and finding that changed, and of every\n" +
			"applied step whether its values hold. It compares with what a run of harden, a result or a snapshot saw before;\n" +
			"without an argument, with the latest run.\n\n" +
			"Exit codes: 0 done, 2 usage, 4 no result, 5 an applied step's target does not hold.",
		Example: "  plimsoll verify\n  plimsoll verify 5f1c9a2e --format json\n  plimsoll verify yesterday.json",
		Args:    oneJournal,
	}
	f.collectFlags.register(cmd)
	f.decisionFlags.register(cmd)
	f.outputFlags.register(cmd)
	f.screenFlags.register(cmd)
	cmd.Flags().StringVar(&f.target, "target", "", "the engine: docker or docker:CONTEXT-OR-URL (default the one on this machine)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.verify(cmd, &f, first(args))
	}
	return cmd
}

// base is what verify compares with.
type base struct {
	document
	run    *openedRun // of a journal
	checks []harden.Check
}

func (a *app) verify(cmd *cobra.Command, f *verifyFlags, ref string) error {
	ctx := cmd.Context()
	if err := f.apply(a.log); err != nil {
		return err
	}
	b, err := a.verifyBase(ctx, f, ref)
	if err != nil {
		return err
	}
	if b.run != nil {
		defer b.run.done()
	}
	target := f.target
	if b.run != nil && b.run.options.Folder != "" {
		target = a.written(b.snapshot, b.run.options.Folder)
	}
	src, err := a.targetEvidence(ctx, cmd, &f.collectFlags, target)
	if err != nil {
		return err
	}
	after, now, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), nil)
	if err != nil {
		return err
	}
	before, then, err := b.before(now)
	if err != nil {
		return err
	}
	v := verification{Schema: verifySchema, Checks: b.checks, Proved: true}
	if b.plan != nil {
		if v.Checks, err = a.checkPlan(f, b.plan, now); err != nil {
			return err
		}
	}
	if before != nil {
		if err := sameTarget(before, after); err != nil {
			return err
		}
		v.Comparison = report.Compare(before, after, targeted(then, v.Checks))
	}
	v.Proved = !slices.ContainsFunc(v.Checks, func(c harden.Check) bool { return !c.Holds })
	return a.emitVerification(f, &v, b.plan != nil)
}

// verifyBase finds what is compared with: a saved document, or a journal.
func (a *app) verifyBase(ctx context.Context, f *verifyFlags, ref string) (*base, error) {
	if ref == "-" || ref != "" && filepath.Ext(ref) != ".jsonl" && exists(a.path(ref)) {
		d, err := a.readDocument(ref)
		if err != nil {
			return nil, err
		}
		return &base{document: *d}, nil
	}
	run, err := a.openRun(ctx, &f.collectFlags, f.target, ref)
	if err != nil {
		return nil, err
	}
	b := &base{run: run}
	if b.checks, err = harden.Verify(ctx, run.options, run.journal.Header.ID); err != nil {
		run.done()
		return nil, failureUnlessKnown(err)
	}
	name := run.journal.Header.Before
	if name == "" || name != filepath.Base(name) {
		a.log.warn("run %s has no snapshot of before; only its steps are verified", run.journal.Header.ID)
		return b, nil
	}
	d, err := a.readDocument(filepath.Join(filepath.Dir(run.journal.Path), name))
	if err != nil {
		a.log.warn("the snapshot of before run %s is not usable, so only its steps are verified: %v", run.journal.Header.ID, err)
		return b, nil
	}
	b.document = *d
	return b, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// before decides the evidence of before with the decisions and the clock of
// now, so that every difference comes from the system.
func (b *base) before(now *assess.Assessment) (*report.Result, *assess.Assessment, error) {
	switch {
	case b.result != nil:
		return b.result, nil, nil
	case b.snapshot == nil:
		return nil, nil, nil
	}
	in := now.Inputs
	in.Snapshot, in.Plan = b.snapshot, shortPlan()
	as, err := assess.Assess(in)
	if err != nil {
		return nil, nil, failure(err)
	}
	return report.Build(as, toolName(), catalogueVersion), as, nil
}

// sameTarget refuses to compare different engines.
func sameTarget(before, after *report.Result) error {
	for _, sc := range before.Snapshot.Targets {
		if sc.Kind == snapshot.ScopeEngine && !slices.ContainsFunc(after.Snapshot.Targets, func(s snapshot.Scope) bool { return s.ID == sc.ID }) {
			return failure(fmt.Errorf("the engine %s of before was not reached now; name it with --target docker:CONTEXT-OR-URL", quote(sc.Name)))
		}
	}
	return nil
}

// targeted lists the checks that the steps were meant to fix.
func targeted(as *assess.Assessment, checks []harden.Check) []report.SubjectCheck {
	if as == nil {
		return nil
	}
	var out []report.SubjectCheck
	for _, m := range as.Measures {
		for _, s := range m.Steps {
			meant := slices.ContainsFunc(checks, func(c harden.Check) bool {
				return c.Step.Target.Scope == s.Target.Scope && c.Step.Target.Key == s.Target.Key && changes(s, c.Field)
			})
			if !meant {
				continue
			}
			for _, i := range m.For[s.ID] {
				subject := as.Index.Subjects[i]
				out = append(out, report.SubjectCheck{Check: m.Check, Scope: subject.Scope, Key: subject.Key})
			}
		}
	}
	return out
}

func changes(s step.Step, field string) bool {
	return slices.ContainsFunc(s.Set, func(c step.Change) bool { return c.Field == field })
}
