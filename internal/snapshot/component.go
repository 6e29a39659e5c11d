package snapshot

import (
	"slices"
	"strings"
	"time"
)

// The names of components, which are also the kinds of their subjects.
const (
	APIServer         = "kube-apiserver"
	Etcd              = "etcd"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "kubelet"
	KubeProxy         = "kube-proxy"
	CloudController   = "cloud-controller-manager"
)

// ComponentSource says where the description of a component comes from.
type ComponentSource string

// The sources, those first that decide when there are several.
const (
	FromProcess       ComponentSource = "process"       // a running process
	FromMirrorPod     ComponentSource = "mirror-pod"    // what the API shows of a static pod
	FromManifest      ComponentSource = "manifest"      // a static pod's file, of which no process was seen
	FromConfigz       ComponentSource = "configz"       // what a kubelet itself answers, through the API server
	FromConfiguration ComponentSource = "configuration" // a distribution's own configuration of a component inside another program
)

// Component is a part of Kubernetes as a node, or the API, shows it.
type Component struct {
	Scope  string          `json:"scope"`          // of the cluster
	Node   string          `json:"node,omitempty"` // name of the node
	Host   string          `json:"host,omitempty"` // scope of the node's machine
	Name   string          `json:"name"`           // kube-apiserver, …
	Source ComponentSource `json:"source"`
	Within string          `json:"within,omitempty"` // the program that it is a part of: k3s, kubelite

	Version   string    `json:"version,omitempty"`   // v1.37.2; "" not proved
	VersionBy string    `json:"versionBy,omitempty"` // what proves it
	PID       int       `json:"pid,omitempty"`
	Started   time.Time `json:"started,omitzero"` // UTC
	UID       int64     `json:"uid,omitempty"`    // of the process
	GID       int64     `json:"gid,omitempty"`
	Manifest  string    `json:"manifest,omitempty"` // of the static pod

	Flags   Fact[[]ComponentFlag] `json:"flags"`             // in the order given
	Env     Fact[[]ComponentFlag] `json:"env,omitzero"`      // of etcd: ETCD_ variables, as flags
	Config  Fact[[]ConfigField]   `json:"config,omitzero"`   // of etcd, kube-proxy: what its configuration file sets
	Named   []NamedFile           `json:"named,omitempty"`   // files that flags and configuration name
	Changed []string              `json:"changed,omitempty"` // files of it that are newer than the process: a restart is pending
	Ports   Fact[[]Listening]     `json:"ports,omitzero"`

	// Served is the certificate that its TLS port shows, asked from the machine itself.
	Served Fact[ServedCertificate] `json:"served,omitzero"`

	Stored Fact[int64] `json:"stored,omitzero"` // of etcd: bytes of its database

	API       *APIConfig       `json:"api,omitempty"`
	Kubelet   *KubeletConfig   `json:"kubelet,omitempty"`
	Scheduler *SchedulerConfig `json:"scheduler,omitempty"`
}

// ComponentFlag is one occurrence of a flag, its name with dashes between words
// and none in front.
type ComponentFlag struct {
	Name   string     `json:"name"`
	Value  string     `json:"value"`
	Hidden *Secretish `json:"hidden,omitempty"` // in the place of a value that may be a secret
}

// ConfigField is one field of a configuration by its path, such as
// authentication.anonymous.enabled. A list is one text with commas.
type ConfigField struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // a file, a flag, or default
}

// Listening is a TCP socket on which a process accepts connections.
type Listening struct {
	Address string `json:"address"`
	Port    uint16 `json:"port"`
}

// ServedCertificate is what a TLS port shows to anyone who connects.
type ServedCertificate struct {
	Subject string    `json:"subject"`
	Issuer  string    `json:"issuer"`
	Key     string    `json:"key"` // hash of its public key
	Until   time.Time `json:"until"`
	Own     bool      `json:"own,omitempty"`     // it, or the authority shown with it, signed itself and is known to nobody
	Cluster bool      `json:"cluster,omitempty"` // the authority of the cluster proves to have signed it
}

