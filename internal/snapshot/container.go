package snapshot

// ContainerSpec is the configuration of one or more containers, or of a compose
// service. Containers with equal configuration share one, so that size and work
// follow distinct configurations, not replicas.
type ContainerSpec struct {
	Image      string      `json:"image"`             // the reference it was started from, as written
	ImageID    string      `json:"imageID,omitempty"` // the engine's image ID
	User       string      `json:"user,omitempty"`    // as configured, image default included
	Env        []Secretish `json:"env,omitempty"`
	Args       []Secretish `json:"args,omitempty"` // entrypoint and command, by position
	Health     Health      `json:"health"`
	Privileged bool        `json:"privileged,omitempty"`

	CapAdd   []string `json:"capAdd,omitempty"`  // upper case, without CAP_, sorted; ALL allowed
	CapDrop  []string `json:"capDrop,omitempty"` // likewise
	GroupAdd []string `json:"groupAdd,omitempty"`
	Security Security `json:"security"`

	ReadonlyRootfs bool     `json:"readonlyRootfs,omitempty"`
	Tmpfs          []string `json:"tmpfs,omitempty"`        // mount points
	TmpfsOptions   []Pair   `json:"tmpfsOptions,omitempty"` // of those, the options asked for, by mount point
	Mounts         []Mount  `json:"mounts,omitempty"`

	NetworkMode string   `json:"networkMode,omitempty"` // host, none, bridge, container:KEY, a network's name
	PidMode     string   `json:"pidMode,omitempty"`     // "", host, container:KEY
	IpcMode     string   `json:"ipcMode,omitempty"`     // "", private, shareable, host, none, container:KEY
	UTSMode     string   `json:"utsMode,omitempty"`     // "", host
	UsernsMode  string   `json:"usernsMode,omitempty"`  // "", host
	CgroupMode  string   `json:"cgroupMode,omitempty"`  // "", private, host
	Networks    []string `json:"networks,omitempty"`    // names attached, sorted
	Ports       []Port   `json:"ports,omitempty"`

	Resources     Resources     `json:"resources"`
	RestartPolicy RestartPolicy `json:"restartPolicy"`
	AutoRemove    bool          `json:"autoRemove,omitempty"`

	Devices        []Device `json:"devices,omitempty"`
	DeviceRequests []string `json:"deviceRequests,omitempty"` // driver names or CDI device names
	DeviceRules    []string `json:"deviceRules,omitempty"`    // device cgroup rules
	Sysctls        []Pair   `json:"sysctls,omitempty"`
	Runtime        string   `json:"runtime,omitempty"`
	LogDriver      string   `json:"logDriver,omitempty"`
	Trust          string   `json:"trust,omitempty"` // value of the label "trust", where it is a plain word

	// Unread names the fields above that were not understood or, in a file, hang on
	// a variable without a value, by their path in JSON, or is [AllUnread]. Such a
	// field's value says nothing, or not all.
	Unread []string `json:"unread,omitempty"`
}

// Security is what the security options ask for.
type Security struct {
	NoNewPrivileges *bool    `json:"noNewPrivileges,omitempty"` // nil: not stated, the daemon's default applies
	Seccomp         string   `json:"seccomp,omitempty"`         // "" (engine default), unconfined, builtin, or sha256:… of a given profile
	AppArmor        string   `json:"appArmor,omitempty"`        // profile as the engine reports it
	SELinux         []string `json:"selinux,omitempty"`         // label options: disable, type:…, level:…
	ProcessLabel    string   `json:"processLabel,omitempty"`    // SELinux label the engine assigned
	SystemPaths     string   `json:"systemPaths,omitempty"`     // unconfined when masking is off

	// Masked says that the engine stated which kernel paths it hides or keeps
	// read-only, or that a file leaves that to it; Unmasked lists those of the
	// usual ones that are missing there.
	Masked   bool     `json:"masked,omitempty"`
	Unmasked []string `json:"unmasked,omitempty"`

	WritableCgroups bool `json:"writableCgroups,omitempty"` // it may change its own control groups; current engines
}

// Health is the health test, without its command.
type Health struct {
	Test   string `json:"test,omitempty"`   // "" (none), NONE (switched off), CMD, CMD-SHELL
	Proved bool   `json:"proved,omitempty"` // in a file: its image is made from nothing, so that none is none
}

// RestartPolicy is the engine's, or for a swarm task the service's.
type RestartPolicy struct {
	Name    string `json:"name,omitempty"` // "", no, on-failure, always, unless-stopped
	Max     int64  `json:"max,omitempty"`  // 0 with on-failure is unlimited
	Service bool   `json:"service,omitempty"`

	// Of a service: restarts are counted over a window, 0 being for ever, and are
	// apart by a delay, both in milliseconds.
	Window int64 `json:"window,omitempty"`
	Delay  int64 `json:"delay,omitempty"`
}

