// Package image holds the checks of images: those in an engine, those that are
// named by themselves, and those that a Dockerfile will make. Suite lists them in
// reading order.
package image

import "plimsoll/internal/check"

// Suite lists the checks in reading order.
var Suite = []*check.Check{
	// What a container of it becomes.
	userNonRoot,
	noSetuid,
	userShadow,
	healthcheckPresent,

	// What it gives away.
	noSecrets,

	// What it is made of.
	trustedBase,
	noUnneededPackages,
	noLoneUpdate,
	originLabels,
	signedArtifacts,
	provenanceAttested,
	sbomPresent,
	scannedAndRebuilt,
}
