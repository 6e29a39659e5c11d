//go:build !linux

package testbed

import "testing"

type daemon struct{}

// Private starts an engine of the test's own, which takes Linux.
func Private(t testing.TB, _ ...string) *Bed {
	t.Helper()
	Skip(t, "a private engine takes Linux")
	return nil
}

// Restart is for what [Private] never returns here.
func (*Bed) Restart() {}
