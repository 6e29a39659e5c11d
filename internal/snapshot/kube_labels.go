package snapshot

import "slices"

// revisionLabels are labels that controllers give each pod or each revision of a
// template.
var revisionLabels = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
	"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
	"rollouts-pod-template-hash",
}

// RevisionLabels lists the labels that [Workload].Labels leaves out.
func RevisionLabels() []string { return slices.Clone(revisionLabels) }

// RevisionLabel reports whether [Workload].Labels leaves a label out, so that pods
// may have it all the same.
func RevisionLabel(key string) bool { return slices.Contains(revisionLabels, key) }
