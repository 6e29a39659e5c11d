// Package harden performs steps on a running Docker engine: it journals what
// it is about to do, does it, reads the result back, and can take it back. It
// is the only package that changes the world.
//
// Three rules shape it. Nothing is changed before the intent is on disk, so
// that a run that is killed leaves a journal from which the next run finishes
// or rolls back. A step is refused unless the target still looks as the step
// expects. Success is what the engine says afterwards, never that a call
// returned without an error.
//
// Values that may be secret (environment, labels, arguments) pass from the
// engine to the engine in memory and rest only in images of mode 0600, which are
// removed once their step is settled; journal lines, errors and reports never
// hold them.
package harden
