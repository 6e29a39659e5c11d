// Package client holds the checks of the Docker command's configuration in the
// homes of a machine: what it keeps, whom it talks to and what it runs.
package client

import "plimsoll/internal/check"

// Suite lists the checks in reading order.
var Suite = []*check.Check{
	// What it keeps.
	plaintextAuth,
	configMode,
	keyMode,

	// Whom it talks to.
	contextTLS,
	endpointKnown,
	notRedirected,
	trustRetired,

	// What it runs.
	pluginsTrusted,

	// Docker Desktop.
	desktopVersion,
	desktopTCP,
	desktopIsolation,
}
