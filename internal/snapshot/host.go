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
	PortStart int            `json:"portStart,omitempty"` // net.ipv4.ip_unprivileged_port_start
	Cgroup    Fact[Cgroups]  `json:"cgroup"`
	Accounts  Fact[Accounts] `json:"accounts"`
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

// FileRole says why a file is in the snapshot.
type FileRole string

// The roles of files.
const (
	RoleEngineSocket  FileRole = "engine-socket"  // an API socket of a Docker engine
	RoleRuntimeSocket FileRole = "runtime-socket" // containerd, CRI-O, Podman, BuildKit
	RoleRuntime       FileRole = "runtime"        // a program that an engine starts containers with
)

// File is a host file, seen in the host's mount namespace.
type File struct {
	Scope   string      `json:"scope"`            // a host scope
	Engine  string      `json:"engine,omitempty"` // the engine scope it belongs to
	Path    string      `json:"path"`
	Role    FileRole    `json:"role"`
	State   State       `json:"state"`
	Reason  Reason      `json:"reason,omitempty"`
	Chain   []string    `json:"chain,omitempty"` // symbolic links followed, in order
	Real    string      `json:"real,omitempty"`
	Type    string      `json:"type,omitempty"` // file, dir, socket, symlink, device, fifo
	Mode    uint32      `json:"mode"`           // permission bits with setuid, setgid and sticky: 07777
	UID     int64       `json:"uid"`
	GID     int64       `json:"gid"`
	Dev     uint64      `json:"dev,omitempty"`
	Ino     uint64      `json:"ino,omitempty"`
	ACL     Fact[[]ACL] `json:"acl"`
	Parents []Directory `json:"parents,omitempty"` // of the real path, innermost first, up to /
}

// ACL is one entry of a POSIX access list beside owner, group and other.
type ACL struct {
	Kind string `json:"kind"` // user, group, mask
	ID   int64  `json:"id"`   // numeric; -1 for mask
	Perm uint8  `json:"perm"` // rwx bits
}

// Directory is a parent of a file.
type Directory struct {
	Path string `json:"path"`
	Mode uint32 `json:"mode"` // 07777
	UID  int64  `json:"uid"`
	GID  int64  `json:"gid"`
	Dev  uint64 `json:"dev,omitempty"`
	Ino  uint64 `json:"ino,omitempty"`
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

// Image is one image in an engine's store.
type Image struct {
	Scope   string      `json:"scope"`
	ID      string      `json:"id"`
	Tags    []string    `json:"tags,omitempty"`
	Digests []string    `json:"digests,omitempty"` // repository digests
	Created string      `json:"created,omitempty"` // RFC 3339
	Size    int64       `json:"size,omitempty"`    // bytes
	User    string      `json:"user,omitempty"`
	UserUID Fact[int64] `json:"userUID"` // User, resolved through the image's own passwd file
	Health  string      `json:"health,omitempty"`
	Env     []Secretish `json:"env,omitempty"`
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
}

// Volume is one named volume.
type Volume struct {
	Scope   string      `json:"scope"`
	Name    string      `json:"name"`
	Driver  string      `json:"driver"`
	Device  string      `json:"device,omitempty"` // host path of a bind-like local volume
	Options []Secretish `json:"options,omitempty"`
}
