package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/collect/survey"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/harden"
)

// connector reaches an engine; done lets go of it.
type connector func(ctx context.Context, e dockerapi.Endpoint) (eng harden.Engine, done func(), err error)

func dial(ctx context.Context, e dockerapi.Endpoint) (harden.Engine, func(), error) {
	c, err := dockerapi.Connect(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	return c, c.Close, nil
}

// engine connects to the engine that --target names, else to the address that
// was recorded for it. A recorded address may come from a stranger: one that is
// not on this machine is asked only when it is named.
func (a *app) engine(ctx context.Context, f *collectFlags, target, recorded string) (harden.Engine, func(), error) {
	arg := recorded
	if target != "" {
		t, err := a.parseTargets([]string{target})
		if err != nil {
			return nil, nil, err
		}
		if len(t.live) != 1 || t.live[0].Kind != "docker" {
			return nil, nil, usage("--target %s is no engine; it is docker or docker:CONTEXT-OR-URL", quote(target))
		}
		arg = t.live[0].Arg
	} else if !strings.HasPrefix(recorded, "unix://") {
		return nil, nil, usage("the engine %s is reached over the network and not asked unless it is named; give --target docker:URL", quote(recorded))
	}
	e, err := dockerapi.Resolve(arg, a.Env, a.Home)
	if err != nil {
		return nil, nil, usage("%v", err)
	}
	root, err := f.machine(a)
	if err != nil {
		return nil, nil, err
	}
	eng, done, err := a.connect(ctx, survey.Reach(root, e))
	if err != nil {
		return nil, nil, failure(err)
	}
	return eng, done, nil
}

// engineEvidence collects for a command that works on a running engine.
func (a *app) engineEvidence(ctx context.Context, cmd *cobra.Command, f *collectFlags, target string) (*source, error) {
	var args []string
	if target != "" {
		args = []string{target}
	}
	src, err := a.evidence(ctx, cmd, f, args, false)
	switch {
	case err != nil:
		return nil, err
	case !src.live:
		return nil, usage("--target %s is a file; it is docker or docker:CONTEXT-OR-URL", quote(target))
	case src.partial != nil:
		return nil, src.partial
	}
	if err := a.engineError(src.snapshot); err != nil {
		return nil, failure(err)
	}
	a.noteUnfinished(f)
	return src, nil
}

// noteUnfinished says that a run was killed in the middle of a step.
func (a *app) noteUnfinished(f *collectFlags) {
	dir, err := f.stateDir(a)
	if err != nil {
		return
	}
	all, err := harden.Load(dir)
	if err != nil {
		return // collecting has warned of it
	}
	for _, j := range all {
		for _, e := range j.Entries {
			if e.Unfinished() {
				a.log.warn("run %s was interrupted at %s; the next harden --apply, or plimsoll rollback, finishes it or takes it back", j.Header.ID, e.Step.Target.Key)
			}
		}
	}
}
