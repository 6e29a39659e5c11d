package snapshot

// Webhook is one webhook of a configuration, or the conversion webhook of a custom
// resource definition, or an aggregated API.
type Webhook struct {
	Scope      string        `json:"scope"`
	Kind       string        `json:"kind"`   // ValidatingWebhookConfiguration, MutatingWebhookConfiguration, CustomResourceDefinition, APIService
	Object     string        `json:"object"` // name of the configuration
	Name       string        `json:"name"`   // of the webhook in it; empty for the other kinds
	UID        string        `json:"uid,omitempty"`
	Service    string        `json:"service,omitempty"` // NAMESPACE/NAME
	Port       int32         `json:"port,omitempty"`
	URL        string        `json:"url,omitempty"` // without credentials
	CA         bool          `json:"ca,omitempty"`  // a CA bundle is given
	Insecure   bool          `json:"insecure,omitempty"`
	Fail       bool          `json:"fail,omitempty"`    // failurePolicy Fail
	Seconds    int32         `json:"seconds,omitempty"` // timeout
	Rules      []WebhookRule `json:"rules,omitempty"`
	Namespaces Selector      `json:"namespaces"`
	Objects    Selector      `json:"objects"`
	Conditions []string      `json:"conditions,omitempty"` // CEL of the match conditions
	Loc        *Location     `json:"location,omitempty"`
}

// WebhookRule is what a webhook or a policy is asked about.
type WebhookRule struct {
	Groups     []string `json:"groups,omitempty"`
	Versions   []string `json:"versions,omitempty"`
	Resources  []string `json:"resources,omitempty"`
	Operations []string `json:"operations,omitempty"`
	Names      []string `json:"names,omitempty"`
	Scope      string   `json:"scope,omitempty"` // *, Namespaced, Cluster
}

// AdmissionPolicy is a ValidatingAdmissionPolicy with its bindings, or a policy of
// an engine that was recognised.
type AdmissionPolicy struct {
	Scope       string             `json:"scope"`
	Kind        string             `json:"kind"` // ValidatingAdmissionPolicy, MutatingAdmissionPolicy, ClusterPolicy, …
	Namespace   string             `json:"namespace,omitempty"`
	Name        string             `json:"name"`
	UID         string             `json:"uid,omitempty"`
	Fail        bool               `json:"fail,omitempty"`
	Enforced    bool               `json:"enforced,omitempty"` // of engines without bindings: it rejects
	Rules       []WebhookRule      `json:"rules,omitempty"`
	Excluded    []WebhookRule      `json:"excluded,omitempty"`
	Namespaces  Selector           `json:"namespaces"`
	Objects     Selector           `json:"objects"`
	Conditions  []string           `json:"conditions,omitempty"`  // CEL of the match conditions
	Validations []string           `json:"validations,omitempty"` // CEL, each at most 4,096 bytes
	Warnings    int                `json:"warnings,omitempty"`    // of its type check
	Bindings    []AdmissionBinding `json:"bindings,omitempty"`
	Loc         *Location          `json:"location,omitempty"`
}

// AdmissionBinding puts a policy into force.
type AdmissionBinding struct {
	Name       string        `json:"name"`
	Actions    []string      `json:"actions,omitempty"` // Deny, Warn, Audit
	Namespaces Selector      `json:"namespaces"`
	Objects    Selector      `json:"objects"`
	Rules      []WebhookRule `json:"rules,omitempty"`
	Params     bool          `json:"params,omitempty"`
	Loc        *Location     `json:"location,omitempty"`
}

// Quota is a ResourceQuota.
type Quota struct {
	Scope     string    `json:"scope"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Hard      []Pair    `json:"hard,omitempty"`   // sorted by key
	Scopes    []string  `json:"scopes,omitempty"` // scopes and scope selectors, as text: PriorityClass In high
	Loc       *Location `json:"location,omitempty"`
}

// LimitRange is one entry of a LimitRange.
type LimitRange struct {
	Scope     string    `json:"scope"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Type      string    `json:"type"` // Container, Pod, PersistentVolumeClaim
	Default   Amounts   `json:"default"`
	Request   Amounts   `json:"request"` // defaultRequest
	Max       Amounts   `json:"max"`
	Min       Amounts   `json:"min"`
	Loc       *Location `json:"location,omitempty"`
}

// DisruptionBudget is a PodDisruptionBudget.
type DisruptionBudget struct {
	Scope       string    `json:"scope"`
	Namespace   string    `json:"namespace"`
	Name        string    `json:"name"`
	Pods        Selector  `json:"pods"`
	Min         string    `json:"min,omitempty"` // minAvailable, number or percentage
	Max         string    `json:"max,omitempty"` // maxUnavailable
	Disruptions int32     `json:"disruptions,omitempty"`
	Loc         *Location `json:"location,omitempty"`
}

// Autoscaler is a HorizontalPodAutoscaler.
type Autoscaler struct {
	Scope     string    `json:"scope"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Target    string    `json:"target"` // KIND/NAME
	Min       int32     `json:"min"`
	Max       int32     `json:"max"`
	Loc       *Location `json:"location,omitempty"`
}

// PriorityClass ranks pods.
type PriorityClass struct {
	Scope      string    `json:"scope"`
	Name       string    `json:"name"`
	Value      int32     `json:"value"`
	Default    bool      `json:"default,omitempty"`
	Preemption string    `json:"preemption,omitempty"` // empty: PreemptLowerPriority
	Loc        *Location `json:"location,omitempty"`
}

// RuntimeClass names a handler of the container runtime.
type RuntimeClass struct {
	Scope   string    `json:"scope"`
	Name    string    `json:"name"`
	Handler string    `json:"handler"`
	Loc     *Location `json:"location,omitempty"`
}

// FlowSchema sorts requests to the API server into priority levels.
type FlowSchema struct {
	Scope      string   `json:"scope"`
	Name       string   `json:"name"`
	Level      string   `json:"level"`
	Precedence int32    `json:"precedence"`
	Subjects   []string `json:"subjects,omitempty"` // Kind/name
	BuiltIn    bool     `json:"builtIn,omitempty"`  // kept up by the API server itself
	Dangling   bool     `json:"dangling,omitempty"` // its level is missing
}

// PriorityLevel bounds requests.
type PriorityLevel struct {
	Scope   string `json:"scope"`
	Name    string `json:"name"`
	Exempt  bool   `json:"exempt,omitempty"`
	Shares  int32  `json:"shares,omitempty"`
	Queue   bool   `json:"queue,omitempty"` // requests beyond the limit wait, else they are turned away
	BuiltIn bool   `json:"builtIn,omitempty"`
}
