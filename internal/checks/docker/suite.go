package docker

import (
	"slices"

	"plimsoll/internal/check"
)

// Suite lists the checks in reading order: engine, host, containers.
var Suite = slices.Concat(engines, hosts, containers)

var containers = []*check.Check{
	// What one can take from the machine.
	memoryLimit,
	restartPolicy,

	// What a process in one can become.
	noNewPrivileges,
}
