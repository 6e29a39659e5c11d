package shared

import (
	"strings"

	"plimsoll/internal/check"
)

// PeerRefs are the names that a question of Kubernetes goes by in the tools that
// people come from, several of one tool divided by spaces.
func PeerRefs(kubescape, trivy, kubeLinter string) []check.Ref {
	var out []check.Ref
	for _, of := range [...]struct{ source, ids string }{{"kubescape", kubescape}, {"trivy", trivy}, {"kube-linter", kubeLinter}} {
		for id := range strings.FieldsSeq(of.ids) {
			out = append(out, check.Ref{Source: of.source, Edition: "checks", ID: id})
		}
	}
	return out
}
