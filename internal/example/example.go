// Package example holds the bundled example: a snapshot recorded from a real
// engine with containers that are run badly in common ways, and scrubbed.
// Package test/example records it:
//
//	PLIMSOLL_TESTBED=1 go test ./test/example -update
package example

import (
	_ "embed"
	"fmt"

	"plimsoll/internal/snapshot"
)

//go:embed example.json
var recorded []byte

// Example returns a fresh copy of the example.
func Example() (*snapshot.Snapshot, error) {
	s, err := snapshot.Parse(recorded)
	if err != nil {
		return nil, fmt.Errorf("the bundled example: %w", err)
	}
	return s, nil
}
