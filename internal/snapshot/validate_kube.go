package snapshot

import "fmt"

// kubeLists describes the lists of clusters. Objects of files have no identity: a
// folder may define the same one several times.
func (s *Snapshot) kubeLists() []list {
	cluster, either := []ScopeKind{ScopeCluster}, []ScopeKind{ScopeCluster, ScopeFiles}
	plain := func(name string, kinds []ScopeKind, n int, scope func(i int) string) list {
		return list{name, kinds, n, func(i int) (string, any) { return scope(i), nil }}
	}
	return []list{
		{"clusters", either, len(s.Clusters), func(i int) (string, any) { return s.Clusters[i].Scope, "" }},
		{"nodes", cluster, len(s.Nodes), func(i int) (string, any) { return s.Nodes[i].Scope, s.Nodes[i].Name }},
		{"namespaces", either, len(s.Namespaces), func(i int) (string, any) { return s.Namespaces[i].Scope, s.Namespaces[i].Name }},
		plain("workloads", either, len(s.Workloads), func(i int) string { return s.Workloads[i].Scope }),
		plain("serviceAccounts", either, len(s.ServiceAccounts), func(i int) string { return s.ServiceAccounts[i].Scope }),
		plain("roles", either, len(s.Roles), func(i int) string { return s.Roles[i].Scope }),
		plain("bindings", either, len(s.Bindings), func(i int) string { return s.Bindings[i].Scope }),
		plain("csrs", cluster, len(s.CSRs), func(i int) string { return s.CSRs[i].Scope }),
		plain("networkPolicies", either, len(s.NetworkPolicies), func(i int) string { return s.NetworkPolicies[i].Scope }),
		plain("services", either, len(s.Services), func(i int) string { return s.Services[i].Scope }),
		plain("ingresses", either, len(s.Ingresses), func(i int) string { return s.Ingresses[i].Scope }),
		plain("webhooks", either, len(s.Webhooks), func(i int) string { return s.Webhooks[i].Scope }),
		plain("admissionPolicies", either, len(s.AdmissionPolicies), func(i int) string { return s.AdmissionPolicies[i].Scope }),
		plain("quotas", either, len(s.Quotas), func(i int) string { return s.Quotas[i].Scope }),
		plain("limitRanges", either, len(s.LimitRanges), func(i int) string { return s.LimitRanges[i].Scope }),
		plain("disruptionBudgets", either, len(s.DisruptionBudgets), func(i int) string { return s.DisruptionBudgets[i].Scope }),
		plain("autoscalers", either, len(s.Autoscalers), func(i int) string { return s.Autoscalers[i].Scope }),
		plain("priorityClasses", either, len(s.PriorityClasses), func(i int) string { return s.PriorityClasses[i].Scope }),
		plain("runtimeClasses", either, len(s.RuntimeClasses), func(i int) string { return s.RuntimeClasses[i].Scope }),
		plain("flowSchemas", either, len(s.FlowSchemas), func(i int) string { return s.FlowSchemas[i].Scope }),
		plain("priorityLevels", either, len(s.PriorityLevels), func(i int) string { return s.PriorityLevels[i].Scope }),
		plain("secrets", either, len(s.Secrets), func(i int) string { return s.Secrets[i].Scope }),
		plain("configMaps", either, len(s.ConfigMaps), func(i int) string { return s.ConfigMaps[i].Scope }),
		plain("storageClasses", either, len(s.StorageClasses), func(i int) string { return s.StorageClasses[i].Scope }),
		plain("persistentVolumes", either, len(s.PersistentVolumes), func(i int) string { return s.PersistentVolumes[i].Scope }),
		plain("definitions", either, len(s.Definitions), func(i int) string { return s.Definitions[i].Scope }),
	}
}

// validateWorkloads checks that workloads and pods refer to what is there.
func (s *Snapshot) validateWorkloads() error {
	spec := func(list string, i, spec int) error {
		if spec < 0 || spec >= len(s.PodSpecs) {
			return fmt.Errorf("snapshot: %s[%d] refers to the specification %d, there are %d", list, i, spec, len(s.PodSpecs))
		}
		return nil
	}
	for i := range s.Workloads {
		w := &s.Workloads[i]
		if w.Kind == "" || w.Name == "" {
			return fmt.Errorf("snapshot: workloads[%d] has no kind or no name", i)
		}
		for _, n := range append([]int{w.Spec}, w.Live...) {
			if err := spec("workloads", i, n); err != nil {
				return err
			}
		}
	}
	for i := range s.Pods {
		p := &s.Pods[i]
		if err := spec("pods", i, p.Spec); err != nil {
			return err
		}
		if p.Workload < 0 || p.Workload >= len(s.Workloads) {
			return fmt.Errorf("snapshot: pods[%d] is of the workload %d, there are %d", i, p.Workload, len(s.Workloads))
		}
		if p.Node < -1 || p.Node >= len(s.Nodes) {
			return fmt.Errorf("snapshot: pods[%d] is on the node %d, there are %d", i, p.Node, len(s.Nodes))
		}
	}
	return nil
}
