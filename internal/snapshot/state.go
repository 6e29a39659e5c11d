package snapshot

// State says what became of one attempt to observe something.
type State uint8

// The states a part or fact can be in. The zero value is Skipped, so that a
// field nobody filled is never mistaken for an observation.
const (
	Skipped  State = iota // not asked for, or not collected by this version
	Observed              // read and understood
	Absent                // proved not to exist
	Denied                // the reader had no right to it
	Failed                // the attempt went wrong
)

var stateNames = [...]string{"skipped", "observed", "absent", "denied", "failed"}

// String returns the lower-case name used in JSON.
func (s State) String() string { return enumName(stateNames[:], int(s)) }

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *State) UnmarshalText(b []byte) error {
	i, err := enumIndex("state", stateNames[:], b)
	*s = State(i)
	return err
}

// Reason says why a verdict is unknown or evidence is missing.
type Reason string

// The reasons. They are part of the JSON contract.
const (
	ReasonNone         Reason = ""
	ReasonDenied       Reason = "denied"
	ReasonFailed       Reason = "failed"
	ReasonPartial      Reason = "partial"
	ReasonNotCollected Reason = "not-collected"
	ReasonUndeclared   Reason = "undeclared"
	ReasonSuspect      Reason = "suspect" // a version alone speaks for it
	ReasonStaleData    Reason = "stale-data"
	ReasonUnparsable   Reason = "unparsable"
	ReasonUnresolved   Reason = "unresolved"
	ReasonStatic       Reason = "static"   // only a running system shows it
	ReasonDisabled     Reason = "disabled" // switched off by policy
	ReasonProvider     Reason = "provider-managed"
)

// Reasons lists every reason in the order used by schemas and screens.
var Reasons = []Reason{
	ReasonNone, ReasonDenied, ReasonFailed, ReasonPartial, ReasonNotCollected, ReasonUndeclared,
	ReasonSuspect, ReasonStaleData, ReasonUnparsable, ReasonUnresolved, ReasonStatic, ReasonDisabled, ReasonProvider,
}

// ReasonFor maps a part's state to the reason its dependants are unknown for.
func ReasonFor(s State) Reason {
	switch s {
	case Denied:
		return ReasonDenied
	case Failed:
		return ReasonFailed
	case Skipped:
		return ReasonNotCollected
	case Observed, Absent:
	}
	return ReasonNone
}

// Fact is a group of fields that are read together, or the reason they could
// not be read. V is meaningful only when State is Observed. In JSON a zero V is
// left out: a fact that is observed and has no v has the zero value.
type Fact[T any] struct {
	V      T      `json:"v,omitzero"`
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	Source string `json:"source,omitempty"` // the file, call or interface that was read
}

// Known reports whether the fact was observed.
func (f Fact[T]) Known() bool { return f.State == Observed }

// Seen returns an observed fact.
func Seen[T any](v T, source string) Fact[T] {
	return Fact[T]{V: v, State: Observed, Source: source}
}

// Missing returns a fact that could not be observed.
func Missing[T any](s State, r Reason, source string) Fact[T] {
	return Fact[T]{State: s, Reason: r, Source: source}
}

// PartStatus is one line of coverage: what became of a part of a scope, or of
// one item of it (one unreadable process).
type PartStatus struct {
	Scope  string `json:"scope"`
	Part   Part   `json:"part"`
	Item   string `json:"item,omitempty"` // a subject key; empty for the part as a whole
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"` // one sentence for people
	Grant  string `json:"grant,omitempty"`  // the command that would make it observable
}
