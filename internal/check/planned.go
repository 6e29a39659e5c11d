package check

import "plimsoll/internal/snapshot"

// Planned is a row of the catalogue that no check answers yet. Screens show it
// as unknown, so that a benchmark never looks shorter than it is.
type Planned struct {
	ID      string
	Title   string
	Subject snapshot.Kind
	Refs    []Ref
}
