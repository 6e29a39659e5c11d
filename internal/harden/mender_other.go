//go:build !linux

package harden

import (
	"context"

	"plimsoll/internal/step"
)

// mender returns what performs steps of a kind on the machine: engines run on
// Linux, so that there is nothing to perform elsewhere.
func (r *runner) mender(step.Kind) mender { return nil }

// pending says that a step's values are written but not in force.
func (r *runner) pending(context.Context, *Journal, *Entry) string { return "" }
