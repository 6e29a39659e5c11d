package harden

import (
	"errors"
	"fmt"
	"strings"
)

// The ways in which a run can end other than well. An [Error] wraps one of them.
var (
	// ErrTargetNotReached: a step did not take effect and was rolled back.
	ErrTargetNotReached = errors.New("a step's target state was not reached")
	// ErrRollbackIncomplete: the world is in neither state; a person must act.
	ErrRollbackIncomplete = errors.New("rollback is incomplete")
	// ErrLocked: another harden or rollback holds the state folder.
	ErrLocked = errors.New("another run holds the lock")
	// ErrPrecondition: a step was refused and nothing was touched for it.
	ErrPrecondition = errors.New("refused")
	// ErrJournal: a journal is damaged or missing.
	ErrJournal = errors.New("journal is not usable")
)

// Error says what went wrong with which step and what a person can do.
type Error struct {
	Kind    error    // one of the errors above
	Step    string   // ID of the step, when one is concerned
	Target  string   // key of its target
	Why     string   // one sentence
	Hand    []string // what to do by hand, in order
	Journal string   // path of the journal
	Cause   error
}

// Error implements error. What to do by hand is not in it: those are lines of
// their own.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Target != "" {
		fmt.Fprintf(&b, ": %s", printable(e.Target))
	}
	if why := e.reason(); why != "" {
		fmt.Fprintf(&b, ": %s", why)
	}
	if e.Journal != "" {
		fmt.Fprintf(&b, " (journal %s)", e.Journal)
	}
	return b.String()
}

// reason is the error without its kind and place.
func (e *Error) reason() string {
	s := e.Why
	if e.Cause != nil {
		if s != "" {
			s += ": "
		}
		s += e.Cause.Error()
	}
	return s
}

// Unwrap lets [errors.Is] find both the kind and the cause.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Cause} }

func refuse(format string, args ...any) *Error {
	return &Error{Kind: ErrPrecondition, Why: fmt.Sprintf(format, args...)}
}

// printable returns s with everything a terminal could act on escaped, and at
// most 500 bytes of it.
func printable(s string) string {
	const most = 500
	var b strings.Builder
	for _, r := range s {
		if b.Len() >= most {
			b.WriteString("…")
			break
		}
		if r == '\n' || r == '\t' {
			r = ' '
		}
		if !isPrint(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// interruption is an error of a context that ended, in words for a person.
type interruption struct {
	why   string
	cause error
}

// Error implements error.
func (e *interruption) Error() string { return e.why }

// Unwrap lets [errors.Is] find the context's error.
func (e *interruption) Unwrap() error { return e.cause }
