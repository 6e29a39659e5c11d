package docker

import "plimsoll/internal/check"

// Suite lists the checks in reading order: engine, host, containers.
var Suite = []*check.Check{
	// Containers: what one can take from the machine.
	memoryLimit,
	restartPolicy,

	// Containers: what a process in one can become.
	noNewPrivileges,
}
