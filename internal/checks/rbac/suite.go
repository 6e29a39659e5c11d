// Package rbac holds the checks of who may do what in a cluster: roles, bindings
// and the accounts that pods run as. Who that is, package internal/rbac resolves.
package rbac

import (
	"slices"

	"plimsoll/internal/check"
)

// Suite lists the checks in reading order.
var Suite = slices.Concat([]*check.Check{
	// Who may do everything, and who is let in unasked.
	clusterAdmin,
	mastersBinding,
	anonymousBinding,
	authenticatedBinding,
	takeover,
}, rights, []*check.Check{
	// How roles and bindings are written.
	noWildcards,
	labelHijack,
	dangling,
	dashboard,

	// What the accounts of pods have.
	defaultInactive,
	minimalRights,
	ingressAccount,
})

// rights are the checks of the table.
var rights = holding()

// holding makes the checks of rights that few should hold.
func holding() []*check.Check {
	out := make([]*check.Check, len(rows))
	for i := range rows {
		out[i] = rows[i].check()
	}
	return out
}
