package node

import (
	"slices"

	"plimsoll/internal/check"
)

// Suite lists the checks in reading order: files, certificates, the kubelet, the
// machine.
var Suite = slices.Concat(
	guards(),
	[]*check.Check{
		runtimeSocket, staticPodPath, mirrorGap, baseline,
		caOffline, clientLifetime, expirySoon, mastersCerts, noEmbedded,
	},
	kubelets(kubeletRows),
	[]*check.Check{kernelSupported, runtimeSupported, auditRules, logRemote, firewallRestrictive},
)
