package snapshot

// Host is the machine that an engine or a node runs on.
type Host struct {
	Scope     string         `json:"scope"`
	Name      string         `json:"name"`
	Kernel    string         `json:"kernel,omitempty"`
	Distro    string         `json:"distro,omitempty"`    // ID of /etc/os-release
	Release   string         `json:"release,omitempty"`   // VERSION_ID of it
	MemTotal  int64          `json:"memTotal,omitempty"`  // bytes
	AppArmor  State          `json:"appArmor"`            // Observed: enabled; Absent: proved off
	SELinux   string         `json:"selinux,omitempty"`   // enforcing, permissive, disabled; "" unknown
	PidMax    int64          `json:"pidMax,omitempty"`    // kernel.pid_max: numbers of processes and threads that the machine has
	PortStart int            `json:"portStart,omitempty"` // net.ipv4.ip_unprivileged_port_start
	Cgroup    Fact[Cgroups]  `json:"cgroup"`
	Accounts  Fact[Accounts] `json:"accounts"`
	SubIDs    Fact[SubIDs]   `json:"subIDs,omitzero"`
	Kernels   Fact[Kernels]  `json:"kernels,omitzero"`
	Audit     Audit          `json:"audit,omitzero"`
}

// SubIDs are the ranges of IDs that accounts may use in user namespaces.
type SubIDs struct {
	Ranges []SubID `json:"ranges,omitempty"` // in the order of the files
}

// SubID is one line of /etc/subuid or /etc/subgid.
type SubID struct {
	File  string  `json:"file"`
	Owner string  `json:"owner"` // name or number of an account
	Start int64   `json:"start"`
	Count int64   `json:"count"`
	Taken []int64 `json:"taken,omitempty"` // IDs in it that an account of /etc/passwd, or a group of /etc/group, has itself; the first few
}

// Kernels are the running kernel's build and the builds that are installed.
type Kernels struct {
	Build     string   `json:"build"`               // /proc/sys/kernel/version: on Debian it names the package's version
	Installed []string `json:"installed,omitempty"` // releases with an image in /boot or modules, sorted; none in a machine that is booted from elsewhere
}

// Cgroups says which controllers the kernel can enforce.
type Cgroups struct {
	Version     int      `json:"version"`     // 1, 2; 3 for a hybrid of both
	Controllers []string `json:"controllers"` // mounted and enabled, sorted
}

// Accounts are the local groups and users that matter for an engine's sockets.
type Accounts struct {
	OtherSources []string `json:"otherSources,omitempty"` // name services beside files (ldap, sss …): membership is then partial
	Groups       []Group  `json:"groups,omitempty"`
}

// Group is a local group that can open an engine socket.
type Group struct {
	Name    string   `json:"name"`
	GID     int64    `json:"gid"`
	Members []string `json:"members,omitempty"` // listed members and users whose primary group it is, sorted
}

// Listener is a listening socket of the engine's process.
type Listener struct {
	Scope   string `json:"scope"`   // an engine scope
	Network string `json:"network"` // tcp, unix
	Address string `json:"address"` // IP for tcp, path for unix
	Port    uint16 `json:"port,omitempty"`
	// API says what a caller without a client certificate got, for TCP:
	// open (answered in clear), tls-open (answered over TLS), refused (TLS asked
	// for a certificate), none (not an API endpoint), unknown (not probed).
	API string `json:"api,omitempty"`
}

// Network is one network of an engine.
type Network struct {
	Scope    string `json:"scope"`
	Name     string `json:"name"`
	ID       string `json:"id"`
	Driver   string `json:"driver"`
	Internal bool   `json:"internal,omitempty"`
	IPv6     bool   `json:"ipv6,omitempty"`
	Default  bool   `json:"default,omitempty"` // the default bridge
	Ingress  bool   `json:"ingress,omitempty"` // the routing mesh of a swarm
	Options  []Pair `json:"options,omitempty"` // those of bridge and overlay drivers

	Loc *Location `json:"location,omitempty"` // of one that a compose file describes
}

// Volume is one named volume.
type Volume struct {
	Scope   string      `json:"scope"`
	Name    string      `json:"name"`
	Driver  string      `json:"driver"`
	Device  string      `json:"device,omitempty"` // host path of a bind-like local volume
	Options []Secretish `json:"options,omitempty"`
}
