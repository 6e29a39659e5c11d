// Package registry holds the checks of registries: how they are reached, who may
// read and write, and how they keep what they hold.
package registry

import "plimsoll/internal/check"

// Suite lists the checks in reading order.
var Suite = []*check.Check{
	// How it is reached.
	tlsOnly,
	debugClosed,
	consolePrivate,

	// Who may read.
	login,
	catalogClosed,
	anonymousPull,
	tokenScope,

	// Who may write.
	anonymousPush,
	pushLimited,
	tagsFixed,
	deleteDisabled,
	foreignLayers,
	uploadSecret,

	// What it holds.
	storagePrivate,
	storageIntegrity,
	runningPresent,
	retention,

	// How it is run.
	defaultPassword,
	robots,
	secondFactor,
	eventsKept,
	healthy,
	versionCurrent,
	enterpriseScans,
}
