package docker

import "slices"

// Suite lists the checks in reading order: engine, host, networks, containers.
var Suite = slices.Concat(engines, hosts, networks, containers)
