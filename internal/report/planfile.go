package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// PlanSchema is the version of a saved plan. Within it, fields are only added.
const PlanSchema = "plimsoll.plan/v1"

// ErrNotPlan says that the input is JSON of another kind.
var ErrNotPlan = errors.New("not a plimsoll plan")

// PlanFile is a plan as it is saved for harden: the chosen measures with their
// steps. Harden trusts no more of it than IDs, and steps whose From still holds.
type PlanFile struct {
	Schema   string               `json:"schema"`
	Tool     string               `json:"tool"`
	Snapshot string               `json:"snapshot"` // ID of the snapshot it was made on
	Endpoint string               `json:"endpoint"` // the engine that was asked
	Measures []Measure            `json:"measures"` // the chosen ones, in order
	Steps    map[string]step.Step `json:"steps"`    // of those measures
	Plan     Plan                 `json:"plan"`

	Answers // what the plan could not weigh
}

// NewPlanFile takes the plan and what it needs out of a result.
func NewPlanFile(r *Result) *PlanFile {
	p := &PlanFile{
		Schema: PlanSchema, Tool: r.Tool, Snapshot: r.Snapshot.ID, Measures: []Measure{},
		Steps: make(map[string]step.Step), Plan: r.Plan, Answers: r.Summary.Answers,
	}
	for _, sc := range r.Snapshot.Targets {
		if sc.Kind == snapshot.ScopeEngine && p.Endpoint == "" {
			p.Endpoint = sc.Target
		}
	}
	for _, c := range r.Plan.Choices {
		for _, m := range r.Measures {
			if m.ID != c.Measure {
				continue
			}
			p.Measures = append(p.Measures, m)
			for _, id := range m.Steps {
				p.Steps[id] = r.Steps[id]
			}
		}
	}
	return p
}

// EncodePlan writes the plan as indented JSON.
func EncodePlan(w io.Writer, p *PlanFile) error {
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	if _, err := w.Write(append(snapshot.Inert(b), '\n')); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

// DecodePlan reads a plan that may come from a stranger: every step that a
// measure names must be there.
func DecodePlan(b []byte) (*PlanFile, error) {
	if len(b) > snapshot.MaxBytes {
		return nil, fmt.Errorf("plan is larger than %d bytes", snapshot.MaxBytes)
	}
	p := new(PlanFile)
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	if p.Schema != PlanSchema {
		return nil, fmt.Errorf("%w: schema is %.60q, want %q", ErrNotPlan, p.Schema, PlanSchema)
	}
	for i, m := range p.Measures {
		for _, id := range m.Steps {
			if _, ok := p.Steps[id]; !ok {
				return nil, fmt.Errorf("plan: measures[%d] names the unknown step %.40q", i, id)
			}
		}
	}
	return p, nil
}
