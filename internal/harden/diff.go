package harden

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/step"
)

// Diff writes what steps would change, for people, without colour: one line a
// change, under the measures that asked for them. A step that several measures
// share is shown under the first.
func Diff(steps []step.Step, measures []step.Measure) string {
	var b strings.Builder
	shown := make(map[string]bool)
	for _, m := range measures {
		var mine []step.Step
		for _, s := range steps {
			if !shown[s.ID] && slices.ContainsFunc(m.Steps, func(o step.Step) bool { return asks(s, o) }) {
				shown[s.ID] = true
				mine = append(mine, s)
			}
		}
		if len(mine) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", printable(m.ID), printable(m.Title))
		for _, s := range mine {
			diffStep(&b, s)
		}
		for _, x := range m.Refused {
			fmt.Fprintf(&b, "  %s  not changed: %s\n", printable(x.Target.Key), printable(x.Why))
		}
	}
	for _, s := range steps {
		if !shown[s.ID] {
			diffStep(&b, s)
		}
	}
	return b.String()
}

// asks reports whether step s is o, or was merged from it and others.
func asks(s, o step.Step) bool {
	if s.ID == o.ID {
		return true
	}
	return s.Kind == o.Kind && s.Target == o.Target && slices.ContainsFunc(o.Set, func(c step.Change) bool { return slices.Contains(s.Set, c) })
}

func diffStep(b *strings.Builder, s step.Step) {
	width := 0
	for _, c := range s.Set {
		width = max(width, len(printable(c.Field)))
	}
	for _, c := range s.Set {
		fmt.Fprintf(b, "  %s  %-*s  %s -> %s\n", printable(s.Target.Key), width, printable(c.Field), human(c.Field, c.From), human(c.Field, c.To))
	}
	fmt.Fprintf(b, "    %s\n", disturbText(s))
	if s.Note != "" {
		fmt.Fprintf(b, "    note: %s\n", printable(s.Note))
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(b, "    warning: %s\n", printable(w))
	}
}

func disturbText(s step.Step) string {
	text := map[step.Disturb]string{
		step.DisturbNone:     "nothing that runs changes",
		step.DisturbUpdate:   "changed in place, the container keeps running",
		step.DisturbRecreate: "the container stops and a new one starts in its place; the old one is kept for rollback",
		step.DisturbRestart:  "the engine restarts",
	}[s.Disturbs]
	switch s.Kind { //nolint:exhaustive // what the others disturb says it all
	case step.FileEdit:
		text = "the lines of the file that define it; nothing that runs changes yet"
	case step.FileAccess:
		text = "the file itself; nothing that runs changes"
	case step.AuditRule:
		text = "rules in the kernel and for its next start; nothing that runs changes"
	case step.DaemonReload:
		text = "written to the engine's configuration file, which the engine then reads again; nothing stops"
	}
	if s.Undo == step.UndoEquivalent {
		text += "; rollback reaches an equivalent state"
	}
	return text
}

// human adds to a value what it means.
func human(field, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	number := err == nil
	meaning := ""
	switch {
	case value == "" && field == fieldNoNew:
		return "(not set)"
	case value == "" && slices.Contains([]string{fieldSeccomp, fieldAppArmor, fieldLabel, fieldPidMode, fieldIpcMode, fieldUTSMode, fieldParent}, field):
		return "(the engine's default)"
	case value == "":
		return "(none)"
	case !number:
	case field == fieldMemory && n <= 0, field == fieldSwap && n < 0, field == fieldPids && n <= 0, field == fieldCPUs && n <= 0:
		meaning = "no limit"
	case field == fieldSwap && n == 0:
		meaning = "engine's default"
	case field == fieldShares && n == 0:
		meaning = "default 1024"
	case field == fieldMemory, field == fieldSwap:
		meaning = bytesText(n)
	case field == fieldCPUs:
		meaning = strconv.FormatFloat(float64(n)/1e9, 'f', -1, 64) + " CPUs"
	}
	if value == "on-failure" && field == fieldRestart {
		meaning = "without an end"
	}
	if meaning == "" {
		return printable(value)
	}
	return printable(value) + " (" + meaning + ")"
}
