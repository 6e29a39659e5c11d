package docker

import (
	"slices"

	"plimsoll/internal/check"
)

// swarms are the checks of the swarm that an engine is a node of, and of the
// enterprise product that is built on one.
var swarms = slices.Concat(
	[]*check.Check{
		swarmModeNotEnabled,

		// Whether it goes on when a manager does not.
		swarmManagerQuorum,

		// Who may join it, and from where.
		swarmControlPlaneBound,
		swarmDataPathSeparated,
		swarmJoinTokenRotated,
		swarmNodeCertExpiry,
		swarmCARotated,

		// What it keeps secret.
		swarmAutolock,
		swarmAutolockKeyRotated,
		swarmSecretsUsed,
	},
	enterpriseRecords(),
)
