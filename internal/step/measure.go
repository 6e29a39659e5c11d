package step

// Measure is one fix of one check over all its failing subjects: the unit of
// plan and harden.
type Measure struct {
	ID       string    `json:"id"` // the check's key, with a suffix when it has several fixes
	Check    string    `json:"check"`
	Title    string    `json:"title"` // a verb phrase
	Disturbs Disturb   `json:"disturbs"`
	Steps    []Step    `json:"steps"`
	Breaks   bool      `json:"breaks,omitempty"` // takes away what was given on purpose: chosen only when it is named
	Warnings []string  `json:"warnings,omitempty"`
	Refused  []Refusal `json:"refused,omitempty"` // failing subjects it cannot help

	// Sourced are the steps that something else must take, each of a target in
	// Refused: what owns the target would undo them. They count in a plan.
	Sourced []Step `json:"-"`

	// For says, by the ID of a step, which failing subjects the step is for, as
	// positions in the index of the snapshot that the measure was made on. The
	// target may be another subject: what owns them, or a file that defines them.
	For map[string][]int `json:"-"`
}

// Refusal says why a measure leaves a failing subject alone, and what to do
// instead.
type Refusal struct {
	Target Target `json:"target"`
	Why    string `json:"why"`

	// Instead is the measure that helps the target, where there is one.
	Instead string `json:"instead,omitempty"`

	// AtSource says that the change can be made where the target is defined, and
	// that a plan counts on it.
	AtSource bool `json:"atSource,omitempty"`
}

// RefusedError is the error a fix returns when it must not or cannot change a
// subject. Any other error of a fix is a defect.
type RefusedError struct {
	Why     string
	Instead string // the measure that helps the subject, where there is one
}

// Error implements error.
func (r *RefusedError) Error() string { return r.Why }
