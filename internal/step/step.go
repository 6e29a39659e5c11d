// Package step describes reversible changes as data. A [Step] says what one
// target will become; it can be simulated on a snapshot, printed, stored and
// performed, and all four look at the same values.
package step

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"plimsoll/internal/snapshot"
)

// Kind is how a step is performed.
type Kind string

// The kinds of step.
const (
	ContainerUpdate   Kind = "container-update"   // docker update, the container keeps running
	ContainerRecreate Kind = "container-recreate" // a new container replaces the old one
	FileEdit          Kind = "file-edit"          // the lines of a file that define the target
	FileAccess        Kind = "file-access"        // mode, owner or group of a file of the machine
	DaemonReload      Kind = "daemon-reload"      // keys of the engine's configuration file that it takes while it runs
	DaemonRestart     Kind = "daemon-restart"     // keys of that file that it takes when it starts
	AuditRule         Kind = "audit-rule"         // rules of the audit system, in the kernel and for its next start
	WorkloadPatch     Kind = "workload-patch"     // the template of a workload in a cluster, whose pods are made anew
)

// Disturb says what a step interrupts. The order is from least to most.
type Disturb uint8

// What a step can interrupt.
const (
	DisturbNone     Disturb = iota // nothing changes that runs
	DisturbUpdate                  // changed in place, nothing stops
	DisturbRecreate                // one container stops and a new one starts
	DisturbRestart                 // the engine restarts
)

// LayerUnread is the warning of a re-creation that was planned without a look at
// what the container wrote outside its mounts. It falls away where harden looked.
const LayerUnread = "harden leaves it as it is if it wrote outside its mounts, which was not looked at"

var disturbNames = [...]string{"none", "update", "recreate", "restart"}

// String returns the name used by --allow and in JSON.
func (d Disturb) String() string {
	if int(d) < len(disturbNames) {
		return disturbNames[d]
	}
	return fmt.Sprintf("invalid(%d)", d)
}

// MarshalText implements [encoding.TextMarshaler].
func (d Disturb) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Disturb) UnmarshalText(b []byte) error {
	for i, n := range disturbNames {
		if n == string(b) {
			*d = Disturb(i)
			return nil
		}
	}
	return fmt.Errorf("disturbance %q is not one of %q", b, disturbNames)
}

// Disturbs returns what performing a step of the kind interrupts; the most for
// a kind that this version does not know.
func (k Kind) Disturbs() Disturb {
	switch k {
	case FileEdit, FileAccess, AuditRule:
		return DisturbNone
	case ContainerUpdate, DaemonReload:
		return DisturbUpdate
	case ContainerRecreate, WorkloadPatch:
		return DisturbRecreate
	case DaemonRestart:
	}
	return DisturbRestart
}

// Touches says for people what performing a step of the kind touches.
func (k Kind) Touches() string {
	switch k {
	case ContainerUpdate:
		return "updates the container, which keeps running"
	case ContainerRecreate:
		return "re-creates the container"
	case FileEdit:
		return "edits the file, disturbs nothing that runs"
	case FileAccess:
		return "sets mode or owner of the file, disturbs nothing that runs"
	case DaemonReload:
		return "edits the engine's configuration and reloads it, nothing restarts"
	case DaemonRestart:
		return "edits the engine's configuration and restarts it"
	case AuditRule:
		return "adds audit rules, disturbs nothing that runs"
	case WorkloadPatch:
		return "changes the template of a workload, whose pods are made anew"
	}
	return "of a kind that this version does not know"
}

// Undo says how far a step can be taken back.
type Undo string

// How far a step can be taken back.
const (
	UndoExact      Undo = "exact"      // the same state again
	UndoEquivalent Undo = "equivalent" // another state with the same effect; Note says why
)

// Change is one property of the target. From is the precondition: a step whose
// From no longer holds is refused.
type Change struct {
	Field string `json:"field"` // a name in the table of the target's kind, as snapshot.ContainerField takes it
	From  string `json:"from"`
	To    string `json:"to"`
}

// Target names what a step changes, exactly: by stable key for people, by the
// engine's id for the performer.
type Target struct {
	Kind  snapshot.Kind `json:"kind"`
	Scope string        `json:"scope"`
	Key   string        `json:"key"`
	Name  string        `json:"name"`
	UID   string        `json:"uid"`
}

// Step is one reversible change of one target. It is pure data.
type Step struct {
	ID       string   `json:"id"`
	Kind     Kind     `json:"kind"`
	Target   Target   `json:"target"`
	Set      []Change `json:"set"`
	Disturbs Disturb  `json:"disturbs"`
	Undo     Undo     `json:"undo"`
	Note     string   `json:"note,omitempty"`     // what a person should know before applying it
	Warnings []string `json:"warnings,omitempty"` // what may go wrong

	// Source, where not empty, says where a person makes the change instead: what
	// owns the target would undo it. Such a step is planned and never performed.
	Source string `json:"-"`
}

// New returns a step with its ID, which is derived from kind, target and
// changes so that the same change has the same ID in every plan.
func New(kind Kind, on snapshot.Subject, set ...Change) Step {
	s := Step{
		Kind:   kind,
		Target: Target{Kind: on.Kind, Scope: on.Scope, Key: on.Key, Name: on.Name, UID: on.UID},
		Set:    set, Disturbs: kind.Disturbs(), Undo: UndoExact,
	}
	s.ID = s.derivedID()
	return s
}

func (s Step) derivedID() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s", s.Kind, s.Target.Scope, s.Target.Kind, s.Target.Key)
	for _, c := range s.Set {
		fmt.Fprintf(h, "\x00%s\x00%s\x00%s", c.Field, c.From, c.To)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Merge joins steps of one kind on one target into one, so that a container is
// recreated once for several measures. Of changes to one field the last wins
// and keeps the first's From.
func Merge(a, b Step) (Step, error) {
	if a.Kind != b.Kind || a.Target != b.Target {
		return Step{}, fmt.Errorf("steps %s and %s are of different kinds or targets", a.ID, b.ID)
	}
	out := a
	out.Set = append([]Change(nil), a.Set...)
	for _, c := range b.Set {
		merged := false
		for i := range out.Set {
			if out.Set[i].Field == c.Field {
				out.Set[i].To, merged = c.To, true
			}
		}
		if !merged {
			out.Set = append(out.Set, c)
		}
	}
	out.Warnings = append(append([]string(nil), a.Warnings...), b.Warnings...)
	if b.Undo == UndoEquivalent {
		out.Undo = UndoEquivalent
	}
	if b.Note != "" && b.Note != a.Note {
		if out.Note != "" {
			out.Note += " "
		}
		out.Note += b.Note
	}
	out.ID = out.derivedID()
	return out, nil
}

// Simulate makes the step's changes on the overlay. It fails when the target is
// gone or a From does not hold there. A change that was made already is none:
// two steps may ask for the same.
func (s Step) Simulate(o *snapshot.Overlay) error {
	for _, c := range s.Set {
		now, err := o.Get(s.Target.Kind, s.Target.Scope, s.Target.Key, c.Field)
		if err != nil {
			return fmt.Errorf("simulate step %s: %w", s.ID, err)
		}
		if now == c.To {
			continue
		}
		if now != c.From {
			return fmt.Errorf("simulate step %s: %s of %s is %q, the step expects %q", s.ID, c.Field, s.Target.Key, now, c.From)
		}
		if err := o.Set(s.Target.Kind, s.Target.Scope, s.Target.Key, c.Field, c.To); err != nil {
			return fmt.Errorf("simulate step %s: %w", s.ID, err)
		}
	}
	return nil
}
