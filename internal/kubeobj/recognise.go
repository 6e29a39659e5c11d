package kubeobj

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// plugin is a network plugin, told by the images of its node agent.
type plugin struct {
	name, image string // part of the image's repository
	policy      string // whether it enforces network policies as it comes
}

// plugins are the network plugins that are known. One that needs a setting to
// enforce policies is unknown until the setting is seen.
var plugins = []plugin{
	{"calico", "calico/node", "yes"},
	{"canal", "canal", "yes"},
	{"cilium", "cilium/cilium", "yes"},
	{"antrea", "antrea/antrea", "yes"},
	{"weave", "weave-npc", "yes"},
	{"kube-router", "kube-router", "yes"},
	{"romana", "romana/agent", "yes"},
	{"ovn-kubernetes", "ovn-kube", "yes"},
	{"kube-ovn", "kube-ovn", "yes"},
	{"azure-npm", "azure-npm", "yes"},
	{"kube-network-policies", "kube-network-policies", "yes"},
	{"aws-vpc-cni", "amazon-k8s-cni", "unknown"},
	{"aws-network-policy-agent", "aws-network-policy-agent", "unknown"},
	{"flannel", "flannel", "no"},
	{"kindnet", "kindnetd", "unknown"},
	{"azure-cni", "azure-cni", "unknown"},
}

// recognise notes what enforces policies: on the network, and at admission.
func recognise(s *snapshot.Snapshot, c *snapshot.Cluster) {
	for i := range s.Workloads {
		w := &s.Workloads[i]
		if w.Kind != "DaemonSet" || w.Dormant {
			continue
		}
		for _, k := range s.PodSpecs[w.Spec].Containers {
			repository := snapshot.ParseReference(k.Image).Repository
			for _, p := range plugins {
				known := slices.ContainsFunc(c.CNI, func(x snapshot.CNI) bool { return x.Name == p.name })
				if k.Kind == snapshot.AppContainer && !known && strings.Contains(repository, p.image) {
					c.CNI = append(c.CNI, snapshot.CNI{Name: p.name, Policy: p.policy, Evidence: w.Namespace + "/" + w.Kind + "/" + w.Name})
				}
			}
		}
	}
	ciliumOff(s, c)
	slices.SortFunc(c.CNI, func(x, y snapshot.CNI) int { return strings.Compare(x.Name, y.Name) })
	for i := range s.Webhooks {
		for engine, mark := range map[string]string{"kyverno": "kyverno", "gatekeeper": "gatekeeper", "kubewarden": "kubewarden", "jspolicy": "jspolicy"} {
			if strings.Contains(s.Webhooks[i].Service, mark) && !slices.Contains(c.Admission, engine) {
				c.Admission = append(c.Admission, engine)
			}
		}
	}
	slices.Sort(c.Admission)
}

// ciliumOff takes back that Cilium enforces policies where its settings say never.
func ciliumOff(s *snapshot.Snapshot, c *snapshot.Cluster) {
	for i := range s.ConfigMaps {
		m := &s.ConfigMaps[i]
		if m.Namespace == "kube-system" && m.Name == "cilium-config" && slices.Contains(m.Parsed, snapshot.Pair{Key: "enable-policy", Value: "never"}) {
			for j := range c.CNI {
				if c.CNI[j].Name == "cilium" {
					c.CNI[j].Policy = "no"
				}
			}
		}
	}
}