// Resources are limits as configured; 0 means not set, except PidsLimit where
// nil, 0 and -1 all mean unlimited.
type Resources struct {
	Memory            int64    `json:"memory,omitempty"`            // bytes
	MemorySwap        int64    `json:"memorySwap,omitempty"`        // bytes, memory and swap together; -1 unlimited
	MemoryReservation int64    `json:"memoryReservation,omitempty"` // bytes; not a limit
	NanoCPUs          int64    `json:"nanoCPUs,omitempty"`          // 1e-9 CPU
	CPUShares         int64    `json:"cpuShares,omitempty"`         // relative weight, engine default 1024
	CPUQuota          int64    `json:"cpuQuota,omitempty"`          // microseconds per period
	CPUPeriod         int64    `json:"cpuPeriod,omitempty"`         // microseconds
	CpusetCPUs        string   `json:"cpusetCPUs,omitempty"`
	PidsLimit         *int64   `json:"pidsLimit,omitempty"`
	OomKillDisable    bool     `json:"oomKillDisable,omitempty"`
	OomScoreAdj       int64    `json:"oomScoreAdj,omitempty"` // -1000, never killed, to 1000, killed first
	CgroupParent      string   `json:"cgroupParent,omitempty"`
	Ulimits           []Ulimit `json:"ulimits,omitempty"`
}

// Ulimit is one process limit; -1 is unlimited.
type Ulimit struct {
	Name string `json:"name"`
	Soft int64  `json:"soft"`
	Hard int64  `json:"hard"`
}

// Mount is a bind, volume or tmpfs mount. Real, Dev and Ino are of the source
// on the host after symlinks; they are zero when it was not looked at.
type Mount struct {
	Type        string `json:"type"` // bind, volume, tmpfs, npipe, cluster, image
	Source      string `json:"source,omitempty"`
	Volume      string `json:"volume,omitempty"`  // volume name
	Subpath     string `json:"subpath,omitempty"` // folder of the volume that is shown instead of the whole; Engine 26 and later
	Destination string `json:"destination"`
	ReadOnly    bool   `json:"readOnly,omitempty"`
	Propagation string `json:"propagation,omitempty"`
	Real        string `json:"real,omitempty"` // source after symlinks, in the host's mount namespace
	Dev         uint64 `json:"dev,omitempty"`
	Ino         uint64 `json:"ino,omitempty"`
	Resolved    State  `json:"resolved"`

	// Shows are other host paths that it shows: where what is mounted on the source
	// or below it comes from, sorted, at most 64.
	Shows []string `json:"shows,omitempty"`
}

// Port is one published port. HostPort 0 is chosen by the engine at start, unless
// the port is routed.
type Port struct {
	Proto         string `json:"proto"` // tcp, udp, sctp
	ContainerPort uint16 `json:"containerPort"`
	HostIP        string `json:"hostIP,omitempty"`
	HostPort      uint16 `json:"hostPort,omitempty"`
	Routed        bool   `json:"routed,omitempty"` // open at the container's own address instead of at the host's: gateway mode routed, Engine 27 and later
}

// Device is a host device handed in.
type Device struct {
	Host        string `json:"host"`
	Container   string `json:"container,omitempty"`
	Permissions string `json:"permissions,omitempty"`
}

// Pair is a key with a value that is no secret.
type Pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Container is one container of an engine in any state, or a compose service.
type Container struct {
	Scope   string `json:"scope"`
	Key     string `json:"key"` // compose/PROJECT/SERVICE/N, swarm/SERVICE/SLOT, k8s/NS/POD/NAME, name/NAME
	Name    string `json:"name"`
	ID      string `json:"id,omitempty"`
	Spec    int    `json:"spec"`              // index in ContainerSpecs
	Runtime int    `json:"runtime"`           // index in Runtimes
	Owner   *Owner `json:"owner,omitempty"`   // what manages it; nil: nothing
	KeptFor string `json:"keptFor,omitempty"` // set when harden keeps it, stopped, to roll back this journal

	Created  string `json:"created,omitempty"`  // RFC 3339, as the engine says; empty when it did not
	Finished string `json:"finished,omitempty"` // end of the last run, likewise; empty while it runs or if it never did

	Usage    Fact[Usage]  `json:"usage"`
	Loc      *Location    `json:"location,omitempty"`
	Fields   []FieldLoc   `json:"fields,omitempty"`  // where a file sets them, by field; empty on an engine
	Build    *Build       `json:"build,omitempty"`   // how a compose service builds its image
	Sharers  []string     `json:"sharers,omitempty"` // keys of containers that join its namespaces or volumes
	Writable Fact[int]    `json:"writable"`          // number of paths changed in its writable layer, outside its mounts
	Networks []Attachment `json:"attachments,omitempty"`
}

