package docker

import (
	"slices"

	"plimsoll/internal/check"
)

// hosts are the checks of the machine that guards an engine.
var hosts = slices.Concat([]*check.Check{
	// Who may open the engine's socket.
	dockerSockMode,
	dockerSockOwner,
	dockerGroupMembers,

	// What the kernel enforces for it.
	cgroupControllers,
	kernelLSM,
	kernelSupported,
}, componentFlaws(), []*check.Check{ // what starts and builds containers on it
	buildCacheBounded,
	builderEntitlements,

	// How the machine itself is kept.
	hostHardened,
	dataRootFilesystem,
	dataRootSpace,
	imageSprawl,
	containerSprawl,
	auditLogRemote,
})
