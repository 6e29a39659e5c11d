// Package check is the contract between a question asked of a snapshot and the
// program that asks it. A [Check] is a struct literal with a pure function; a
// [Probe] is all it sees; findings are all it says. Nothing here or in a check
// reads the world.
package check

import (
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Check is one question asked of a snapshot. IDs are never renumbered or reused.
type Check struct {
	ID       string // lower-case words joined by dashes; the catalogue's key
	Title    string // what holds when it passes, one sentence without a full stop
	Why      string // what an attacker gains otherwise, and how to read the evidence
	Remedy   string // what a person does about a failure
	Severity Severity
	Subject  snapshot.Kind
	Zone     model.Zone
	Surface  model.Surface
	STRIDE   string // letters
	Tier     int    // 1: in a benchmark or named by the source; 2: decidable; 3: declared facts
	Refs     []Ref
	Params   []Param
	Forms    []Form
	Needs    []snapshot.Part

	// Reads names the fields of a container's configuration, by their path in
	// [snapshot.ContainerSpec], or of a pod's specification, by their path in
	// [snapshot.PodSpec], that a pass rests on. When one was not understood,
	// [Run] doubts the pass, unless the verdict is one of the kernel. No verdict
	// changes with a field of [snapshot.ContainerField] that is not named here,
	// nor one of a check of another subject with any: [Rerun] relies on it.
	Reads []string

	Covered []string // checks at which the risk is counted when both fail for one cause

	// Run judges every subject of one scope. It is called only when every part
	// in Needs was observed.
	Run func(*Probe)

	// ByHand says, for a check without fixes, why no program should make the
	// change that the remedy describes. Empty when none is on offer yet.
	ByHand string

	// Fixes are alternative ways to make a failing subject pass, best first.
	Fixes []Fix
}

// Ref ties a check to a number in an edition of a benchmark. Numbers are
// attributes, never keys; one check may carry several.
type Ref struct {
	Source  string `json:"source"`  // cis-docker, …
	Edition string `json:"edition"` // 1.2.0, …
	ID      string `json:"id"`      // 5.10
	Level   int    `json:"level"`   // 1 or 2; 0 unknown
}

// Alias is the form that explain takes: cis-docker-1.2.0/5.10.
func (r Ref) Alias() string { return r.Source + "-" + r.Edition + "/" + r.ID }

// CIS returns the references of a check in the CIS Docker editions 1.2.0, 1.6.0
// and 1.7.0; an empty number leaves the edition out.
func CIS(level int, n120, n160, n170 string) []Ref {
	var refs []Ref
	for _, e := range [...][2]string{{"1.2.0", n120}, {"1.6.0", n160}, {"1.7.0", n170}} {
		if e[1] != "" {
			refs = append(refs, Ref{Source: "cis-docker", Edition: e[0], ID: e[1], Level: level})
		}
	}
	return refs
}

// CISK8s returns the references of a check in the CIS Kubernetes editions 1.11 and
// 1.12; an empty number leaves the edition out.
func CISK8s(level int, n111, n112 string) []Ref {
	var refs []Ref
	for _, e := range [...][2]string{{"1.11", n111}, {"1.12", n112}} {
		if e[1] != "" {
			refs = append(refs, Ref{Source: "cis-k8s", Edition: e[0], ID: e[1], Level: level})
		}
	}
	return refs
}

// Form is a form in which a subject appears.
type Form string

// The forms.
const (
	Live         Form = "live" // a running engine, host or cluster
	Compose      Form = "compose"
	Dockerfile   Form = "dockerfile"
	DaemonJSON   Form = "daemon.json"
	ClientJSON   Form = "config.json" // with the contexts beside it
	RegistryYAML Form = "config.yml"  // of a registry
	Image        Form = "image"       // an image by itself, in a file or a registry
	Manifest     Form = "k8s-manifest"
)

// static reports whether the form is that of a file.
func (f Form) static() bool {
	switch f {
	case Compose, Dockerfile, DaemonJSON, ClientJSON, RegistryYAML, Manifest:
		return true
	case Live, Image:
	}
	return false
}

// Param is a value of policy that a check reads.
type Param struct {
	Name    string
	Unit    string // list, count, days, …
	Default []string
	Meaning string

	// Question marks a list without which the check cannot decide: absent, the
	// verdict is unknown(undeclared). Other lists relax the rule and are empty
	// when absent.
	Question bool
}

// Fix is one way to make a failing subject pass.
type Fix struct {
	Suffix string    // appended to the check's ID to name the measure; empty for the first, unless it breaks
	Title  string    // a verb phrase
	Kind   step.Kind // of all its steps but those of subjects in files, which are of [step.FileEdit]

	// Breaks says that it takes away what a container was given on purpose, so
	// that nothing but knowing the program tells whether it works without. A plan
	// chooses it only when it is named.
	Breaks bool

	// Step returns the change that helps one failing subject, or a
	// *step.RefusedError that says why not and what to do instead. The target may
	// be another subject, and one step may help several: it is then the same step.
	Step func(*Probe, int) (step.Step, error)

	// Review, where set, looks at all steps of the measure together and returns
	// what a person should be warned of.
	Review func(*Probe, []step.Step) []string
}

// MeasureID names the measure that a fix of a check makes.
func (c *Check) MeasureID(f *Fix) string {
	if f.Suffix == "" {
		return c.ID
	}
	return c.ID + ":" + f.Suffix
}