// NamedFile is a file that a component was told to use, as it sees it.
type NamedFile struct {
	By     string `json:"by"`           // the flag or field that names it
	Path   string `json:"path"`         // as it is named
	At     string `json:"at,omitempty"` // the same file on the node; "" when the node does not show it
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`
	Mode   uint32 `json:"mode,omitempty"`
	UID    int64  `json:"uid,omitempty"`
	GID    int64  `json:"gid,omitempty"`
	Key    string `json:"key,omitempty"`    // hash of the public part of the first private or public key in it
	Digest string `json:"digest,omitempty"` // of a file without secrets: sha256 of its bytes
}

// Occurrences returns the values of a flag in the order given; a value that was
// concealed is "".
func (c *Component) Occurrences(name string) []string { return occurrences(c.Flags.V, name) }

func occurrences(flags []ComponentFlag, name string) []string {
	var out []string
	for i := range flags {
		if flags[i].Name == name {
			out = append(out, flags[i].Value)
		}
	}
	return out
}

// Flag returns the value of a flag that holds one: the last that was given.
func (c *Component) Flag(name string) (value string, set bool) {
	all := c.Occurrences(name)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

// FlagList returns the values of a flag that holds a list: those of all
// occurrences, each divided at commas.
func (c *Component) FlagList(name string) (values []string, set bool) {
	all := c.Occurrences(name)
	for _, v := range all {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.Trim(strings.TrimSpace(item), `"`); item != "" {
				values = append(values, item)
			}
		}
	}
	return values, len(all) > 0
}

// FlagMap returns what the occurrences of a flag of KEY=VALUE pairs say of a key;
// the last holds. A prefix before a colon names the component that is meant.
func (c *Component) FlagMap(name, key string) (value string, set bool) {
	for _, v := range c.Occurrences(name) {
		for pair := range strings.SplitSeq(v, ",") {
			k, val, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if _, after, colon := strings.Cut(k, ":"); colon {
				k = after
			}
			if ok && strings.TrimSpace(k) == key {
				value, set = strings.TrimSpace(val), true
			}
		}
	}
	return value, set
}

// FileBy returns the file that a flag or field names; the last one where it is
// given several times.
func (c *Component) FileBy(by string) *NamedFile {
	for i := len(c.Named) - 1; i >= 0; i-- {
		if c.Named[i].By == by {
			return &c.Named[i]
		}
	}
	return nil
}

// FieldOf returns a field of a configuration.
func FieldOf(list []ConfigField, key string) (ConfigField, bool) {
	i := slices.IndexFunc(list, func(s ConfigField) bool { return s.Key == key })
	if i < 0 {
		return ConfigField{}, false
	}
	return list[i], true
}

// key is what tells a component from the others of its cluster.
func (c *Component) key() string { return "component/" + c.Name + "/" + c.Node }

// KubeletConfig is the configuration that a kubelet runs with.
type KubeletConfig struct {
	File    string   `json:"file,omitempty"`    // of --config; "" when none is used, which changes the defaults
	Dir     string   `json:"dir,omitempty"`     // of --config-dir
	DropIns []string `json:"dropIns,omitempty"` // in the order in which they are read

	// Merged is what flags and files give together, with defaults where neither
	// says anything. Live is what the kubelet itself answers, which decides.
	Merged Fact[[]ConfigField] `json:"merged"`
	Live   Fact[[]ConfigField] `json:"live,omitzero"`

	Unit Fact[[]ConfigField] `json:"unit,omitzero"` // of its systemd unit: IPAddressAllow, IPAddressDeny
}

// SchedulerConfig is the file of kube-scheduler's --config.
type SchedulerConfig struct {
	File      Fact[bool]          `json:"file"`                // whether it was read and understood
	Profiling string              `json:"profiling,omitempty"` // enableProfiling: true, false, "" unset
	Extenders []SchedulerExtender `json:"extenders,omitempty"`
	Profiles  []SchedulerProfile  `json:"profiles,omitempty"`
}

// SchedulerExtender is a program that the scheduler asks over HTTP.
type SchedulerExtender struct {
	URL string `json:"url"` // without credentials
	TLS bool   `json:"tls,omitempty"`
}

// SchedulerProfile is one scheduler by its name.
type SchedulerProfile struct {
	Name    string   `json:"name,omitempty"`
	Plugins []string `json:"plugins,omitempty"` // enabled besides the default ones, sorted
}
