package snapshot

import (
	"fmt"
	"slices"
	"strings"
)

// The properties of a Dockerfile that a step can change: the base of a stage,
// whose index ends the name, the frontend, and what a RUN does not verify, by
// index of the stage and of the RUN in it, as [RunField] names it.
const (
	StageBase   = "FROM of stage "
	SyntaxField = "syntax"
	runField    = "unverified in RUN %d of stage %d"
)

// RunField names what a RUN does not verify.
func RunField(stage, run int) string { return fmt.Sprintf(runField, run, stage) }

// DockerfileField is a property of a Dockerfile, in the form that steps have it.
type DockerfileField struct {
	Line int
	Get  func() string
	Set  func(value string)
}

// Field looks up a property by its name.
func (d *Dockerfile) Field(name string) (DockerfileField, bool) {
	text := func(at *string, line int) (DockerfileField, bool) {
		return DockerfileField{line, func() string { return *at }, func(v string) { *at = v }}, true
	}
	var stage, run int
	if name == SyntaxField {
		return text(&d.Syntax.Ref, d.Syntax.Line)
	}
	within := func() bool { return stage >= 0 && stage < len(d.Stages) }
	if n, err := fmt.Sscanf(name, StageBase+"%d", &stage); n == 1 && err == nil && within() {
		return text(&d.Stages[stage].Base, d.Stages[stage].Line)
	}
	if n, err := fmt.Sscanf(name, runField, &run, &stage); n == 2 && err == nil && within() && run >= 0 && run < len(d.Stages[stage].Runs) {
		r := &d.Stages[stage].Runs[run]
		return DockerfileField{
			r.Line, func() string { return strings.Join(r.Unverified, ", ") },
			func(v string) {
				r.Unverified = slices.DeleteFunc(strings.Split(v, ", "), func(s string) bool { return s == "" })
				if len(r.Unverified) == 0 {
					r.Unverified = nil
				}
			},
		}, true
	}
	return DockerfileField{}, false
}
