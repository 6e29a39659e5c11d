// Package files holds the checks of Dockerfiles and of what only a compose file
// says, and how the images that Dockerfiles make are judged. The checks of
// containers judge compose services by themselves. Suite lists them in reading
// order.
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
}
