package check

import (
	"slices"
	"strings"

	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// Evidence is one observation that a verdict rests on.
type Evidence struct {
	Source string `json:"source"` // the field, file or call: HostConfig.Memory
	Value  string `json:"value"`

	// Loc is where a file sets it, for subjects that come from one.
	Loc *snapshot.Location `json:"location,omitempty"`
}

// Verdict is what a check says of one subject, or of several that are alike.
type Verdict struct {
	Status   Status
	Reason   snapshot.Reason // for Unknown
	Severity Severity        // 0: the check's own
	Message  string          // one sentence without the subject's name
	Evidence []Evidence
	Notes    []string // what else a person should know
	Kernel   bool     // rests on what the kernel shows alone, see [Verdict.ByKernel]
}

// Finding is a verdict on its subjects. Alike subjects share one finding, so
// that work follows distinct configurations.
type Finding struct {
	Check *Check
	Verdict
	Members []int          // positions in Index.Subjects, ascending
	Dormant bool           // the members have no process now: one start away
	Waiver  *policy.Waiver // for Accepted
}

// Grade is the severity that counts: the verdict's, else the check's.
func (f *Finding) Grade() Severity {
	if f.Severity != 0 {
		return f.Severity
	}
	return f.Check.Severity
}

// Passed returns a passing verdict.
func Passed(message string, ev ...Evidence) Verdict {
	return Verdict{Status: Pass, Message: message, Evidence: ev}
}

// Failed returns a failing verdict.
func Failed(message string, ev ...Evidence) Verdict {
	return Verdict{Status: Fail, Message: message, Evidence: ev}
}

// Undecided returns an unknown verdict with its reason.
func Undecided(r snapshot.Reason, message string, ev ...Evidence) Verdict {
	return Verdict{Status: Unknown, Reason: r, Message: message, Evidence: ev}
}

// Inapplicable returns a not-applicable verdict.
func Inapplicable(message string, ev ...Evidence) Verdict {
	return Verdict{Status: NotApplicable, Message: message, Evidence: ev}
}

// At returns the verdict with another severity than the check's.
func (v Verdict) At(s Severity) Verdict { v.Severity = s; return v }

// ByKernel returns the verdict as one that rests on what the kernel shows of a
// running process, whatever its configuration says.
func (v Verdict) ByKernel() Verdict { v.Kernel = true; return v }

// configured ends the message of a verdict that rests on configuration alone.
const configured = " (configured: the running process was not readable)"

// AsConfigured returns the verdict as one that rests on the configuration of a
// running container because the kernel's facts were not readable. Its message
// says so.
func (v Verdict) AsConfigured() Verdict { v.Message += configured; return v }

// IsConfigured reports whether a message is of such a verdict.
func IsConfigured(message string) bool { return strings.HasSuffix(message, configured) }

// Note returns the verdict with a further remark.
func (v Verdict) Note(n string) Verdict {
	v.Notes = append(slices.Clip(v.Notes), n)
	return v
}
