// Package checks joins the suites of all subjects. A suite is added here and
// nowhere else.
package checks

import (
	"slices"

	"plimsoll/internal/checks/admission"
	"plimsoll/internal/checks/client"
	"plimsoll/internal/checks/cluster"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checks/files"
	"plimsoll/internal/checks/image"
	"plimsoll/internal/checks/kube"
	"plimsoll/internal/checks/node"
	"plimsoll/internal/checks/rbac"
	"plimsoll/internal/checks/registry"
	"plimsoll/internal/checks/workload"
)

// Suite lists every check in reading order: Docker, then Kubernetes.
var Suite = slices.Concat(
	docker.Suite, files.Suite, image.Suite, client.Suite, registry.Suite,
	kube.Suite, node.Suite, workload.Suite, rbac.Suite, admission.Suite, cluster.Suite,
)

// Guards lists the twins of checks for the API server.
var Guards = slices.Concat(workload.Guards, rbac.Guards, cluster.Guards)
