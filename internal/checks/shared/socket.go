package shared

import (
	"path"
	"slices"
)

// runtimeSockets are the paths that engines and runtimes use unless told
// otherwise.
var runtimeSockets = []string{
	"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock",
	"/run/docker/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock", "/var/run/crio/crio.sock",
	"/run/buildkit/buildkitd.sock", "/run/cri-dockerd.sock", "/run/user/0/docker.sock",
	"/run/k3s/containerd/containerd.sock", "/var/run/k3s/containerd/containerd.sock", "/var/snap/microk8s/common/run/containerd.sock",
}

// RuntimeSocket reports whether a path is, by its name, a socket of an engine or
// a runtime, or a directory in which one lies by default. It is what remains
// where sockets were not read.
func RuntimeSocket(hostPath string) bool {
	if slices.ContainsFunc(runtimeSockets, func(k string) bool {
		return path.Base(k) == path.Base(hostPath) || Within(k, hostPath)
	}) {
		return true
	}
	// A rootless engine keeps its socket in the runtime directory of its user.
	dir := path.Dir(hostPath)
	return dir == "/run/user" || dir == "/var/run/user"
}

// RuntimeSockets lists the sockets of runtimes where they are by default.
func RuntimeSockets() []string { return slices.Clone(runtimeSockets) }
