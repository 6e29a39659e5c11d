package snapshot

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Engine is one Docker engine, or in a scope of files what a daemon.json makes of
// one: then nothing but Scope, Name and Config is known.
type Engine struct {
	Scope      string `json:"scope"`
	Name       string `json:"name"` // host name it reports
	Version    string `json:"version"`
	APIVersion string `json:"apiVersion"`
	OS         string `json:"os,omitempty"`
	Kernel     string `json:"kernel,omitempty"`
	Platform   string `json:"platform,omitempty"`   // "Docker Engine - Community", "Podman Engine", …
	Components []Pair `json:"components,omitempty"` // containerd, runc, docker-init and their versions
	Builds     []Pair `json:"builds,omitempty"`     // of the components, what they were built from: a commit, or a distribution's package version
	Package    string `json:"package,omitempty"`    // distribution package name and version, where found

	Rootless        bool     `json:"rootless,omitempty"`
	UsernsRemap     bool     `json:"usernsRemap,omitempty"`
	SecurityOptions []string `json:"securityOptions,omitempty"` // as /info lists them
	Experimental    bool     `json:"experimental,omitempty"`
	Debug           bool     `json:"debug,omitempty"`
	LiveRestore     bool     `json:"liveRestore,omitempty"`
	Swarm           string   `json:"swarm,omitempty"` // inactive, active, …
	StorageDriver   string   `json:"storageDriver,omitempty"`
	ContainerdStore bool     `json:"containerdStore,omitempty"` // the containerd image store is in use
	LoggingDriver   string   `json:"loggingDriver,omitempty"`
	CgroupDriver    string   `json:"cgroupDriver,omitempty"`
	CgroupVersion   int      `json:"cgroupVersion,omitempty"`
	RootDir         string   `json:"rootDir,omitempty"`
	DefaultRuntime  string   `json:"defaultRuntime,omitempty"`
	Runtimes        []string `json:"runtimes,omitempty"`
	RuntimePaths    []Pair   `json:"runtimePaths,omitempty"` // of the runtimes, the program or the type of shim
	MemTotal        int64    `json:"memTotal,omitempty"`     // bytes
	CPUs            int      `json:"cpus,omitempty"`

	MemoryLimit bool     `json:"memoryLimit,omitempty"` // the kernel can enforce it
	SwapLimit   bool     `json:"swapLimit,omitempty"`
	CPUQuota    bool     `json:"cpuQuota,omitempty"`
	CPUShares   bool     `json:"cpuShares,omitempty"`
	PidsLimit   bool     `json:"pidsLimit,omitempty"`
	Warnings    []string `json:"warnings,omitempty"`

	InsecureRegistries   []string    `json:"insecureRegistries,omitempty"` // hosts and CIDRs, built-in loopback ranges left out
	Mirrors              []string    `json:"mirrors,omitempty"`            // URLs without credentials
	Proxies              []Secretish `json:"proxies,omitempty"`            // HttpProxy and HttpsProxy of /info, where set
	AuthorizationPlugins []string    `json:"authorizationPlugins,omitempty"`
	NetworkPlugins       []string    `json:"networkPlugins,omitempty"`
	FirewallBackend      string      `json:"firewallBackend,omitempty"` // FirewallBackend.Driver of /info: iptables, nftables, …; "" before Engine 28.2

	Process  Fact[DaemonProcess] `json:"process"`
	Config   Fact[DaemonConfig]  `json:"config"`
	Verifier Fact[Verifier]      `json:"verifier"`
	Plugins  Fact[[]Plugin]      `json:"plugins,omitzero"`
	Cluster  Fact[Swarm]         `json:"cluster,omitzero"` // Absent when Swarm is inactive
}

// Plugin is a managed plugin with the rights it was granted.
type Plugin struct {
	Name    string   `json:"name"`
	Enabled bool     `json:"enabled,omitempty"`
	Rights  []string `json:"rights,omitempty"` // rights over the host: "network host", "device /dev/fuse", "capability SYS_ADMIN" …, sorted
}

// DaemonProcess is the dockerd process behind the socket.
type DaemonProcess struct {
	PID     int       `json:"pid"`
	Exe     string    `json:"exe"`
	UID     int64     `json:"uid"` // in the initial user namespace
	Started time.Time `json:"started,omitzero"`
	Nofile  int64     `json:"nofile"`            // hard limit of open files; -1 unlimited
	Proxies int       `json:"proxies,omitempty"` // docker-proxy children
	FoundBy string    `json:"foundBy"`           // socket-peer, pid-file, or socket-holder: found by the listening socket it has open; with ", by name" behind it where its executable could not be read and root's process was taken at its word
}

