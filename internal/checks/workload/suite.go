package workload

import "plimsoll/internal/check"

// Suite lists the checks of pods and their templates in reading order.
var Suite = []*check.Check{
	// What a process in a pod can become.
	notPrivileged,
	noDangerousCaps,
	noHostProcess,
	hardened,
	runAsNonRoot,
	userNonZero,
	groupNonZero,
	highUID,
	noEscalation,
	dropAllCaps,
	dropNetRaw,
	noAddedCaps,
	ownUserNamespace,
	seccompBaseline,
	seccompRestricted,
	appArmor,
	seLinux,
	procMount,
	sysctls,
	runtimeClass,
	noSudo,

	// What it sees of its node.
	noHostPID,
	noHostIPC,
	noHostNetwork,
	separateProcesses,
	noHostPath,
	volumeTypes,
	noRuntimeSocket,
	noWritableHostPath,
	noCloudCredentials,
	readonlyRootfs,

	// Who reaches it, and whom it is made to reach.
	noHostPorts,
	noHostProbes,
	noHostAliases,
	dnsPolicy,
	noSSH,
	noPrivilegedPort,
	exposedFlaws,

	// What it may take.
	memoryLimit,
	memoryRequest,
	cpuLimit,
	cpuRequest,
	storageLimit,

	// What it can prove and knows.
	tokenNeeded,
	tokenExpiry,
	secretsNotInEnv,
	noCredentials,
	noDuplicateEnv,

	// What it runs.
	tagNotFloating,
	imagePinned,
	pullPolicy,
	allowedRegistry,
	pullSecretsScoped,
	ingressController,
	servedVersion,

	// Where it runs, and whether it stays up.
	notInDefault,
	noBlanketTolerations,
	noNodeName,
	sensitiveIsolated,
	daemonSetPlaces,
	cronJobs,
	noNakedPods,
	livenessProbe,
	readinessProbe,
	replicasSpread,
	replicasAndBudget,
	runtimeSensor,
}
