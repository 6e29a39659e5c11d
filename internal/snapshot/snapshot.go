// Package snapshot holds typed evidence of a running system or of the files
// that become one. A [Snapshot] is the only thing that crosses from the world
// into the logic: collectors fill it, everything after it is a pure function of
// it. It imports the standard library only.
//
// Three rules hold for every type here. Absence of evidence is visible: a thing
// that could not be read is a [PartStatus] or a [Fact] with a reason, never a
// zero value. Secrets do not enter: a value that may be one is a [Secretish].
// Content decides identity: the same evidence gives the same bytes and ID.
package snapshot

import "time"

// Schema is the version of the JSON form. Within it, fields are only added.
const Schema = "plimsoll.snapshot/v1"

// Snapshot is the evidence of one collection.
type Snapshot struct {
	Schema    string    `json:"schema"`
	ID        string    `json:"id"`        // sha256 of the canonical JSON without this field, in hex
	Tool      string    `json:"tool"`      // name and version of the collector
	Catalogue string    `json:"catalogue"` // version of the checks it was collected for
	Taken     time.Time `json:"taken"`     // start of collection, UTC, whole seconds
	Complete  bool      `json:"complete"`  // false when collection was cut short

	Scopes []Scope      `json:"scopes"`
	Parts  []PartStatus `json:"parts"`

	Hosts          []Host          `json:"hosts,omitempty"`
	Engines        []Engine        `json:"engines,omitempty"`
	ContainerSpecs []ContainerSpec `json:"containerSpecs,omitempty"` // distinct configurations
	Runtimes       []Runtime       `json:"runtimes,omitempty"`       // distinct live states
	Containers     []Container     `json:"containers,omitempty"`
	Images         []Image         `json:"images,omitempty"`
	Networks       []Network       `json:"networks,omitempty"`
	Volumes        []Volume        `json:"volumes,omitempty"`
	Files          []File          `json:"files,omitempty"`
	Listeners      []Listener      `json:"listeners,omitempty"`
	Dockerfiles    []Dockerfile    `json:"dockerfiles,omitempty"`
	Clients        []Client        `json:"clients,omitempty"`
	Registries     []Registry      `json:"registries,omitempty"`

	NodeHosts    []NodeHost   `json:"nodeHosts,omitempty"`
	Components   []Component  `json:"components,omitempty"`
	Certificates []X509       `json:"certificates,omitempty"`
	Kubeconfigs  []Kubeconfig `json:"kubeconfigs,omitempty"`

	Clusters          []Cluster          `json:"clusters,omitempty"`
	Nodes             []Node             `json:"nodes,omitempty"`
	Namespaces        []Namespace        `json:"namespaces,omitempty"`
	PodSpecs          []PodSpec          `json:"podSpecs,omitempty"` // distinct specifications
	Workloads         []Workload         `json:"workloads,omitempty"`
	Pods              []PodRow           `json:"pods,omitempty"`
	ServiceAccounts   []ServiceAccount   `json:"serviceAccounts,omitempty"`
	Roles             []Role             `json:"roles,omitempty"`
	Bindings          []Binding          `json:"bindings,omitempty"`
	CSRs              []CSR              `json:"csrs,omitempty"`
	NetworkPolicies   []NetworkPolicy    `json:"networkPolicies,omitempty"`
	Services          []Service          `json:"services,omitempty"`
	Ingresses         []Ingress          `json:"ingresses,omitempty"`
	Webhooks          []Webhook          `json:"webhooks,omitempty"`
	AdmissionPolicies []AdmissionPolicy  `json:"admissionPolicies,omitempty"`
	Quotas            []Quota            `json:"quotas,omitempty"`
	LimitRanges       []LimitRange       `json:"limitRanges,omitempty"`
	DisruptionBudgets []DisruptionBudget `json:"disruptionBudgets,omitempty"`
	Autoscalers       []Autoscaler       `json:"autoscalers,omitempty"`
	PriorityClasses   []PriorityClass    `json:"priorityClasses,omitempty"`
	RuntimeClasses    []RuntimeClass     `json:"runtimeClasses,omitempty"`
	FlowSchemas       []FlowSchema       `json:"flowSchemas,omitempty"`
	PriorityLevels    []PriorityLevel    `json:"priorityLevels,omitempty"`
	Secrets           []Secret           `json:"secrets,omitempty"`
	ConfigMaps        []ConfigMap        `json:"configMaps,omitempty"`
	StorageClasses    []StorageClass     `json:"storageClasses,omitempty"`
	PersistentVolumes []PersistentVolume `json:"persistentVolumes,omitempty"`
	Definitions       []Definition       `json:"definitions,omitempty"`
}

// ScopeKind is the kind of thing that was looked at.
type ScopeKind string

// The scope kinds.
const (
	ScopeEngine   ScopeKind = "engine"
	ScopeHost     ScopeKind = "host"
	ScopeCluster  ScopeKind = "cluster"
	ScopeRegistry ScopeKind = "registry"
	ScopeFiles    ScopeKind = "files"
	ScopeImages   ScopeKind = "images" // images that were named one by one: in a file, a registry or an engine
)

// Scope is one thing that was looked at, with its own identity and start time.
type Scope struct {
	// ID is unique in the snapshot and stable between snapshots:
	// "engine:" and the engine's ID, "host:" and a hash of the machine ID, …
	// A scope that could not be identified is named by the endpoint asked.
	ID     string    `json:"id"`
	Kind   ScopeKind `json:"kind"`
	Name   string    `json:"name"`             // for people: a host name, an endpoint
	Target string    `json:"target,omitempty"` // the endpoint that was asked
	Host   string    `json:"host,omitempty"`   // the scope of the machine it runs on
	Taken  time.Time `json:"taken"`            // UTC, whole seconds
	Remote bool      `json:"remote,omitempty"` // the endpoint is not on the collecting machine
}

// Scope returns the scope with the ID, or nil.
func (s *Snapshot) Scope(id string) *Scope {
	for i := range s.Scopes {
		if s.Scopes[i].ID == id {
			return &s.Scopes[i]
		}
	}
	return nil
}

// Engine returns the engine of the scope, or nil when the scope has none.
func (s *Snapshot) Engine(scope string) *Engine {
	for i := range s.Engines {
		if s.Engines[i].Scope == scope {
			return &s.Engines[i]
		}
	}
	return nil
}

// Host returns the host of the scope, or of the scope's machine, or nil.
func (s *Snapshot) Host(scope string) *Host {
	if sc := s.Scope(scope); sc != nil && sc.Kind != ScopeHost {
		scope = sc.Host
	}
	for i := range s.Hosts {
		if s.Hosts[i].Scope == scope {
			return &s.Hosts[i]
		}
	}
	return nil
}

// Cluster returns the cluster of the scope, or nil when the scope has none.
func (s *Snapshot) Cluster(scope string) *Cluster {
	for i := range s.Clusters {
		if s.Clusters[i].Scope == scope {
			return &s.Clusters[i]
		}
	}
	return nil
}

// Registry returns the registry of the scope, or nil.
func (s *Snapshot) Registry(scope string) *Registry {
	for i := range s.Registries {
		if s.Registries[i].Scope == scope {
			return &s.Registries[i]
		}
	}
	return nil
}

// Part returns the status of a part of a scope as a whole. A part without a
// line was not collected.
func (s *Snapshot) Part(scope string, p Part) PartStatus {
	for _, st := range s.Parts {
		if st.Part == p && st.Item == "" && st.Scope == scope {
			return st
		}
	}
	return PartStatus{Scope: scope, Part: p, State: Skipped, Reason: ReasonNotCollected}
}
