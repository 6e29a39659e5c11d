package host

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"plimsoll/internal/snapshot"
)

// Machine is one Linux machine, seen through its files. What cannot change
// while a collection runs is read once, so a Machine serves one collection. It
// is safe for concurrent use.
type Machine struct {
	tree
	mounts  func() ([]mount, error)    // of the machine's first process, or our own
	cgroups func() ([]mount, error)    // those of mounts that are hierarchies of control groups
	origins func() (*origins, error)   // those of mounts, as places to come from
	initial func() (namespaces, error) // of the machine's first process
	uidmap  func() ([]idRange, error)  // of our own user namespace
	gidmap  func() ([]idRange, error)  // likewise
	scope   func() (id, how string)    // identity and where it comes from
	audit   func(context.Context) (snapshot.AuditState, error)
	loaded  []snapshot.LoadedFile
	mu      sync.Mutex // guards agents
	agents  *agents    // daemons found among the processes

	ancestors once[string, int64]          // limit of a group that holds containers' groups, by file
	idMaps    once[uint64, []idRange]      // by user namespace
	listening once[uint64, []uint16]       // TCP ports, by network namespace
	openSock  once[int, map[uint64]bool]   // inodes of a daemon's open sockets, by process
	unixPaths once[int, []string]          // sockets that a daemon listens on, by process
	unlabeled [len(labelFiles)]atomic.Bool // the kernel has no such file, or nothing in it
}

// Open returns the machine below a directory: "" for this one, "/host" for one
// whose root is mounted there. Nothing is read yet.
func Open(root string) *Machine {
	m := &Machine{tree: tree{root: strings.TrimRight(root, "/"), readers: new(readers)}, audit: readAudit} // the kernel is the same below a prefix
	m.mounts = sync.OnceValues(m.readMounts)
	m.cgroups = sync.OnceValues(func() ([]mount, error) {
		all, err := m.mounts()
		return slices.DeleteFunc(slices.Clone(all), func(mt mount) bool { return mt.kind != "cgroup" && mt.kind != "cgroup2" }), err
	})
	m.origins = sync.OnceValues(func() (*origins, error) {
		all, err := m.mounts()
		return newOrigins(all), err
	})
	m.initial = sync.OnceValues(m.readInitial)
	m.uidmap = sync.OnceValues(func() ([]idRange, error) {
		b, err := m.read("/proc/self/uid_map", maxText)
		return parseIDMap(b), err
	})
	m.gidmap = sync.OnceValues(func() ([]idRange, error) {
		b, err := m.read("/proc/self/gid_map", maxText)
		return parseIDMap(b), err
	})
	m.scope = sync.OnceValues(m.readScope)
	return m
}

// Loaded tells of configuration files that harden changed and engines run with. It
// comes before anything is read.
func (m *Machine) Loaded(files []snapshot.LoadedFile) { m.loaded = files }

// once remembers what was read for a key, and lets others who ask meanwhile wait
// for it. An error is not remembered: it may be that of a process that ended.
type once[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]*kept[V]
}

type kept[V any] struct {
	mu    sync.Mutex
	read  bool
	value V
}

func (o *once[K, V]) get(k K, read func() (V, error)) (V, error) {
	o.mu.Lock()
	if o.known == nil {
		o.known = make(map[K]*kept[V])
	}
	e := o.known[k]
	if e == nil {
		e = new(kept[V])
		o.known[k] = e
	}
	o.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.read {
		return e.value, nil
	}
	v, err := read()
	if err == nil {
		e.value, e.read = v, true
	}
	return v, err
}

// Reads lists, for people, everything that the package reads.
func (m *Machine) Reads() []string {
	return []string{
		"/etc/machine-id, /var/lib/dbus/machine-id, /sys/class/dmi/id/product_uuid, /etc/hostname: identity, of which only a hash is kept",
		"/etc/os-release, /usr/lib/os-release, /proc/sys/kernel/osrelease, /proc/sys/kernel/pid_max, /proc/meminfo, /proc/stat: distribution, kernel, process numbers, memory, boot time",
		"/sys/module/apparmor/parameters/enabled, /sys/fs/selinux/enforce, /proc/filesystems, /etc/selinux/config: security modules",
		"/proc/sys/net/ipv4/ip_unprivileged_port_start: the first port that needs a privilege",
		"/proc/cgroups, /proc/self/mountinfo, /sys/fs/cgroup: controllers, and limits and use of containers",
		"/etc/group, /etc/passwd, /etc/nsswitch.conf: groups that can open an engine's socket, and their members",
		"the engine's unix socket: connected to, to learn which process listens on it",
		"docker.pid beside the socket, in /run and where /etc/docker/daemon.json puts it: the daemon's process ID",
		"/proc/PID of the daemon: exe, comm, status, stat, limits, cmdline, fd, net, ns, children; of environ only HOME, XDG_CONFIG_HOME, DOCKER_CONFIG and DOCKER_CERT_PATH",
		"the daemon's configuration file: values of known harmless keys, of others the name, length and shape",
		"/proc/PID of containers: status, stat, uid_map, cgroup, ns, mountinfo, limits, attr, net/sockstat, net/tcp, and exe of each process",
		"/proc/PID/exe of every process, or where that is closed comm and cmdline of root's: to find dockerd, containerd and what keeps or ships log records",
		"unix sockets of dockerd, containerd, CRI-O, Podman and BuildKit: mode, owner, access list, links and parent directories",
		"the daemon's TCP listeners: GET /_ping in clear and over TLS, without a client certificate",
		"containerd's configuration and what it imports: the image verifier's directory, and the names in it",
		"docker.service and docker.socket in systemd's search path, their drop-ins and environment files: mode, owner, access list, and which environment files they name",
		"/etc/docker, /etc/docker/certs.d, /etc/default/docker, /etc/sysconfig/docker, /etc/containerd/config.toml, /run/containerd: mode, owner, access list",
		"the daemon's configuration file, TLS files, data root and containerd's, programs of daemon, containerd, shims and runtimes: mode, owner, access list; of the data roots also free space",
		"swarm/docker-state.json below the data root: the addresses that the engine was given for its swarm",
		"/etc/subuid, /etc/subgid: ranges of IDs, and which of them accounts have",
		"/proc/sys/kernel/version, names in /boot and /lib/modules: the running and the installed kernels",
		"the kernel's audit status and rules, asked over netlink; /etc/audit/rules.d, /etc/audit/audit.rules: rules about files",
		"/etc/audit/plugins.d, audisp-remote.conf, rsyslog, syslog-ng and journal-upload configuration: whether records go to another machine, not which",
		"~/.docker of every account: of config.json and contexts who logins are for, helpers, endpoints and the shapes of secrets; modes of keys and plugins; ~/.ssh/config: StrictHostKeyChecking; /opt/docker-desktop and its settings",
		"profiles, environment files and units of machine and accounts: DOCKER_ variables, of which host and shape are kept",
		"for a registry on this machine that is named: exe, cmdline, environ and sockets of its process, and its configuration, password file and storage folder, of which no secret is kept; /etc/docker/certs.d",
		"/var/lib/dpkg/info/*.list, /var/lib/dpkg/status, /lib/apk/db/installed: the package that the daemon comes from",
	}
}
