package snapshot

// APIConfig is what the files say that kube-apiserver is given.
type APIConfig struct {
	Admission      Fact[[]AdmissionPlugin]    `json:"admission,omitzero"`      // --admission-control-config-file
	Encryption     Fact[[]EncryptionRule]     `json:"encryption,omitzero"`     // --encryption-provider-config
	Authentication Fact[AuthenticationConfig] `json:"authentication,omitzero"` // --authentication-config
	Authorizers    Fact[[]string]             `json:"authorizers,omitzero"`    // --authorization-config: types in their order
	Audit          Fact[[]AuditPolicyRule]    `json:"audit,omitzero"`          // --audit-policy-file
}

// AdmissionPlugin is the configuration of one admission plugin.
type AdmissionPlugin struct {
	Name        string                `json:"name"`
	File        string                `json:"file,omitempty"`        // where it does not stand in the file itself
	State       State                 `json:"state"`                 // of that
	EventLimits []string              `json:"eventLimits,omitempty"` // of EventRateLimit: types of its limits
	Exempt      *PodSecurityExemption `json:"exempt,omitempty"`      // of PodSecurity
}

// PodSecurityExemption lists what the PodSecurity plugin leaves alone.
type PodSecurityExemption struct {
	Users          []string `json:"users,omitempty"`
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`
	Namespaces     []string `json:"namespaces,omitempty"`
}

// EncryptionRule says how some resources are stored: by the first provider. No
// key is kept.
type EncryptionRule struct {
	Resources []string `json:"resources"`
	Providers []string `json:"providers"` // identity, aescbc, aesgcm, secretbox, kms-v1, kms-v2
}

// AuthenticationConfig is what structured authentication sets.
type AuthenticationConfig struct {
	Anonymous string   `json:"anonymous,omitempty"` // true, false, "" unset
	Paths     []string `json:"paths,omitempty"`     // to which anonymous requests are limited
	Issuers   []string `json:"issuers,omitempty"`   // of JSON web tokens
}

// AuditPolicyRule is one rule of an audit policy.
type AuditPolicyRule struct {
	Level      string           `json:"level"`
	Users      []string         `json:"users,omitempty"`
	Groups     []string         `json:"groups,omitempty"`
	Verbs      []string         `json:"verbs,omitempty"`
	Namespaces []string         `json:"namespaces,omitempty"`
	URLs       []string         `json:"urls,omitempty"`
	Resources  []AuditResources `json:"resources,omitempty"`
}

// AuditResources are resources of one API group in an audit rule.
type AuditResources struct {
	Group     string   `json:"group,omitempty"` // "" is the core group
	Resources []string `json:"resources,omitempty"`
	Names     []string `json:"names,omitempty"`
}
