// Package files holds the checks of Dockerfiles, of the images that they make,
// and of what only a compose file says. The checks of containers judge compose
// services by themselves. Suite lists them in reading order.
package files

import "plimsoll/internal/check"

// Suite lists the checks in reading order.
var Suite = []*check.Check{
	// What a build takes in.
	baseDigestPinned,
	copyNotAdd,
	verifiedPackages,
	packagesPinned,
	remoteFrontend,

	// What it lets out.
	secretMounts,
	dockerignorePresent,
	buildContextNarrow,

	// What it makes.
	imageUserNonRoot,
	imageHealthcheck,
	imageNoLoneUpdate,
}
