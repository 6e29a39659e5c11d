package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/atomicfile"
	"plimsoll/internal/config"
	"plimsoll/internal/harden"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// harden shows the changes and, with --apply, makes them.
func (a *app) harden(cmd *cobra.Command, f *hardenFlags, ids []string) error {
	ctx := cmd.Context()
	planned, digest, err := a.savedPlan(f)
	if err != nil {
		return err
	}
	if planned != nil {
		for _, m := range planned.plan.Measures {
			ids = append(ids, m.ID)
		}
	}
	if err := a.checkMeasures(ids); err != nil {
		return err
	}
	src, err := a.targetEvidence(ctx, cmd, &f.collectFlags, f.target)
	if err != nil {
		return err
	}
	_, as, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), f.on)
	if err != nil {
		return err
	}
	allow, err := f.disturb()
	if err != nil {
		return err
	}
	sel := a.choose(as, ids, planned, allow)
	if err := a.preview(ctx, f, src.snapshot, sel); err != nil {
		return err
	}
	if err := a.showSelection(as, sel, ids, f.on, f.target); err != nil {
		return failure(err)
	}
	switch {
	case len(sel.steps) == 0 && f.apply && sel.refusals() > 0:
		return &exitError{exitNotReached, errors.New("nothing could be applied: every change is refused, with its reason above")}
	case len(sel.steps) == 0:
		a.log.note("there is nothing to change")
		return nil
	case !f.apply:
		a.log.note("nothing was changed; add --apply to make these changes")
		return nil
	}
	what := counted(targetsOf(sel.steps), "target")
	if sel.folder != "" {
		what = fmt.Sprintf("%d services and Dockerfiles, in their files", targetsOf(sel.steps))
	}
	if err := a.confirm(ctx, fmt.Sprintf("Apply %s to %s?", counted(len(sel.steps), "change"), what), f.yes); err != nil {
		return err
	}
	err = a.perform(ctx, f, src.snapshot, sel, digest)
	if sel.stale > 0 {
		err = joined(err, &exitError{exitNotReached, fmt.Errorf("planned changes were refused because their containers changed since: %d; plan again", sel.stale)})
	}
	return err
}

// savedPlan reads the plan that --plan names.
func (a *app) savedPlan(f *hardenFlags) (*document, string, error) {
	if f.plan == "" {
		return nil, "", nil
	}
	d, err := a.readDocument(f.plan)
	switch {
	case err != nil:
		return nil, "", err
	case d.plan == nil:
		return nil, "", usage("--plan %s is a %s; save a plan with plimsoll plan -o FILE", f.plan, d.kind())
	case len(d.plan.Measures) == 0:
		return nil, "", usage("--plan %s has no measures; there is nothing to do", f.plan)
	case f.target == "" && d.plan.Endpoint == "":
		return nil, "", usage("the plan was made for files; name their folder with --target")
	case f.target == "" && !strings.HasPrefix(d.plan.Endpoint, "unix://"):
		return nil, "", usage("the plan was made for the engine %s, which is not asked unless it is named; give --target docker:URL", quote(d.plan.Endpoint))
	}
	b, err := readBounded(a.path(f.plan))
	if err != nil {
		return nil, "", usage("%s cannot be read: %v", f.plan, err)
	}
	return d, config.Digest(b), nil
}

// perform applies the steps to the one engine that they concern.
func (a *app) perform(ctx context.Context, f *hardenFlags, before *snapshot.Snapshot, sel *selection, digest string) error {
	scope := engineOf(before, sel.steps)
	for _, s := range sel.steps {
		if id := s.Target.Scope; id != scope.ID && (scope.Host == "" || id != scope.Host) {
			return usage("the changes concern several engines or folders; name one with --target")
		}
	}
	o := harden.Options{Tool: toolName(), Plan: digest, Wait: time.Duration(f.wait), Now: a.now, Folder: sel.folder, Files: a.readFiles, Shown: sel.digests()}
	target := f.target
	if sel.folder == "" {
		eng, done, err := a.engine(ctx, &f.collectFlags, f.target, scope.Target)
		if err != nil {
			return err
		}
		defer done()
		o.Engine, o.Machine = eng, a.machine
	} else {
		target = "" // the journal knows
	}
	dir, err := f.stateDir(a)
	if err != nil {
		return err
	}
	name, err := storeBefore(dir, before)
	if err != nil {
		return failure(err)
	}
	p := a.progress()
	o.State, o.Before, o.AfterPhase = dir, name, p.phase(sel.steps)
	rep, err := harden.Apply(ctx, o, sel.steps)
	p.end()
	if rep.ID == "" { // no journal refers to it
		err = joined(err, removeBefore(dir, name))
	}
	if err == nil && ctx.Err() != nil {
		err = interrupted(errors.New("every step was finished by then"))
	}
	return joined(failureUnlessKnown(err), failure(a.showReport(rep, hintFlags(f.state, target))))
}

// engineOf returns the scope of the engine that steps concern: of one on the
// machine, that of the other steps, or any engine there.
func engineOf(s *snapshot.Snapshot, steps []step.Step) *snapshot.Scope {
	for _, st := range steps {
		if sc := s.Scope(st.Target.Scope); sc.Kind != snapshot.ScopeHost {
			return sc
		}
	}
	for i := range s.Scopes {
		if sc := &s.Scopes[i]; sc.Kind == snapshot.ScopeEngine && sc.Host == steps[0].Target.Scope {
			return sc
		}
	}
	return s.Scope(steps[0].Target.Scope)
}

// storeBefore keeps the snapshot that the steps were planned on, for verify.
func storeBefore(state string, s *snapshot.Snapshot) (string, error) {
	dir := filepath.Join(state, "journal")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		return "", err
	}
	name := "before-" + s.ID[:min(16, len(s.ID))] + ".snapshot.json"
	return name, atomicfile.Write(filepath.Join(dir, name), privateMode, func(w io.Writer) error { _, err := b.WriteTo(w); return err })
}

func removeBefore(state, name string) error {
	err := os.Remove(filepath.Join(state, "journal", name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return failure(err)
}

// failureUnlessKnown gives an error of harden without a kind of its own the
// code of a run without result.
func failureUnlessKnown(err error) error {
	var known *harden.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return failure(err)
}