// Attachment is a container's place in a network.
type Attachment struct {
	Network string `json:"network"`
	IP      string `json:"ip,omitempty"`
}

// Owner is what manages a container: a change made to the container alone would
// be lost or fought.
type Owner struct {
	Kind    string   `json:"kind"`              // compose, swarm, kubernetes; of objects of a cluster helm, argocd, flux, addon-manager, operator
	Name    string   `json:"name"`              // PROJECT/SERVICE, SERVICE, NS/POD; NS/RELEASE, APPLICATION, KIND/NAME
	Sources []string `json:"sources,omitempty"` // files to change, where known
}

// Usage is what a container was seen to use.
type Usage struct {
	MemoryCurrent int64 `json:"memoryCurrent"`        // bytes
	MemoryPeak    int64 `json:"memoryPeak,omitempty"` // bytes since start; 0 when the kernel does not say
	Pids          int64 `json:"pids"`
}

// Runtime is the live state of one or more containers: equal states are stored
// once. A container without a process has Skipped or Absent facts.
type Runtime struct {
	Status  string        `json:"status"` // created, running, paused, restarting, exited, removing, dead
	Process Fact[Process] `json:"process"`
	Cgroup  Fact[Cgroup]  `json:"cgroup"`
	Account Fact[int64]   `json:"account,omitzero"` // the configured user, where that is a name: its number in the container's own passwd file
}

// Live reports whether the container has a process.
func (r *Runtime) Live() bool {
	return r.Status == "running" || r.Status == "paused" || r.Status == "restarting"
}

// Process is what the kernel says of a container's first process.
type Process struct {
	UID       int64  `json:"uid"`     // as seen inside the container
	HostUID   int64  `json:"hostUID"` // as seen in the initial user namespace
	CapEff    uint64 `json:"capEff"`  // bit n is capability number n
	CapBnd    uint64 `json:"capBnd"`
	NoNewPriv bool   `json:"noNewPriv"`
	Seccomp   int    `json:"seccomp"`       // 0 off, 1 strict, 2 filter
	LSM       string `json:"lsm,omitempty"` // AppArmor profile and mode, or SELinux label

	// Namespaces shared with the host's first process.
	HostNet  bool `json:"hostNet,omitempty"`
	HostPid  bool `json:"hostPid,omitempty"`
	HostIpc  bool `json:"hostIpc,omitempty"`
	HostUts  bool `json:"hostUts,omitempty"`
	HostUser bool `json:"hostUser,omitempty"`

	Groups []int64 `json:"groups,omitempty"` // supplementary, as seen in the initial user namespace, sorted

	RootReadOnly bool     `json:"rootReadOnly,omitempty"`
	WritableIn   []string `json:"writableIn,omitempty"` // writable mounts below a read-only one other than /, pseudo file systems left out; at most 64
	Nofile       int64    `json:"nofile"`               // hard limit of open files; -1 unlimited
	Nproc        int64    `json:"nproc"`                // hard limit of processes; -1 unlimited
	UIDs         []int64  `json:"uids,omitempty"`       // effective, of all its processes, as seen inside, sorted, at most 64; -1 stands for processes that were not readable or not looked at. Empty where only the first was looked at
	Programs     []string `json:"programs,omitempty"`   // base names of executables of all its processes, sorted, at most 64
	Listening    []uint16 `json:"listening,omitempty"`  // TCP ports listened on in its network namespace, sorted, at most 256
}

// Cgroup is what the kernel enforces; -1 is unlimited.
type Cgroup struct {
	Version           int    `json:"version"`           // 1 or 2
	Path              string `json:"path,omitempty"`    // parent of the container's own group
	MemoryMax         int64  `json:"memoryMax"`         // bytes, its own group
	MemoryAncestorMax int64  `json:"memoryAncestorMax"` // bytes, the lowest of its ancestors
	MemorySwapMax     int64  `json:"memorySwapMax"`     // bytes, memory and swap together; -1 also where swap is not accounted
	CPUQuota          int64  `json:"cpuQuota"`          // microseconds per period
	CPUPeriod         int64  `json:"cpuPeriod"`
	CPUShares         int64  `json:"cpuShares"` // v1 scale, default 1024; v2 weights are converted
	Cpuset            string `json:"cpuset,omitempty"`
	PidsMax           int64  `json:"pidsMax"`
}
