package kubeobj

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	admv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// CustomResourceDefinition is of apiextensions.k8s.io only what is kept of one:
// decoding leaves out its schemas, which may be megabytes.
type CustomResourceDefinition struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Version  string `json:"version"` // of v1beta1
		Versions []struct {
			Name string `json:"name"`
		} `json:"versions"`
		Conversion *struct {
			Strategy string `json:"strategy"`
			Webhook  *struct {
				ClientConfig *admv1.WebhookClientConfig `json:"clientConfig"`
			} `json:"webhook"`
		} `json:"conversion"`
	} `json:"spec"`
}

// APIService is of apiregistration.k8s.io what is kept of one.
type APIService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Service               *admv1.ServiceReference `json:"service"`
		Group                 string                  `json:"group"`
		Version               string                  `json:"version"`
		InsecureSkipTLSVerify bool                    `json:"insecureSkipTLSVerify"`
		CABundle              []byte                  `json:"caBundle"`
		GroupPriorityMinimum  int32                   `json:"groupPriorityMinimum"`
		VersionPriority       int32                   `json:"versionPriority"`
	} `json:"spec"`
}

// cluster takes nodes, namespaces and extensions of the API.
func (b *Builder) cluster(o any, from Origin) bool {
	switch o := o.(type) {
	case *corev1.Node:
		if !b.Files { // a node of a file is no machine
			b.out.Nodes = append(b.out.Nodes, b.oneNode(o))
		}
	case *corev1.Namespace:
		b.out.Namespaces = append(b.out.Namespaces, snapshot.Namespace{
			Scope: b.Scope, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Labels: pairs(o.Labels), Created: stamp(o.CreationTimestamp),
			Terminal: o.Status.Phase == corev1.NamespaceTerminating, Loc: from.Loc,
		})
	case *CustomResourceDefinition:
		b.definition(o, from)
	case *APIService:
		if o.Spec.Service == nil {
			return true // served by the API server itself
		}
		w := snapshot.Webhook{Scope: b.Scope, Kind: "APIService", Object: objectName(&o.ObjectMeta), UID: string(o.UID), Insecure: o.Spec.InsecureSkipTLSVerify, Loc: from.Loc}
		reach(&w, &admv1.WebhookClientConfig{Service: o.Spec.Service, CABundle: o.Spec.CABundle})
		b.out.Webhooks = append(b.out.Webhooks, w)
	default:
		return false
	}
	return true
}

func (b *Builder) definition(o *CustomResourceDefinition, from Origin) {
	d := snapshot.Definition{Scope: b.Scope, Name: objectName(&o.ObjectMeta), Group: o.Spec.Group, Kind: o.Spec.Names.Kind, Loc: from.Loc}
	for _, v := range o.Spec.Versions {
		d.Versions = append(d.Versions, v.Name)
	}
	if len(d.Versions) == 0 && o.Spec.Version != "" {
		d.Versions = []string{o.Spec.Version}
	}
	_, d.Template = templates[d.Group+"/"+d.Kind]
	b.out.Definitions = append(b.out.Definitions, d)
	if c := o.Spec.Conversion; c != nil && c.Strategy == "Webhook" {
		w := snapshot.Webhook{Scope: b.Scope, Kind: "CustomResourceDefinition", Object: d.Name, UID: string(o.UID), Fail: true, Loc: from.Loc}
		if c.Webhook != nil {
			reach(&w, c.Webhook.ClientConfig)
		}
		b.out.Webhooks = append(b.out.Webhooks, w)
	}
}

func (b *Builder) oneNode(o *corev1.Node) snapshot.Node {
	i := o.Status.NodeInfo
	n := snapshot.Node{
		Scope: b.Scope, Name: o.Name, UID: string(o.UID), Kubelet: i.KubeletVersion, Runtime: i.ContainerRuntimeVersion, Kernel: i.KernelVersion, OSImage: i.OSImage,
		OS: i.OperatingSystem, Arch: i.Architecture, ProviderID: o.Spec.ProviderID, BootID: BootID(i.BootID), Labels: pairs(o.Labels),
		Unschedulable: o.Spec.Unschedulable, KubeletPort: o.Status.DaemonEndpoints.KubeletEndpoint.Port,
	}
	for _, t := range o.Spec.Taints {
		n.Taints = append(n.Taints, snapshot.Taint{Key: t.Key, Value: t.Value, Effect: string(t.Effect)})
		n.ControlPlane = n.ControlPlane || controlPlane(t.Key)
	}
	for k := range o.Labels {
		n.ControlPlane = n.ControlPlane || controlPlane(k)
	}
	for _, a := range o.Status.Addresses {
		n.Addresses = append(n.Addresses, snapshot.Address{Type: string(a.Type), Address: a.Address})
	}
	slices.SortFunc(n.Addresses, func(x, y snapshot.Address) int {
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.Address, y.Address))
	})
	for _, c := range o.Status.Conditions {
		n.Ready = n.Ready || c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	}
	return n
}

func controlPlane(key string) bool {
	return key == "node-role.kubernetes.io/control-plane" || key == "node-role.kubernetes.io/master" || key == "node-role.kubernetes.io/controlplane"
}

// BootID reduces the identity of a boot to what can be compared and tells nothing:
// the first 16 hex digits of its sha256. Hyphens and case do not count.
func BootID(id string) string {
	id = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// implyNamespaces adds the namespaces that objects of files name and that no file
// defines. Of a namespace that files define twice the first counts.
func (b *Builder) implyNamespaces() {
	s, have := &b.out, make(map[string]bool)
	sortBy(s.Namespaces, func(r *snapshot.Namespace) snapshot.Location { return place("", "", r.Name, r.Loc) })
	s.Namespaces = slices.CompactFunc(s.Namespaces, func(x, y snapshot.Namespace) bool { return x.Name == y.Name })
	for _, n := range s.Namespaces {
		have[n.Name] = true
	}
	add := func(name string) {
		if name != "" && !have[name] {
			have[name] = true
			s.Namespaces = append(s.Namespaces, snapshot.Namespace{Scope: b.Scope, Name: name, Implied: true})
		}
	}
	for i := range b.cands {
		add(b.cands[i].w.Namespace)
	}
	for i := range s.ServiceAccounts {
		add(s.ServiceAccounts[i].Namespace)
	}
	for i := range s.Roles {
		add(s.Roles[i].Namespace)
	}
	for i := range s.Bindings {
		add(s.Bindings[i].Namespace)
	}
	for i := range s.NetworkPolicies {
		add(s.NetworkPolicies[i].Namespace)
	}
	for i := range s.Services {
		add(s.Services[i].Namespace)
	}
	for i := range s.Ingresses {
		add(s.Ingresses[i].Namespace)
	}
	for i := range s.Secrets {
		add(s.Secrets[i].Namespace)
	}
	for i := range s.ConfigMaps {
		add(s.ConfigMaps[i].Namespace)
	}
	for i := range s.Quotas {
		add(s.Quotas[i].Namespace)
	}
	for i := range s.LimitRanges {
		add(s.LimitRanges[i].Namespace)
	}
}
