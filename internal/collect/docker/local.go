package docker

import (
	"context"

	"plimsoll/internal/snapshot"
)

// Local is what the collector asks of the machine that the engine runs on. It
// is nil when the engine is not proved to run on this machine, so that evidence
// of the wrong machine is impossible. Package host implements it.
type Local interface {
	// Daemon finds the process that answers on a unix socket: by the socket's
	// peer credentials, else by a pid file; in both cases /proc/PID/exe must be
	// a dockerd (or podman) binary.
	Daemon(ctx context.Context, socket string) snapshot.Fact[snapshot.DaemonProcess]

	// Config merges the daemon's NUL-split command line with the file it names.
	Config(ctx context.Context, d snapshot.DaemonProcess) snapshot.Fact[snapshot.DaemonConfig]

	// Container reads the kernel's view of a container by its first process, and
	// looks a user's name up in the container's own accounts; "" is none. A fact
	// that cannot be read carries its own reason.
	Container(ctx context.Context, pid int, user string) ContainerFacts

	// Resolve follows a path's symbolic links in the host's mount namespace.
	Resolve(path string) Resolved

	// Shown lists the other paths of the host that a path without symbolic links
	// shows, where mounts on it come from; recursive counts those below it.
	Shown(real string, recursive bool) []string

	// Sockets describes the unix sockets of the engine (the addresses given) and
	// of other container runtimes found on the machine, as files of the host
	// scope, with Engine set on the engine's own.
	Sockets(ctx context.Context, engineScope string, engineSockets []string) ([]snapshot.File, snapshot.PartStatus)

	// Files describes what the engine's behaviour rests on as files of the host
	// scope: configuration, TLS keys, data roots, programs. What the engine does
	// not use is not listed.
	Files(ctx context.Context, engineScope string, q FileQuery) ([]snapshot.File, snapshot.PartStatus)

	// Swarm reads the addresses that the engine keeps of its swarm below its
	// data root, as the daemon's process sees it.
	Swarm(ctx context.Context, d snapshot.DaemonProcess, root string) snapshot.Fact[snapshot.SwarmAddresses]

	// Listeners lists the listening sockets of the daemon's process; TCP ones
	// are asked GET /_ping from loopback without a client certificate.
	Listeners(ctx context.Context, engineScope string, d snapshot.DaemonProcess) ([]snapshot.Listener, snapshot.PartStatus)

	// Verifier reads what containerd and the engine are configured to verify.
	Verifier(ctx context.Context, d snapshot.DaemonProcess) snapshot.Fact[snapshot.Verifier]

	// Package names the distribution's package that owns the daemon's binary,
	// with its version, or "".
	Package(ctx context.Context, exe string) string
}

// FileQuery is what the engine's files follow from.
type FileQuery struct {
	Process  snapshot.DaemonProcess
	Config   snapshot.Fact[snapshot.DaemonConfig]
	Root     string   // DockerRootDir of GET /info
	Runtimes []string // programs of OCI runtimes as GET /info names them: paths, or names to be searched
}

// ContainerFacts is the kernel's view of one container.
type ContainerFacts struct {
	Process snapshot.Fact[snapshot.Process]
	Cgroup  snapshot.Fact[snapshot.Cgroup]
	Usage   snapshot.Fact[snapshot.Usage]
	Account snapshot.Fact[int64] // zero when no name was asked for
}

// Resolved is a path after its symbolic links.
type Resolved struct {
	Real     string
	Dev, Ino uint64
	State    snapshot.State // Observed, Absent, Denied or Failed
}
