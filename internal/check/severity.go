package check

import "fmt"

// Severity grades a failure before its circumstances are known.
type Severity uint8

// The severities, rising.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

var severityNames = [...]string{"", "low", "medium", "high", "critical"}

// String returns the lower-case name.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("invalid(%d)", s)
}

// ParseSeverity is the inverse of String.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if i > 0 && n == name {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("severity %q is not one of low, medium, high, critical", name)
}

// Status is the verdict on a subject.
type Status uint8

// The statuses. Accepted is a failure that a waiver covers; checks never say it.
const (
	Pass Status = iota + 1
	Fail
	Unknown
	NotApplicable
	Manual
	Accepted
)

var statusNames = [...]string{"", "pass", "fail", "unknown", "not-applicable", "manual", "accepted"}

// String returns the name used in JSON.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("invalid(%d)", s)
}
