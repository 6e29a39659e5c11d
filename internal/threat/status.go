package threat

import "fmt"

// Status is what evidence says of a threat or of one element of it.
type Status uint8

// The statuses. The zero value is none of them.
const (
	NotApplicable Status = iota + 1
	Mitigated
	Accepted
	Unknown
	Open
)

var statusNames = [...]string{"", "not-applicable", "mitigated", "accepted", "unknown", "open"}

// Statuses lists the statuses, worst first.
var Statuses = []Status{Open, Unknown, Accepted, Mitigated, NotApplicable}

// String returns the name used in JSON.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("invalid(%d)", s)
}

// Value is the state of one clause on one element. Larger is worse for an
// element; a clause takes the smallest of its members.
type Value uint8

// The values, best first. None: no member applies, the clause leaves. The zero
// value is none of them.
const (
	None Value = iota + 1
	Pass
	AcceptedFail
	Undecided
	Fail
)

var valueNames = [...]string{"", "not-applicable", "pass", "accepted", "unknown", "fail"}

// String returns the name used in JSON.
func (v Value) String() string {
	if int(v) < len(valueNames) {
		return valueNames[v]
	}
	return fmt.Sprintf("invalid(%d)", v)
}

// status is the element's status when its worst clause has the value.
func (v Value) status() Status {
	switch v {
	case None:
		return NotApplicable
	case Pass:
		return Mitigated
	case AcceptedFail:
		return Accepted
	case Undecided:
		return Unknown
	case Fail:
		return Open
	}
	return Unknown
}
