package workload

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
)

// refs are the names that a question goes by elsewhere: CIS Kubernetes 1.11 and
// 1.12, the Pod Security Standards as LEVEL/CONTROL, and the tools that people come
// from, several divided by spaces. All are attributes; none is a key.
func refs(n111, n112, pss, kubescape, trivy, kubeLinter string) []check.Ref {
	out := check.CISK8s(0, n111, n112)
	if level, control, ok := strings.Cut(pss, "/"); ok {
		out = append(out, check.Ref{Source: "pss", Edition: level, ID: control})
	}
	return append(out, shared.PeerRefs(kubescape, trivy, kubeLinter)...)
}
