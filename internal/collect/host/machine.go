package host

import (
	"strings"
	"sync"
)

// Machine is one Linux machine, seen through its files. What cannot change
// while a collection runs is read once, so a Machine serves one collection. It
// is safe for concurrent use.
type Machine struct {
	tree
	mounts  func() ([]mount, error)    // of the machine's first process, or our own
	initial func() (namespaces, error) // of the machine's first process
	uidmap  func() ([]idRange, error)  // of our own user namespace
	gidmap  func() ([]idRange, error)  // likewise
	scope   func() (id, how string)    // identity and where it comes from
	mu      sync.Mutex                 // guards agents
	agents  *agents                    // daemons found among the processes
}

// Open returns the machine below a directory: "" for this one, "/host" for one
// whose root is mounted there. Nothing is read yet.
func Open(root string) *Machine {
	m := &Machine{tree: tree{strings.TrimRight(root, "/")}}
	m.mounts = sync.OnceValues(m.readMounts)
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

// Reads lists, for people, everything that the package reads.
func (m *Machine) Reads() []string {
	return []string{
		"/etc/machine-id, /var/lib/dbus/machine-id, /sys/class/dmi/id/product_uuid, /etc/hostname: identity, of which only a hash is kept",
		"/etc/os-release, /usr/lib/os-release, /proc/sys/kernel/osrelease, /proc/meminfo, /proc/stat: distribution, kernel, memory, boot time",
		"/sys/module/apparmor/parameters/enabled, /sys/fs/selinux/enforce, /proc/filesystems, /etc/selinux/config: security modules",
		"/proc/sys/net/ipv4/ip_unprivileged_port_start: the first port that needs a privilege",
		"/proc/cgroups, /proc/self/mountinfo, /sys/fs/cgroup: controllers, and limits and use of containers",
		"/etc/group, /etc/passwd, /etc/nsswitch.conf: groups that can open an engine's socket, and their members",
		"the engine's unix socket: connected to, to learn which process listens on it",
		"docker.pid beside the socket, in /run and where /etc/docker/daemon.json puts it: the daemon's process ID",
		"/proc/PID of the daemon: exe, status, stat, limits, cmdline, fd, net, ns, children; of environ only HOME and XDG_CONFIG_HOME",
		"the daemon's configuration file: values of known harmless keys, of others the name, length and shape",
		"/proc/PID of containers: status, stat, uid_map, cgroup, ns, mountinfo, limits, attr, net/sockstat, net/tcp, and exe of each process",
		"the programs that the engine starts containers with: mode, owner, access list, links and parent directories",
		"/proc/PID/exe of every process: to find dockerd and containerd",
		"unix sockets of dockerd, containerd, CRI-O, Podman and BuildKit: mode, owner, access list, links and parent directories",
		"the daemon's TCP listeners: GET /_ping in clear and over TLS, without a client certificate",
		"containerd's configuration and what it imports: the image verifier's directory, and the names in it",
		"/var/lib/dpkg/info/*.list, /var/lib/dpkg/status, /lib/apk/db/installed: the package that the daemon comes from",
	}
}
