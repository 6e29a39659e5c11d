package snapshot

// Cluster is a Kubernetes cluster as its API server describes it, or what the
// manifests of a folder say of one.
type Cluster struct {
	Scope        string        `json:"scope"`
	Version      string        `json:"version,omitempty"`      // of the API server, v1.37.2
	Distribution string        `json:"distribution,omitempty"` // kubeadm, k3s, rke2, eks, gke, aks, …; empty when nothing tells
	Provider     string        `json:"provider,omitempty"`     // of the nodes' provider IDs: aws, gce, azure, …
	CA           string        `json:"ca,omitempty"`           // first 16 hex digits of the sha256 of its CA certificate; node evidence is joined by it
	Endpoints    []APIEndpoint `json:"endpoints,omitempty"`    // where its API server is reached
	Served       []APIResource `json:"served,omitempty"`       // what it serves, sorted; empty in files
	Admission    []string      `json:"admission,omitempty"`    // engines that enforce policy and were recognised: kyverno, gatekeeper, …
	CNI          []CNI         `json:"cni,omitempty"`          // network plugins recognised, by evidence
	Unjudged     []KindCount   `json:"unjudged,omitempty"`     // objects seen or named of kinds that are not understood
}

// APIEndpoint is a place where an API server is said to answer.
type APIEndpoint struct {
	Source    string   `json:"source"` // kubeconfig, cluster-info, endpoint slice, node address
	Host      string   `json:"host"`
	Port      int      `json:"port,omitempty"`
	Addresses []string `json:"addresses,omitempty"` // what the name resolved to where it was looked up
}

// APIResource is a resource of a group and version.
type APIResource struct {
	GroupVersion string `json:"groupVersion"` // apps/v1, v1
	Kind         string `json:"kind"`
	Resource     string `json:"resource"` // plural
	Namespaced   bool   `json:"namespaced,omitempty"`
}

// CNI is a network plugin and what tells of it.
type CNI struct {
	Name     string `json:"name"`     // calico, cilium, flannel, …
	Policy   string `json:"policy"`   // yes, no, or unknown: whether it enforces network policies as configured
	Evidence string `json:"evidence"` // the workload, object or file that tells
}

// KindCount counts objects of a kind that nothing judges.
type KindCount struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Count      int    `json:"count"`
	Template   bool   `json:"template,omitempty"` // something in it has the form of a pod template that no path reached
}

// Node is a node object. What its own machine shows is in [Component], [Kubelet]
// and files.
type Node struct {
	Scope         string    `json:"scope"`
	Name          string    `json:"name"`
	UID           string    `json:"uid,omitempty"`
	Kubelet       string    `json:"kubelet,omitempty"` // version
	Runtime       string    `json:"runtime,omitempty"` // containerd://1.7.2
	Kernel        string    `json:"kernel,omitempty"`
	OSImage       string    `json:"osImage,omitempty"`
	OS            string    `json:"os,omitempty"` // linux, windows
	Arch          string    `json:"arch,omitempty"`
	ProviderID    string    `json:"providerID,omitempty"`
	BootID        string    `json:"bootID,omitempty"` // hashed; tells the machine under the scope Host
	Labels        []Pair    `json:"labels,omitempty"` // sorted by key
	Taints        []Taint   `json:"taints,omitempty"`
	Addresses     []Address `json:"addresses,omitempty"`
	ControlPlane  bool      `json:"controlPlane,omitempty"` // by label, taint or a component seen on it
	Ready         bool      `json:"ready,omitempty"`
	Unschedulable bool      `json:"unschedulable,omitempty"`
	KubeletPort   int32     `json:"kubeletPort,omitempty"`
}

// Address is an address of a node.
type Address struct {
	Type    string `json:"type"` // InternalIP, ExternalIP, Hostname, InternalDNS, ExternalDNS
	Address string `json:"address"`
}

// Taint keeps pods off a node; a toleration matches it.
type Taint struct {
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect"` // NoSchedule, PreferNoSchedule, NoExecute
}

// Namespace is a namespace, or in files one that objects name.
type Namespace struct {
	Scope    string    `json:"scope"`
	Name     string    `json:"name"`
	UID      string    `json:"uid,omitempty"`
	Labels   []Pair    `json:"labels,omitempty"` // sorted by key
	Created  string    `json:"created,omitempty"`
	Implied  bool      `json:"implied,omitempty"` // in files: named by objects, not defined
	Terminal bool      `json:"terminating,omitempty"`
	Loc      *Location `json:"location,omitempty"`
}

// System reports whether the namespace is the cluster's own.
func (n *Namespace) System() bool { return SystemNamespace(n.Name) }

// SystemNamespace reports whether a namespace is one that Kubernetes itself makes
// for its own parts.
func SystemNamespace(name string) bool {
	return name == "kube-system" || name == "kube-public" || name == "kube-node-lease"
}
