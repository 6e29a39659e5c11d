package collect

import (
	"slices"

	"plimsoll/internal/snapshot"
)

// joinCluster adds what a fragment has of clusters. Equal specifications of pods
// are stored once, whichever cluster or folder they came from.
func (b *Builder) joinCluster(f *snapshot.Snapshot) {
	o := b.out
	specs := make([]int, len(f.PodSpecs))
	for i := range f.PodSpecs {
		specs[i] = intern(b.podSpecs, &o.PodSpecs, f.PodSpecs[i])
	}
	workloads, nodes := len(o.Workloads), len(o.Nodes)
	for _, w := range f.Workloads {
		w.Spec, w.Live = specs[w.Spec], slices.Clone(w.Live)
		for i := range w.Live {
			w.Live[i] = specs[w.Live[i]]
		}
		slices.Sort(w.Live)
		o.Workloads = append(o.Workloads, w)
	}
	for _, p := range f.Pods {
		p.Workload, p.Spec = p.Workload+workloads, specs[p.Spec]
		if p.Node >= 0 {
			p.Node += nodes
		}
		o.Pods = append(o.Pods, p)
	}
	o.Clusters = append(o.Clusters, f.Clusters...)
	o.Nodes = append(o.Nodes, f.Nodes...)
	o.Namespaces = append(o.Namespaces, f.Namespaces...)
	o.ServiceAccounts = append(o.ServiceAccounts, f.ServiceAccounts...)
	o.Roles = append(o.Roles, f.Roles...)
	o.Bindings = append(o.Bindings, f.Bindings...)
	o.CSRs = append(o.CSRs, f.CSRs...)
	o.NetworkPolicies = append(o.NetworkPolicies, f.NetworkPolicies...)
	o.Services = append(o.Services, f.Services...)
	o.Ingresses = append(o.Ingresses, f.Ingresses...)
	o.Webhooks = append(o.Webhooks, f.Webhooks...)
	o.AdmissionPolicies = append(o.AdmissionPolicies, f.AdmissionPolicies...)
	o.Quotas = append(o.Quotas, f.Quotas...)
	o.LimitRanges = append(o.LimitRanges, f.LimitRanges...)
	o.DisruptionBudgets = append(o.DisruptionBudgets, f.DisruptionBudgets...)
	o.Autoscalers = append(o.Autoscalers, f.Autoscalers...)
	o.PriorityClasses = append(o.PriorityClasses, f.PriorityClasses...)
	o.RuntimeClasses = append(o.RuntimeClasses, f.RuntimeClasses...)
	o.FlowSchemas = append(o.FlowSchemas, f.FlowSchemas...)
	o.PriorityLevels = append(o.PriorityLevels, f.PriorityLevels...)
	o.Secrets = append(o.Secrets, f.Secrets...)
	o.ConfigMaps = append(o.ConfigMaps, f.ConfigMaps...)
	o.StorageClasses = append(o.StorageClasses, f.StorageClasses...)
	o.PersistentVolumes = append(o.PersistentVolumes, f.PersistentVolumes...)
	o.Definitions = append(o.Definitions, f.Definitions...)
}
