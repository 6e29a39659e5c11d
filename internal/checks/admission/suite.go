// Package admission holds the checks of what decides about requests to the API
// server beside its roles: webhooks, admission policies and conversion. What
// expressions (CEL) come to is not worked out; where they decide, the verdict is
// open and says so.
package admission

import (
	"strconv"

	"plimsoll/internal/check"
)

// Suite lists the checks in reading order.
var Suite = []*check.Check{
	// What enforces policy holds.
	failClosed,
	coverage,
	effective,

	// What enforces policy does not stop the cluster.
	timeout,
	sparesSystem,
	redundant,

	// Policies that every cluster wants.
	provenance,
	execDenied,
	hostOwnership,

	conversion,
}

func itoa(n int) string { return strconv.Itoa(n) }
