package docker

import "slices"

// Suite lists the checks in reading order: engine, host, files, networks, swarm, containers.
var Suite = slices.Concat(engines, hosts, files, networks, swarms, containers)
