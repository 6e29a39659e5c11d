package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/harden"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// hintFlags are the flags that a printed command needs to find the same run on the
// same engine.
func hintFlags(state, target string) string {
	var s string
	if state != "" {
		s += " --state " + text.ShellWord(state)
	}
	if target != "" {
		s += " --target " + text.ShellWord(target)
	}
	return s
}

// showReport prints what a run did and what can be done next. flags are those of
// [hintFlags].
func (a *app) showReport(rep harden.Report, flags string) error {
	var b strings.Builder
	for _, o := range rep.Recovered {
		b.WriteString("earlier run: " + outcome(o))
	}
	applied, kept := 0, false
	var notes []string
	for _, o := range rep.Steps {
		b.WriteString(outcome(o))
		if o.State == harden.StateApplied {
			applied++
			kept = kept || o.Step.Kind == step.ContainerRecreate
			if o.Step.Kind == step.FileEdit && !slices.Contains(notes, effect(o.Step)) {
				notes = append(notes, effect(o.Step))
			}
		}
	}
	for _, n := range notes {
		b.WriteString(n + "\n")
	}
	if rep.ID != "" {
		fmt.Fprintf(&b, "\njournal %s\n", rep.ID)
	}
	next := func(verb, does string) {
		fmt.Fprintf(&b, "  %-*s  %s\n", len("plimsoll harden --commit "+rep.ID+flags), "plimsoll "+verb+" "+rep.ID+flags, does)
	}
	if applied > 0 {
		next("verify", "proves the result")
		next("rollback", "takes it back")
	}
	if kept {
		next("harden --commit", "removes the replaced containers, which are kept until then")
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}

// effect says when an edit of a file counts.
func effect(s step.Step) string {
	if s.Target.Kind == snapshot.KindRegistry {
		return "what was edited in a registry's configuration takes effect when the registry is restarted"
	}
	if s.Target.Kind == snapshot.KindPodSpec {
		return "what was edited in manifests takes effect when you run: kubectl apply"
	}
	if s.Target.Kind == snapshot.KindFile {
		return "what was edited in Dockerfiles takes effect with the next build"
	}
	return "what was edited in compose files takes effect when you run: docker compose up -d"
}

// outcome is the line of one step.
func outcome(o harden.Outcome) string {
	var fields []string
	for _, c := range o.Step.Set {
		fields = append(fields, c.Field)
	}
	s := fmt.Sprintf("%s  %s  %s", o.State, o.Step.Target.Key, strings.Join(fields, ", "))
	if o.Undo != "" {
		s += ", " + string(o.Undo)
	}
	if o.Why != "" {
		s += ": " + o.Why
	}
	return text.Clean(s) + "\n"
}

// counted is a number of things.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
