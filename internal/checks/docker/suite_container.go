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
	oomKillEnabled,
	cgroupParent,

	// What a process in one can become.
	notPrivileged,
	dangerousCapabilities,
	capabilitiesMinimal,
	userNonRoot,
	usernsNotHost,
	noNewPrivileges,
	noPowerfulGroups,
	seccompEnabled,
	appArmorProfile,
	seLinuxLabel,
	maskedPaths,
	safeSysctls,
	sandboxedRuntime,

	// What it sees of the host.
	noSensitiveMounts,
	noDisguisedBind,
	bindsReadOnly,
	oneWriter,
	noDockerSocket,
	noHostDevices,
	noWildcardDevices,
	noSharedPropagation,
	noHostPid,
	noHostIpc,
	noHostUts,
	noHostNetwork,
	noJoinedNamespaces,

	// How it meets the network.
	notOnDefaultBridge,
	portsBound,
	noPrivilegedPorts,
	onlyNeededPorts,
	netRawDropped,

	// What it runs, and from where.
	imageDigestPinned,
	registryAllowed,
	readonlyRootfs,
	tmpfsNoexec,
	envSecrets,
	healthcheckRuntime,
	noSSHD,
	keepsLogs,
}
