package harden

import (
	"fmt"
	"unicode"

	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// isPrint leaves out bidirectional controls too: unicode counts them as format
// characters, not as printable.
func isPrint(r rune) bool { return unicode.IsPrint(r) && r != unicode.ReplacementChar }

// ReadFields returns the values of the named fields, as
// [snapshot.ContainerField] writes them, of a container as the engine's
// inspect call describes it. An unknown field is left out; one that the engine
// answered in a form that is not understood is an error.
func ReadFields(rawInspect []byte, fields []string) (map[string]string, error) {
	c, err := inspect.Decode(rawInspect)
	if err != nil {
		return nil, fmt.Errorf("read the engine's description of a container: %w", err)
	}
	if u := unread(c, fields...); u != "" {
		return nil, fmt.Errorf("the engine's answer for %s was not understood", printable(u))
	}
	out := make(map[string]string, len(fields))
	for _, name := range fields {
		if f, ok := snapshot.ContainerField(name); ok {
			out[name] = f.Get(&c.Spec)
		}
	}
	return out, nil
}

// fieldNames lists the fields that a step names.
func fieldNames(set []step.Change) []string {
	names := make([]string, len(set))
	for i, c := range set {
		names[i] = c.Field
	}
	return names
}

// differing compares a container with one side of a step and returns what does
// not hold, in the step's order; nil means that all of it holds.
func differing(raw []byte, set []step.Change, side func(step.Change) string) ([]string, error) {
	now, err := ReadFields(raw, fieldNames(set))
	if err != nil {
		return nil, err
	}
	var diff []string
	for _, c := range set {
		got, known := now[c.Field]
		if !known {
			return nil, fmt.Errorf("field %q cannot be changed", printable(c.Field))
		}
		if want := side(c); got != want {
			diff = append(diff, fmt.Sprintf("%s is %q, not %q", c.Field, printable(got), printable(want)))
		}
	}
	return diff, nil
}

func from(c step.Change) string { return c.From }
func to(c step.Change) string   { return c.To }
