package harden

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"plimsoll/internal/step"
)

// Verdict is what the engine says of a step before anything is done.
type Verdict struct {
	Refused  string   // why [Apply] would refuse the step; empty: it would not
	Warnings []string // what a person should know
}

// Preview asks the same read-only questions as [Apply] asks before each step,
// and returns a verdict for each of the steps. It needs no lock.
func Preview(ctx context.Context, o Options, steps []step.Step) ([]Verdict, error) {
	verdicts, _, err := preview(ctx, o, steps)
	return verdicts, err
}

// portWarnings says which published ports get another number on the machine: the
// engine gives one out at every start where none was asked for.
func portWarnings(v *view) []string {
	var ports []string
	for port, bound := range v.HostConfig.PortBindings {
		for _, b := range bound {
			if b.HostPort == "" || b.HostPort == "0" || strings.Contains(b.HostPort, "-") {
				ports = append(ports, printable(port))
				break
			}
		}
	}
	if len(ports) == 0 {
		return nil
	}
	slices.Sort(ports)
	return []string{"the engine chooses the port of the machine for " + strings.Join(ports, ", ") + " anew, as it does at every start"}
}

// FileDiff is what steps would make of one file.
type FileDiff struct {
	Path          string // from the folder, with slashes
	Before, After []byte
}

// Digest is what [Options].Shown takes for the file.
func (d FileDiff) Digest() string { return digest(d.Before) }

// PreviewFiles is [Preview] for edits of files, each looked at as if those before
// it were made; it also returns what becomes of the files.
func PreviewFiles(ctx context.Context, o Options, steps []step.Step) ([]Verdict, []FileDiff, error) {
	return preview(ctx, o, steps)
}

func preview(ctx context.Context, o Options, steps []step.Step) ([]Verdict, []FileDiff, error) {
	r := newRunner(o)
	info, done, err := r.reach(ctx)
	defer done()
	if err != nil {
		return nil, nil, err
	}
	r.look()
	r.coming = steps
	out := make([]Verdict, len(steps))
	for i, s := range steps {
		sub, err := r.glance(ctx, s, info)
		switch e := refusal(err); {
		case e != nil:
			out[i].Refused = e.reason()
		case err != nil:
			return nil, nil, err
		case s.Kind == step.ContainerRecreate:
			out[i].Warnings = append(r.healthWarnings(sub.view), portWarnings(sub.view)...)
		default:
			out[i].Warnings = sub.warnings
		}
	}
	if r.files == nil {
		return out, nil, nil
	}
	diffs, err := r.files.changed()
	return out, diffs, err
}

// changed lists the files that the drafts change, by path.
func (fs *fileSet) changed() ([]FileDiff, error) {
	var out []FileDiff
	drafts := fs.drafts
	fs.drafts = nil
	for _, rel := range slices.Sorted(maps.Keys(drafts)) {
		before, err := fs.content(rel)
		if err != nil {
			return nil, err
		}
		out = append(out, FileDiff{rel, before, drafts[rel]})
	}
	return out, nil
}

// refusal returns err when it says that a step was refused and nothing was
// touched for it, else nil.
func refusal(err error) *Error {
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Kind, ErrPrecondition) {
		return e
	}
	return nil
}

// subject is a target as it was found.
type subject struct {
	raw      []byte // of a container
	view     *view
	drafts   []draft // in the place of both, for an edit of files
	warnings []string
}

// alone is [runner.ready] of a target that no other run has, and keeps it so until
// release is called.
func (r *runner) alone(ctx context.Context, s step.Step, info engineInfo) (sub *subject, release func(), err error) {
	if release, err = r.claim(info.ID, s.Target); err != nil {
		return nil, func() {}, err
	}
	sub, err = r.ready(ctx, s, info)
	return sub, release, err
}

// glance is [runner.ready] of a target that no other run has at the moment. It
// keeps nobody from it.
func (r *runner) glance(ctx context.Context, s step.Step, info engineInfo) (*subject, error) {
	release, err := r.claim(info.ID, s.Target)
	if err != nil {
		return nil, err
	}
	release()
	return r.ready(ctx, s, info)
}

// ready re-reads a step's target and refuses the step when it is not what the
// step was made for, or when it would not make of the target what it states.
func (r *runner) ready(ctx context.Context, s step.Step, info engineInfo) (*subject, error) {
	if s.Kind == step.FileEdit {
		return r.readyFiles(ctx, s)
	}
	if r.files != nil {
		return nil, refuse("it changes no file of the folder, and this run edits files; name the engine with --target")
	}
	if engine, ok := strings.CutPrefix(s.Target.Scope, "engine:"); ok && engine != info.ID {
		return nil, refuse("the step is for engine %s, this is %s", printable(engine), printable(info.ID))
	}
	if m := r.mender(s.Kind); m != nil {
		return r.readyHost(ctx, m, s)
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
	if err := v.understood(nil, false); err != nil {
		return nil, err
	}
	if why := v.managed(); why != "" {
		return nil, refuse("%s", why)
	}
	if err := v.understood(fieldNames(s.Set), s.Kind == step.ContainerRecreate); err != nil {
		return nil, err
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

// peers holds every container of the engine, for as long as several steps are
// only looked at: each would otherwise read all of them again.
type peers struct{ all []*view }
