package docker

import "plimsoll/internal/check"

// networks are the checks of the networks that an engine makes.
var networks = []*check.Check{
	// Who reaches whom inside.
	defaultBridgeICC,
	networksSegmented,

	// What the outside sees and reaches.
	overlayEncrypted,
	directRoutingBlocked,
	ipv6Filtering,
}