// DaemonConfig is the effective configuration: flags of the command line merged
// with the file they name.
type DaemonConfig struct {
	File     string    `json:"file"`               // path of the configuration file
	FileSeen State     `json:"fileSeen"`           // Observed, Absent (defaults apply), Failed (unparsable) …
	Modified time.Time `json:"modified,omitzero"`  // of the file; left out when it was not read
	Settings []Setting `json:"settings,omitempty"` // sorted by key
	Twice    []string  `json:"twice,omitempty"`    // keys set on the command line and in the file, sorted
	Unknown  []string  `json:"unknown,omitempty"`  // keys of the file that dockerd does not know, sorted

	// Repeated are keys of a file target that stand in it more than once, inner ones
	// after the outer key and a dot, with the first place. The last one holds.
	Repeated []Repeated `json:"repeated,omitempty"`
	Broken   *Location  `json:"broken,omitempty"` // where a file target stops being one that dockerd takes

	// Seccomp identifies the file that seccomp-profile names: "sha256:" and the
	// hex digest of its content. Empty when no file is named or it was not read.
	Seccomp string `json:"seccomp,omitempty"`

	// Loaded says that the engine is known to run with the file as it is, though it
	// changed after the engine's start: harden made the change, of keys that reload.
	Loaded bool `json:"loaded,omitempty"`
}

// startSlack covers that the kernel tells a process's start to a second, and not
// always the same one.
const startSlack = time.Second

// Unread reports whether the configuration file may say other than what the
// engine read at its start: it changed since, or whether it did is not known.
// What the engine itself reports may still settle a key.
func (e *Engine) Unread() bool {
	c, began := &e.Config.V, e.Process.V.Started
	if !e.Config.Known() || c.FileSeen != Observed || c.Loaded {
		return false
	}
	return !e.Process.Known() || began.IsZero() || c.Modified.IsZero() || c.Modified.Sub(began) > startSlack
}

// LoadedFile is a state of a configuration file that an engine's process is known
// to run with, though it is newer: harden wrote it.
type LoadedFile struct {
	Path     string    `json:"path"`
	PID      int       `json:"pid"`
	Modified time.Time `json:"modified"` // of the file, as exactly as the file system tells
}

// Setting is one key of the daemon's configuration, by its name in daemon.json.
type Setting struct {
	Key    string     `json:"key"`
	Values []string   `json:"values,omitempty"`   // several for list keys; nil when concealed
	Hidden *Secretish `json:"hidden,omitempty"`   // set when the value may be a secret
	Origin string     `json:"origin"`             // flag or file
	Loc    *Location  `json:"location,omitempty"` // in a file target: where it is set
}

// Repeated is a key that stands in a file more than once.
type Repeated struct {
	Key string   `json:"key"`
	Loc Location `json:"location"`
}

// Setting returns the values of a key and whether it is set at all.
func (c *DaemonConfig) Setting(key string) ([]string, bool) {
	i, ok := slices.BinarySearchFunc(c.Settings, key, func(s Setting, k string) int { return strings.Compare(s.Key, k) })
	if !ok {
		return nil, false
	}
	return c.Settings[i].Values, true
}

// Bool returns a boolean key, or def when it is unset or not a boolean.
func (c *DaemonConfig) Bool(key string, def bool) bool {
	v, ok := c.Setting(key)
	if !ok || len(v) != 1 {
		return def
	}
	b, err := strconv.ParseBool(v[0])
	if err != nil {
		return def
	}
	return b
}

// String returns a scalar key, or def when it is unset.
func (c *DaemonConfig) String(key, def string) string {
	if v, ok := c.Setting(key); ok && len(v) == 1 {
		return v[0]
	}
	return def
}

// Origin says where a key was set: flag, file or "" for the default.
func (c *DaemonConfig) Origin(key string) string {
	for _, s := range c.Settings {
		if s.Key == key {
			return s.Origin
		}
	}
	return ""
}

// Verifier is what is configured to refuse unsigned images at pull.
type Verifier struct {
	BinDir   string   `json:"binDir,omitempty"`   // containerd's image verifier directory
	Binaries []string `json:"binaries,omitempty"` // executables in it; an empty directory accepts everything
	PullsBy  string   `json:"pullsBy,omitempty"`  // docker or containerd: which code path pulls
}
