package kube

import (
	"slices"
	"strings"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
)

// resource is a list that is read and the part that it belongs to.
type resource struct {
	part     snapshot.Part
	group    string // "" is the core group
	versions []string
	kind     string
	plural   string
	wide     bool // has no namespace

	// Optional resources came late or may be switched off: a server without them has none of their objects.
	optional bool
}

const (
	coreGroup = ""
	rbacGroup = "rbac.authorization.k8s.io"
	admission = "admissionregistration.k8s.io"
	v1        = "v1"
)

// standard lists what is read of every cluster. The order is that of the parts.
func standard() []resource {
	of := func(part snapshot.Part, group, kind, plural string) resource {
		return resource{part: part, group: group, versions: []string{v1}, kind: kind, plural: plural}
	}
	wide := func(r resource) resource { r.wide = true; return r }
	late := func(r resource) resource { r.optional = true; return r }
	hpa := of(snapshot.PartClusterQuotas, "autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
	hpa.versions = []string{"v2", v1}
	return []resource{
		wide(of(snapshot.PartClusterNodes, coreGroup, "Node", "nodes")),
		wide(of(snapshot.PartClusterNamespaces, coreGroup, "Namespace", "namespaces")),
		of(snapshot.PartClusterWorkloads, "apps", "Deployment", "deployments"),
		of(snapshot.PartClusterWorkloads, "apps", "ReplicaSet", "replicasets"),
		of(snapshot.PartClusterWorkloads, "apps", "StatefulSet", "statefulsets"),
		of(snapshot.PartClusterWorkloads, "apps", "DaemonSet", "daemonsets"),
		of(snapshot.PartClusterWorkloads, "batch", "Job", "jobs"),
		of(snapshot.PartClusterWorkloads, "batch", "CronJob", "cronjobs"),
		of(snapshot.PartClusterWorkloads, coreGroup, "ReplicationController", "replicationcontrollers"),
		of(snapshot.PartClusterPods, coreGroup, "Pod", "pods"),
		of(snapshot.PartClusterAccounts, coreGroup, "ServiceAccount", "serviceaccounts"),
		of(snapshot.PartClusterRBAC, rbacGroup, "Role", "roles"),
		wide(of(snapshot.PartClusterRBAC, rbacGroup, "ClusterRole", "clusterroles")),
		of(snapshot.PartClusterRBAC, rbacGroup, "RoleBinding", "rolebindings"),
		wide(of(snapshot.PartClusterRBAC, rbacGroup, "ClusterRoleBinding", "clusterrolebindings")),
		wide(of(snapshot.PartClusterCSRs, "certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests")),
		of(snapshot.PartClusterNetwork, "networking.k8s.io", "NetworkPolicy", "networkpolicies"),
		of(snapshot.PartClusterServices, coreGroup, "Service", "services"),
		of(snapshot.PartClusterServices, "discovery.k8s.io", "EndpointSlice", "endpointslices"),
		of(snapshot.PartClusterServices, "networking.k8s.io", "Ingress", "ingresses"),
		wide(of(snapshot.PartClusterAdmission, admission, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations")),
		wide(of(snapshot.PartClusterAdmission, admission, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations")),
		late(wide(of(snapshot.PartClusterAdmission, admission, "ValidatingAdmissionPolicy", "validatingadmissionpolicies"))),
		late(wide(of(snapshot.PartClusterAdmission, admission, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"))),
		late(wide(of(snapshot.PartClusterAdmission, admission, "MutatingAdmissionPolicy", "mutatingadmissionpolicies"))),
		late(wide(of(snapshot.PartClusterAdmission, admission, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"))),
		wide(of(snapshot.PartClusterAdmission, "apiregistration.k8s.io", "APIService", "apiservices")),
		of(snapshot.PartClusterQuotas, coreGroup, "ResourceQuota", "resourcequotas"),
		of(snapshot.PartClusterQuotas, coreGroup, "LimitRange", "limitranges"),
		of(snapshot.PartClusterQuotas, "policy", "PodDisruptionBudget", "poddisruptionbudgets"),
		hpa,
		wide(of(snapshot.PartClusterQuotas, "scheduling.k8s.io", "PriorityClass", "priorityclasses")),
		wide(of(snapshot.PartClusterQuotas, "node.k8s.io", "RuntimeClass", "runtimeclasses")),
		wide(of(snapshot.PartClusterFlow, "flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas")),
		wide(of(snapshot.PartClusterFlow, "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations")),
		of(snapshot.PartClusterSecrets, coreGroup, "Secret", "secrets"),
		of(snapshot.PartClusterConfigMaps, coreGroup, "ConfigMap", "configmaps"),
		wide(of(snapshot.PartClusterStorage, "storage.k8s.io", "StorageClass", "storageclasses")),
		wide(of(snapshot.PartClusterStorage, coreGroup, "PersistentVolume", "persistentvolumes")),
		of(snapshot.PartClusterStorage, coreGroup, "PersistentVolumeClaim", "persistentvolumeclaims"),
		of(snapshot.PartClusterExtensions, coreGroup, "PodTemplate", "podtemplates"), // nothing makes pods of them by itself
		wide(of(snapshot.PartClusterExtensions, "apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions")),
	}
}

// listParts are the parts that lists make up, in the order of screens.
func listParts() []snapshot.Part {
	var out []snapshot.Part
	for _, r := range standard() {
		if !slices.Contains(out, r.part) {
			out = append(out, r.part)
		}
	}
	return out
}

// qualified is the resource as rules and kubectl name it.
func (r *resource) qualified() string {
	if r.group == coreGroup {
		return r.plural
	}
	return r.plural + "." + r.group
}

// groupVersion is what it is served as.
func (r *resource) groupVersion(version string) string {
	if r.group == coreGroup {
		return version
	}
	return r.group + "/" + version
}

// find returns the resource as it is served; ok is false where it is not. old
// names the versions that it is served in and that are not understood.
func (r *resource) find(served []kubeapi.Resource) (found kubeapi.Resource, old []string, ok bool) {
	for _, v := range r.versions {
		for _, s := range served {
			if s.GroupVersion == r.groupVersion(v) && s.Resource == r.plural {
				return s, nil, true
			}
		}
	}
	for _, s := range served {
		group, version, _ := strings.Cut(s.GroupVersion, "/")
		if group == r.group && version != "" && s.Resource == r.plural {
			old = append(old, s.GroupVersion)
		}
	}
	return found, old, false
}

// assumed is the resource as every cluster of today serves it, for when what is
// served may not be asked.
func (r *resource) assumed() kubeapi.Resource {
	return kubeapi.Resource{GroupVersion: r.groupVersion(r.versions[0]), Kind: r.kind, Resource: r.plural, Namespaced: !r.wide, List: true}
}

// custom returns the lists of kinds that custom resource definitions and
// aggregated servers add and that are known by name, one version of each; templates
// names further kinds whose schema holds pod templates.
func custom(served []kubeapi.Resource, templates map[string]bool) []task {
	var out []task
	seen := make(map[string]bool)
	for _, s := range served {
		group, _, ok := strings.Cut(s.GroupVersion, "/")
		if !ok || !s.List || kubeobj.Wired(s.GroupVersion, s.Kind) {
			continue
		}
		part := kubeobj.Wanted(group, s.Kind)
		if part == "" && templates[group+"/"+s.Kind] {
			part = snapshot.PartClusterExtensions
		}
		if part == "" || seen[group+"/"+s.Kind] {
			continue
		}
		seen[group+"/"+s.Kind] = true
		_, version, _ := strings.Cut(s.GroupVersion, "/")
		out = append(out, task{
			resource: resource{part: part, group: group, versions: []string{version}, kind: s.Kind, plural: s.Resource, wide: !s.Namespaced, optional: true}, as: s,
		})
	}
	return out
}
