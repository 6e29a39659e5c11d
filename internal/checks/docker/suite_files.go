package docker

import (
	"slices"

	"plimsoll/internal/check"
)

// files are the checks of the files that an engine rests on: who may change
// them, then whether changes are recorded.
var files = slices.Concat(
	fileModes(),
	[]*check.Check{
		fileDataRootMode,
		subIDsDisjoint,
	},
	auditRules(),
)
