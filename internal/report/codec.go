package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"plimsoll/internal/snapshot"
)

// ErrNotResult says that the input is JSON of another kind.
var ErrNotResult = errors.New("not a plimsoll result")

// Encode writes the result as indented JSON.
func Encode(w io.Writer, r *Result) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return nil
}

// Decode reads a result that may come from a stranger: indices are checked.
func Decode(b []byte) (*Result, error) {
	if len(b) > snapshot.MaxBytes {
		return nil, fmt.Errorf("result is larger than %d bytes", snapshot.MaxBytes)
	}
	r := new(Result)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("decode result: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("%w: schema is %.60q, want %q", ErrNotResult, r.Schema, Schema)
	}
	for i, f := range r.Findings {
		if f.Subject < 0 || f.Subject >= len(r.Subjects) {
			return nil, fmt.Errorf("result: findings[%d].subject is %d, there are %d subjects", i, f.Subject, len(r.Subjects))
		}
	}
	for i, t := range r.Threats {
		for _, e := range t.Elements {
			if e.Subject < 0 || e.Subject >= len(r.Subjects) {
				return nil, fmt.Errorf("result: an element of threats[%d] names subject %d, there are %d subjects", i, e.Subject, len(r.Subjects))
			}
		}
	}
	for i, m := range r.Measures {
		for _, s := range m.Steps {
			if _, ok := r.Steps[s]; !ok {
				return nil, fmt.Errorf("result: measures[%d] names the unknown step %.40q", i, s)
			}
		}
	}
	for i, c := range r.Plan.Choices {
		if r.Measure(c.Measure) == nil {
			return nil, fmt.Errorf("result: plan.choices[%d] names the unknown measure %.60q", i, c.Measure)
		}
	}
	return r, nil
}
