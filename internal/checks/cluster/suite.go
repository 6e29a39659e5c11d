// Package cluster holds the checks of what a cluster is made of besides workloads,
// rights and admission: namespaces, the pod network, services, secrets, config maps
// and nodes, and what its cloud provider holds.
package cluster

import (
	"slices"

	"plimsoll/internal/check"
)

// Suite lists the checks in reading order.
var Suite = slices.Concat([]*check.Check{
	// Namespaces: what they enforce, and what they bound.
	podPolicy,
	restricted,
	boundaries,
	resourceQuota,
	limitRange,
	objectCountQuota,
	exposureQuota,
	priorities,

	// The pod network.
	pluginEnforces,
	hasPolicy,
	denyIngress,
	denyEgress,
	allowAll,
	dangling,
	admissionClosed,
	spoofing,
	mutualTLS,
	coreDNS,

	// What is reached from outside.
	approved,
	externalIPs,
	consolesClosed,
	ingressTLS,
	balancerTLS,
	snippets,

	// Secrets, and what should be one.
	externalStore,
	credentials,
	legacyTokens,
	rotated,

	// Nodes.
	tainted,
	privateNodes,
	sshClosed,
	containerSystem,
	manyZones,

	// The cloud provider: what the cluster shows of it,
	metadataClosed,
	keysNotStatic,
	federated,
	awsAuth,
	controllerIdentity,
	driverSecrets,
	volumesEncrypted,
	dnsController,
	scalingBounded,
	nodeImages,
}, declared(), []*check.Check{
	// and what only a person can say.
	secondFactor,
	tenancy,
})
