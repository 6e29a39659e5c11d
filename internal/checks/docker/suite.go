package docker

import "slices"

// Suite lists the checks in reading order: engine, host, containers.
var Suite = slices.Concat(engines, hosts, containers)
