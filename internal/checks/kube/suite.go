package kube

import (
	"slices"

	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// Suite lists the checks in reading order: API server, controller manager,
// scheduler, etcd, kube-proxy.
var Suite = slices.Concat(
	checks(snapshot.APIServer, model.SurfaceAPIEndpoint, slices.Concat(apiAuth, apiPeople, apiAdmission, apiTLS, apiAudit, apiLoad)),
	checks(snapshot.ControllerManager, model.SurfaceControllers, managerRows),
	checks(snapshot.Scheduler, model.SurfaceScheduling, schedulerRows),
	checks(snapshot.Etcd, model.SurfaceClusterState, etcdRows),
	checks(snapshot.KubeProxy, model.SurfaceKubeProxy, proxyRows),
)
