package kube

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// distribution names what made the cluster, and the provider of its nodes, by
// what versions, labels and provider IDs say. What is told by a layout that others
// share comes last.
func distribution(version string, s *snapshot.Snapshot) (name, provider string) {
	labelled := func(prefix string) bool {
		return slices.ContainsFunc(s.Nodes, func(n snapshot.Node) bool {
			return slices.ContainsFunc(n.Labels, func(l snapshot.Pair) bool { return strings.HasPrefix(l.Key, prefix) })
		})
	}
	provided := func(scheme string) bool {
		return slices.ContainsFunc(s.Nodes, func(n snapshot.Node) bool { return strings.HasPrefix(n.ProviderID, scheme+"://") })
	}
	versioned := func(mark string) bool {
		return strings.Contains(version, mark) || slices.ContainsFunc(s.Nodes, func(n snapshot.Node) bool { return strings.Contains(n.Kubelet, mark) })
	}
	for i := range s.Nodes {
		if scheme, _, ok := strings.Cut(s.Nodes[i].ProviderID, "://"); ok && provider == "" {
			provider = scheme
		}
	}
	for _, d := range []struct {
		name string
		is   bool
	}{
		{"k3s", versioned("+k3s")},
		{"rke2", versioned("+rke2")},
		{"eks", versioned("-eks-") || provided("aws") && labelled("eks.amazonaws.com/")},
		{"gke", versioned("-gke.") || labelled("cloud.google.com/gke-nodepool")},
		{"aks", labelled("kubernetes.azure.com/cluster")},
		{"openshift", labelled("node.openshift.io/os_id")},
		{"kind", provided("kind")},
		{"minikube", labelled("minikube.k8s.io/version")},
		{"microk8s", labelled("microk8s.io/cluster")},
		{"kubeadm", slices.ContainsFunc(s.ConfigMaps, func(m snapshot.ConfigMap) bool { return m.Namespace == "kube-system" && m.Name == "kubeadm-config" })},
	} {
		if d.is {
			return d.name, provider
		}
	}
	return "", provider
}
