package snapshot

// Secret is a Secret without its values.
type Secret struct {
	Scope     string      `json:"scope"`
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	UID       string      `json:"uid,omitempty"`
	Type      string      `json:"type,omitempty"`
	Keys      []Secretish `json:"keys,omitempty"` // empty where only metadata was read
	Account   string      `json:"account,omitempty"`
	Created   string      `json:"created,omitempty"`  // RFC 3339
	LastUsed  string      `json:"lastUsed,omitempty"` // date that the API server keeps for legacy tokens
	Immutable bool        `json:"immutable,omitempty"`
	Owner     *Owner      `json:"owner,omitempty"`
	Loc       *Location   `json:"location,omitempty"`
}

// ConfigMap is a ConfigMap reduced to what is known to be no secret.
type ConfigMap struct {
	Scope     string      `json:"scope"`
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	UID       string      `json:"uid,omitempty"`
	Keys      []Secretish `json:"keys,omitempty"`    // shape of each value
	Inside    []Secretish `json:"inside,omitempty"`  // values that look like credentials inside them, named KEY:line N:NAME
	Digest    string      `json:"digest,omitempty"`  // sha256 of the data of the configuration of a known component
	Parsed    []Pair      `json:"parsed,omitempty"`  // fields read of a known component's configuration: CoreDNS forwards, kubeadm's flags, …
	Mapped    []string    `json:"mapped,omitempty"`  // aws-auth: ARN=group,group
	Created   string      `json:"created,omitempty"` // RFC 3339
	Immutable bool        `json:"immutable,omitempty"`
	Loc       *Location   `json:"location,omitempty"`
}

// StorageClass makes volumes.
type StorageClass struct {
	Scope       string    `json:"scope"`
	Name        string    `json:"name"`
	Provisioner string    `json:"provisioner"`
	Parameters  []Pair    `json:"parameters,omitempty"` // sorted; values that may be secrets left out
	Loc         *Location `json:"location,omitempty"`
}

// PersistentVolume is a volume of the cluster, or the claim for one.
type PersistentVolume struct {
	Scope  string    `json:"scope"`
	Name   string    `json:"name"`
	Type   string    `json:"type"`           // the field's name in the API: hostPath, local, csi, nfs, …
	Path   string    `json:"path,omitempty"` // of hostPath and local
	Driver string    `json:"driver,omitempty"`
	Class  string    `json:"class,omitempty"`
	Claim  string    `json:"claim,omitempty"` // NAMESPACE/NAME it is bound to
	Loc    *Location `json:"location,omitempty"`
}

// Definition is a CustomResourceDefinition.
type Definition struct {
	Scope    string    `json:"scope"`
	Name     string    `json:"name"`
	Group    string    `json:"group"`
	Kind     string    `json:"kind"`
	Versions []string  `json:"versions,omitempty"`
	Template bool      `json:"template,omitempty"` // its instances hold pod templates that are read
	Loc      *Location `json:"location,omitempty"`
}
