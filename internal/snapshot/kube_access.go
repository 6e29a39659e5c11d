package snapshot

// ServiceAccount is an identity of pods.
type ServiceAccount struct {
	Scope       string    `json:"scope"`
	Namespace   string    `json:"namespace"`
	Name        string    `json:"name"`
	UID         string    `json:"uid,omitempty"`
	Automount   *bool     `json:"automount,omitempty"`
	Secrets     []string  `json:"secrets,omitempty"`     // names of the secrets it lists
	PullSecrets []string  `json:"pullSecrets,omitempty"` // names
	Cloud       []Pair    `json:"cloud,omitempty"`       // annotations that tie it to an identity of a provider
	Loc         *Location `json:"location,omitempty"`
}

// Role is a Role, or with an empty namespace a ClusterRole.
type Role struct {
	Scope      string    `json:"scope"`
	Namespace  string    `json:"namespace,omitempty"`
	Name       string    `json:"name"`
	UID        string    `json:"uid,omitempty"`
	Labels     []Pair    `json:"labels,omitempty"`     // sorted by key
	Rules      []Rule    `json:"rules,omitempty"`      // as stored; those of an aggregated role are what the controller last wrote
	Aggregates [][]Pair  `json:"aggregates,omitempty"` // label selectors of the roles it takes its rules from; one that has expressions is listed in Unread
	BuiltIn    bool      `json:"builtIn,omitempty"`    // Kubernetes made it: label kubernetes.io/bootstrapping
	Owner      *Owner    `json:"owner,omitempty"`
	Unread     []string  `json:"unread,omitempty"`
	Loc        *Location `json:"location,omitempty"`
}

// Rule grants verbs on resources or on paths that are no resources.
type Rule struct {
	Verbs     []string `json:"verbs"`
	Groups    []string `json:"groups,omitempty"` // "" is the core group
	Resources []string `json:"resources,omitempty"`
	Names     []string `json:"names,omitempty"` // of objects; empty: all
	URLs      []string `json:"urls,omitempty"`
}

// Binding is a RoleBinding, or with an empty namespace a ClusterRoleBinding.
type Binding struct {
	Scope       string        `json:"scope"`
	Namespace   string        `json:"namespace,omitempty"`
	Name        string        `json:"name"`
	UID         string        `json:"uid,omitempty"`
	ClusterRole bool          `json:"clusterRole,omitempty"` // refers to a ClusterRole
	Role        string        `json:"role"`
	Subjects    []RBACSubject `json:"subjects,omitempty"`
	BuiltIn     bool          `json:"builtIn,omitempty"`
	Invalid     string        `json:"invalid,omitempty"` // why the API server would not take it
	Owner       *Owner        `json:"owner,omitempty"`
	Loc         *Location     `json:"location,omitempty"`
}

// RBACSubject is whom a binding is for.
type RBACSubject struct {
	Kind      string `json:"kind"` // User, Group, ServiceAccount
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// CSR is a request for a certificate, without the request itself.
type CSR struct {
	Scope     string   `json:"scope"`
	Name      string   `json:"name"`
	Signer    string   `json:"signer"`
	Requester string   `json:"requester"`         // user name
	User      string   `json:"user,omitempty"`    // common name of the subject asked for
	Groups    []string `json:"groups,omitempty"`  // organisations asked for
	Usages    []string `json:"usages,omitempty"`  //
	Seconds   int64    `json:"seconds,omitempty"` // life asked for; 0: the signer's
	Issued    bool     `json:"issued,omitempty"`
	NotAfter  string   `json:"notAfter,omitempty"` // RFC 3339, of the certificate issued
	State     string   `json:"state,omitempty"`    // Approved, Denied, Failed, empty: pending
	Created   string   `json:"created,omitempty"`
}
