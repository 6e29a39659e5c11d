// Package report turns an assessment into its published form, [Result], and
// back. Every screen and format is a function of a Result, so that a saved one
// can be shown again later and elsewhere.
package report

import (
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Schema is the version of the JSON form. Within it, fields are only added.
const Schema = "plimsoll.report/v1"

// Result is the outcome of an assessment, as screens and comparisons use it. Its
// order is deterministic: findings by suite and subject, threats by catalogue.
// What is left out of its JSON is in [Document], the published form, where alike
// findings and steps stand together.
type Result struct {
	Schema    string               `json:"schema"`
	Tool      string               `json:"tool"`
	Catalogue string               `json:"catalogue"`
	Assessed  time.Time            `json:"assessed"`         // the clock for support tables and waivers
	Inputs    map[string]string    `json:"inputs,omitempty"` // sha256 of policy and waiver files, by path
	Gate      Gate                 `json:"gate"`
	Snapshot  SnapshotInfo         `json:"snapshot"`
	Subjects  []Subject            `json:"subjects"`
	Checks    map[string]Check     `json:"checks"` // by ID: what is the same in all findings of a check
	Findings  []Finding            `json:"-"`
	Threats   []Threat             `json:"threats"`
	Measures  []Measure            `json:"-"`
	Steps     map[string]step.Step `json:"-"` // by ID
	Plan      Plan                 `json:"plan"`
	Model     *model.Model         `json:"model"`
	Summary   Summary              `json:"summary"`
	NotJudged []NotJudged          `json:"notJudged,omitempty"`
}

// NotJudged is a row of the catalogue that this version has no check for. It
// counts as unknown (not-collected) wherever it is shown.
type NotJudged struct {
	Check string      `json:"check"`
	Title string      `json:"title"`
	Refs  []check.Ref `json:"refs,omitempty"`
}

// Gate is the condition that the exit code speaks of.
type Gate struct {
	FailOn      string   `json:"failOn,omitempty"`      // BAND or new:BAND; empty: no gate
	MinCoverage int      `json:"minCoverage,omitempty"` // per cent; 0: none
	Met         bool     `json:"met"`
	Exit        int      `json:"exit"` // 0, 1 or 3
	Why         []string `json:"why,omitempty"`
}

// SnapshotInfo says what was looked at and what could not be seen.
type SnapshotInfo struct {
	ID       string                `json:"id"`
	Taken    time.Time             `json:"taken"`
	Complete bool                  `json:"complete"`
	Targets  []snapshot.Scope      `json:"targets"`
	Coverage []snapshot.PartStatus `json:"coverage"`
}

// Check is what a result says of a check once, for all its findings.
type Check struct {
	Title   string        `json:"title"`
	Zone    model.Zone    `json:"zone"`
	Surface model.Surface `json:"surface"`
	STRIDE  string        `json:"stride"` // letters
	Refs    []check.Ref   `json:"refs,omitempty"`
	Threats []string      `json:"threats,omitempty"` // whose clauses name it
}

// Subject is what a finding or threat is about. A folded one stands for several
// of its kind and scope: Members lists their keys. In the published form one
// that only folded findings are about lists the first 1,000.
type Subject struct {
	Kind     snapshot.Kind      `json:"kind"`
	Scope    string             `json:"scope"`
	Key      string             `json:"key"`
	Name     string             `json:"name"`
	UID      string             `json:"uid,omitempty"` // the engine's ID
	Location *snapshot.Location `json:"location,omitempty"`
	Members  []string           `json:"members,omitempty"`
}

// Verdict is what a check says of one subject, or alike of several.
type Verdict struct {
	Check    string           `json:"check"`
	Status   string           `json:"status"` // pass, fail, unknown, not-applicable, manual, accepted
	Reason   snapshot.Reason  `json:"reason,omitempty"`
	Severity string           `json:"severity"`
	Dormant  bool             `json:"dormant,omitempty"`
	Message  string           `json:"message"`
	Evidence []check.Evidence `json:"evidence,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
	Measures []string         `json:"measures,omitempty"` // that would fix it here
	Waiver   *Waiver          `json:"waiver,omitempty"`
}

// Finding is a verdict on a subject. Pass and not-applicable are folded over
// alike subjects; fail, unknown, manual and accepted are one for each. Alike
// findings share their verdict, so it is not to be changed.
type Finding struct {
	*Verdict
	Subject     int // index in Subjects
	Fingerprint string
	Count       int // subjects it stands for
}

// Waiver is the decision that accepts a failure.
type Waiver struct {
	Decision string `json:"decision"`
	Owner    string `json:"owner"`
	Reason   string `json:"reason"`
	Expires  string `json:"expires"` // date
}

// Threat is one threat with its elements.
type Threat struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Attack     string     `json:"attack"`
	Zone       model.Zone `json:"zone"`
	STRIDE     string     `json:"stride"`  // one letter
	Surface    string     `json:"surface"` // in words
	Status     string     `json:"status"`  // open, unknown, accepted, mitigated, not-applicable
	Risk       Risk       `json:"risk"`
	Surfaces   []string   `json:"surfaces,omitempty"` // attack surfaces of its required checks, as measures name theirs
	Techniques []string   `json:"techniques,omitempty"`
	Elements   []Element  `json:"elements,omitempty"`
	Evidence   string     `json:"evidence,omitempty"` // the first failing clause in words
	Blind      bool       `json:"blind,omitempty"`    // unknown for a reason that a grant could change
}

// Risk is on the 5x5 scale; scores are 1–25, 0 when the threat does not apply.
type Risk struct {
	Inherent  Score    `json:"inherent"`
	Current   Score    `json:"current"`
	Projected Score    `json:"projected"` // after the printed plan
	Reasons   []string `json:"reasons,omitempty"`
}

// Score is likelihood times impact with its band.
type Score struct {
	Likelihood int    `json:"likelihood"`
	Impact     int    `json:"impact"`
	Value      int    `json:"value"`
	Band       string `json:"band"`
}

// Element is a threat on the subjects that are alike to it: one folded subject
// with all of them.
type Element struct {
	Subject int      `json:"subject"`
	Count   int      `json:"count"`
	Status  string   `json:"status"`
	Risk    Score    `json:"risk"` // current
	Clauses []Clause `json:"clauses"`
	Waiver  *Waiver  `json:"waiver,omitempty"`
}

// Clause is one clause of a threat on an element.
type Clause struct {
	Checks     string `json:"checks"` // a|b
	Status     string `json:"status"` // pass, fail, unknown, accepted, not-applicable
	Supporting bool   `json:"supporting,omitempty"`
}

// Measure is one fix over all failing subjects. Steps are keys of Result.Steps.
type Measure struct {
	ID       string         `json:"id"`
	Check    string         `json:"check"`
	Title    string         `json:"title"`
	Surface  model.Surface  `json:"surface"`
	Disturbs step.Disturb   `json:"disturbs"`
	Steps    []string       `json:"steps"`
	Breaks   bool           `json:"breaks,omitempty"` // takes away what was given on purpose: chosen only when it is named
	Warnings []string       `json:"warnings,omitempty"`
	Refused  []step.Refusal `json:"refused,omitempty"`
}

// Plan is the chosen measures and what they would do.
type Plan struct {
	Choices   []Choice    `json:"choices"`
	NotChosen []NotChosen `json:"notChosen,omitempty"`
	Uncovered []Uncovered `json:"uncovered,omitempty"`
	Before    int         `json:"before"` // sum of current scores
	After     int         `json:"after"`
	OpenNow   int         `json:"openNow"`  // elements that threats are open on, summed over the threats
	OpenThen  int         `json:"openThen"` // the same after all choices
}

// Choice is one chosen measure.
type Choice struct {
	Measure string        `json:"measure"`
	Surface model.Surface `json:"surface"`
	Removes int           `json:"removes"`
	Why     string        `json:"why"`
	Changes []Change      `json:"changes,omitempty"`
	Fixes   int           `json:"fixes"`           // failures that pass after it, each subject counted
	With    string        `json:"with,omitempty"`  // the measure that it was chosen together with
	Lacks   string        `json:"lacks,omitempty"` // where it closes no threat: what the threat also needs
}

// Change is what a choice does to one threat.
type Change struct {
	Threat string `json:"threat"`
	Before string `json:"before"`
	After  string `json:"after"`
	From   int    `json:"from"` // score
	To     int    `json:"to"`
}

// NotChosen says why a measure stayed out.
type NotChosen struct {
	Measure string `json:"measure"`
	Why     string `json:"why"`
}

// Uncovered is an attack surface without a measure.
type Uncovered struct {
	Surface model.Surface `json:"surface"`
	Checks  []string      `json:"checks"`
	Why     string        `json:"why"`
}

// Summary is the counts that screens show.
type Summary struct {
	Findings map[string]int `json:"findings"` // by status, subjects counted
	Threats  map[string]int `json:"threats"`  // by status
	Risk     int            `json:"risk"`     // sum of current scores of open threats

	UnknownRisk  int `json:"unknownRisk"`  // sum of inherent scores of unknown threats
	AcceptedRisk int `json:"acceptedRisk"` // sum of current scores of accepted threats

	Coverage int      `json:"coverage"`         // answered questions, in per cent, rounded down
	Kept     []string `json:"kept,omitempty"`   // containers kept for a rollback, not judged
	Hidden   int      `json:"hidden,omitempty"` // subjects of findings that --only or --skip took out

	Answers
}

// Answers says how much was decided. A question is a check on a subject; one that
// this version does not judge, or that was never asked, counts once. What does
// not apply is no question.
type Answers struct {
	Answered  int    `json:"answered"` // pass, fail, accepted
	Questions int    `json:"questions"`
	Open      []Open `json:"open,omitempty"` // why the others are not answered, by reason; together all of them
	Asks      []Ask  `json:"asks,omitempty"` // what would answer more of them, the most first
}

// Open counts the questions that one reason leaves open: that of their findings, or
// one of the reasons below.
type Open struct {
	Reason    string `json:"reason"`
	Questions int    `json:"questions"`
}

// Why a question without a finding of status unknown is open.
const (
	OpenManual   = "manual"     // a person answers
	OpenNoSuch   = "not-seen"   // nothing that was looked at is of its kind
	OpenUnjudged = "not-judged" // this version has no check for it
)

// Ask is something a person can do to have questions answered.
type Ask struct {
	How       string `json:"how"`       // a command, or what to do in words
	Questions int    `json:"questions"` // that wait for it; it may take more than this to answer them
}
