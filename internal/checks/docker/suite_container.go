package docker

import "plimsoll/internal/check"

// containers lists the checks of containers, grouped by what a reader asks.
var containers = []*check.Check{
	// What one can take from the machine.
	memoryLimit,
	swapLimit,
	cpuShares,
	pidsLimit,
	restartPolicy,
	ulimits,
	cgroupParent,

	// What a process in one can become.
	notPrivileged,
	dangerousCapabilities,
	capabilitiesMinimal,
	userNonRoot,
	usernsNotHost,
	noNewPrivileges,
	seccompEnabled,
	appArmorProfile,
	seLinuxLabel,

	// What it sees of the host.
	noSensitiveMounts,
	noDockerSocket,
	noHostDevices,
	noSharedPropagation,
	noHostPid,
	noHostIpc,
	noHostUts,
	noHostNetwork,

	// How it meets the network.
	notOnDefaultBridge,
	portsBound,
	noPrivilegedPorts,
	onlyNeededPorts,
	netRawDropped,

	// What it runs, and from where.
	imageDigestPinned,
	readonlyRootfs,
	healthcheckRuntime,
	noSSHD,
}
