//go:build !linux

package testbed

// WithoutRights calls do as the user who runs the tests: only Linux gives a
// thread rights of its own.
func WithoutRights(do func()) { do() }
