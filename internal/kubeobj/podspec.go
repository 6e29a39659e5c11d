package kubeobj

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
)

// PodSpec reduces the specification of a pod or of a template of pods. It keeps
// what is declared and sets what the API server defaults everywhere in the same
// way, so that the specification of a file and that of a cluster compare equal.
// annotations are those of the pod or the template: they may name AppArmor
// profiles.
func PodSpec(spec *corev1.PodSpec, annotations map[string]string) snapshot.PodSpec {
	s := snapshot.PodSpec{
		HostNetwork: spec.HostNetwork, HostPID: spec.HostPID, HostIPC: spec.HostIPC, HostUsers: spec.HostUsers, ShareProcess: isTrue(spec.ShareProcessNamespace),
		ServiceAccount: cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount, "default"), Automount: spec.AutomountServiceAccountToken,
		PriorityClass: spec.PriorityClassName, RestartPolicy: cmp.Or(string(spec.RestartPolicy), string(corev1.RestartPolicyAlways)),
		Scheduler: unless(spec.SchedulerName, corev1.DefaultSchedulerName), DNSPolicy: unless(string(spec.DNSPolicy), string(corev1.DNSClusterFirst)),
		NodeName: spec.NodeName, NodeSelector: pairs(spec.NodeSelector), Affinity: nodeAffinity(spec.Affinity), Spread: spread(spec),
		Security: podSecurity(spec.SecurityContext),
	}
	if spec.OS != nil {
		s.OS = string(spec.OS.Name)
	}
	if spec.RuntimeClassName != nil {
		s.RuntimeClass = *spec.RuntimeClassName
	}
	for _, p := range spec.ImagePullSecrets {
		s.PullSecrets = append(s.PullSecrets, p.Name)
	}
	if spec.DNSConfig != nil {
		s.Nameservers = slices.Clone(spec.DNSConfig.Nameservers)
	}
	for _, a := range spec.HostAliases {
		s.HostAliases = append(s.HostAliases, a.IP+"="+strings.Join(a.Hostnames, ","))
	}
	for _, t := range spec.Tolerations {
		s.Tolerations = append(s.Tolerations, snapshot.Toleration{
			Key: t.Key, Operator: unless(string(t.Operator), string(corev1.TolerationOpEqual)), Value: t.Value, Effect: string(t.Effect),
		})
	}
	if spec.Resources != nil {
		d := demands(spec.Resources)
		s.Resources = &d
	}
	for i := range spec.Volumes {
		s.Volumes = append(s.Volumes, volume(&spec.Volumes[i]))
	}
	s.Containers = containers(spec, annotations)
	return s
}

func isTrue(b *bool) bool { return b != nil && *b }

// unless returns v, or nothing where v is what everybody has.
func unless(v, usual string) string {
	if v == usual {
		return ""
	}
	return v
}

// pairs returns a map as pairs sorted by key.
func pairs(m map[string]string, but ...string) []snapshot.Pair {
	if len(m) == 0 {
		return nil
	}
	out := make([]snapshot.Pair, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(but, k) {
			out = append(out, snapshot.Pair{Key: k, Value: m[k]})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// nodeAffinity flattens what is required of nodes. Terms are alternatives, and
// flattening them says no more than which labels are asked about.
func nodeAffinity(a *corev1.Affinity) []snapshot.NodeDemand {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var out []snapshot.NodeDemand
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, list := range [][]corev1.NodeSelectorRequirement{term.MatchExpressions, term.MatchFields} {
			for _, e := range list {
				out = append(out, snapshot.NodeDemand{Key: e.Key, Operator: string(e.Operator), Values: slices.Clone(e.Values)})
			}
		}
	}
	return out
}

// spread names the topologies over which replicas are kept apart.
func spread(spec *corev1.PodSpec) []string {
	var keys []string
	if a := spec.Affinity; a != nil && a.PodAntiAffinity != nil {
		for i := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			keys = append(keys, a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[i].TopologyKey)
		}
		for i := range a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			keys = append(keys, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[i].PodAffinityTerm.TopologyKey)
		}
	}
	for i := range spec.TopologySpreadConstraints {
		keys = append(keys, spec.TopologySpreadConstraints[i].TopologyKey)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
