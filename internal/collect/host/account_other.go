//go:build !linux

package host

import "plimsoll/internal/snapshot"

// accountIn is of machines that run containers.
func (m *Machine) accountIn(int, string) snapshot.Fact[int64] {
	return snapshot.Missing[int64](snapshot.Skipped, snapshot.ReasonNotCollected, "")
}
