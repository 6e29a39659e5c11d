package docker

import "plimsoll/internal/check"

// hosts are the checks of the machine that guards an engine.
var hosts = []*check.Check{
	// Who may open the engine's socket.
	dockerSockMode,
	dockerSockOwner,
	dockerGroupMembers,

	// What the kernel enforces for it.
	cgroupControllers,
	kernelLSM,
	kernelSupported,

	// What starts and builds containers on it.
	runcCVE,
	containerdCVE,
	buildkitCVE,
	buildCacheBounded,
	builderEntitlements,

	// How the machine itself is kept.
	hostHardened,
	dataRootFilesystem,
	dataRootSpace,
	imageSprawl,
	containerSprawl,
	auditLogRemote,
}
