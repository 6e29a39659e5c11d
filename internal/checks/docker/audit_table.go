package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// watchedFiles is the table of what the audit system should watch.
var watchedFiles = []watched{
	{
		id: "audit-dockerd-binary", what: "The engine binary", change: "A replaced engine does as root whatever its maker wants, and looks the same.",
		roles: []snapshot.FileRole{snapshot.RoleEngineBinary}, engine: true, none: "no engine runs on the machine",
		severity: check.Medium, level: 1, at: [3]string{"1.2.3", "1.1.3", "1.1.3"},
	},
	{
		id: "audit-run-containerd", what: "The containerd runtime directory", change: "The directory holds containerd's sockets and the state of running containers; what is put there steers both.",
		roles: []snapshot.FileRole{snapshot.RoleRuntimeDir}, none: "there is no /run/containerd",
		severity: check.Low, level: 1, at: [3]string{"", "1.1.4", "1.1.4"},
	},
	{
		id: "audit-docker-data-root", what: "The engine data root", change: "The files of every image and container lie here, and a change of them is a change of what runs.",
		roles: []snapshot.FileRole{snapshot.RoleDataRoot}, engine: true, none: "no engine on the machine has a data root",
		severity: check.Medium, level: 1, at: [3]string{"1.2.4", "1.1.5", "1.1.5"},
	},
	{
		id: "audit-etc-docker", what: "The engine configuration directory", change: "Configuration, keys and trusted certificates of the engine are in it.",
		roles: []snapshot.FileRole{snapshot.RoleEngineDir}, none: "there is no /etc/docker",
		severity: check.Medium, level: 1, at: [3]string{"1.2.5", "1.1.6", "1.1.6"},
	},
	{
		id: "audit-docker-service-unit", what: "The engine service unit", change: "A changed unit, drop-in or environment file starts the engine otherwise, or something else in its place.",
		roles: []snapshot.FileRole{snapshot.RoleServiceUnit}, none: "systemd has no docker.service",
		severity: check.Medium, level: 2, at: [3]string{"1.2.6", "1.1.7", "1.1.7"},
	},
	{
		id: "audit-containerd-socket", what: "The containerd socket", change: "Through it containers are started past the engine and whatever guards that.",
		roles: []snapshot.FileRole{snapshot.RoleRuntimeSocket}, engine: true, sockets: true, none: "no containerd listens on the machine",
		severity: check.Medium, level: 2, at: [3]string{"", "1.1.8", "1.1.8"},
	},
	{
		id: "audit-docker-socket-unit", what: "The engine socket and its unit", verb: " are", change: "Who opens the socket up, by its mode or by its unit, hands out root.",
		roles: []snapshot.FileRole{snapshot.RoleSocketUnit, snapshot.RoleEngineSocket}, engine: true, sockets: true, none: "no engine listens on the machine",
		severity: check.Medium, level: 2, at: [3]string{"1.2.7", "1.1.9", "1.1.9"},
	},
	{
		id: "audit-etc-default-docker", what: "The engine defaults file", change: "Start scripts take the engine's options from it.",
		roles: []snapshot.FileRole{snapshot.RoleDefaults}, none: "there is no /etc/default/docker",
		severity: check.Low, level: 2, at: [3]string{"1.2.8", "1.1.10", "1.1.10"},
	},
	{
		id: "audit-daemon-json", what: "The engine configuration file", change: "One changed key of it switches off what protects the machine from its containers.",
		roles: []snapshot.FileRole{snapshot.RoleEngineConfig}, engine: true, none: "no engine on the machine has a configuration file",
		severity: check.Medium, level: 2, at: [3]string{"1.2.10", "1.1.11", "1.1.11"},
	},
	{
		id: "audit-containerd-config", what: "The containerd configuration", change: "It names the programs that containerd starts containers with and asks about images.",
		roles: []snapshot.FileRole{snapshot.RoleContainerdConfig}, none: "there is no /etc/containerd/config.toml",
		severity: check.Low, level: 2, at: [3]string{"", "1.1.12", "1.1.12"},
	},
	{
		id: "audit-etc-sysconfig-docker", what: "The engine sysconfig file", change: "On the Red Hat family the unit takes the engine's options from it.",
		roles: []snapshot.FileRole{snapshot.RoleSysconfig}, none: "there is no /etc/sysconfig/docker",
		severity: check.Low, level: 2, at: [3]string{"1.2.9", "1.1.13", "1.1.13"},
	},
	{
		id: "audit-containerd-binary", what: "The containerd binary", change: "It runs as root and starts every container.",
		roles: []snapshot.FileRole{snapshot.RoleContainerdBinary}, engine: true, none: "no containerd is installed",
		severity: check.Low, level: 2, at: [3]string{"1.2.11", "1.1.14", "1.1.14"},
	},
	{
		id: "audit-containerd-shim-binary", what: "The legacy containerd shim", change: "It runs as root beside each container that the first shim interface starts.",
		roles: []snapshot.FileRole{snapshot.RoleShimBinary}, base: "containerd-shim", engine: true, none: "containerd-shim is not installed",
		severity: check.Low, level: 2, at: [3]string{"", "1.1.15", "1.1.15"},
	},
	{
		id: "audit-containerd-shim-v1-binary", what: "The containerd shim v1", change: "It runs as root beside each container that it is chosen for.",
		roles: []snapshot.FileRole{snapshot.RoleShimBinary}, base: "containerd-shim-runc-v1", engine: true, none: "containerd-shim-runc-v1 is not installed",
		severity: check.Low, level: 2, at: [3]string{"", "1.1.16", "1.1.16"},
	},
	{
		id: "audit-containerd-shim-v2-binary", what: "The containerd shim v2", change: "It runs as root beside nearly every container of a current engine.",
		roles: []snapshot.FileRole{snapshot.RoleShimBinary}, base: "containerd-shim-runc-v2", engine: true, none: "containerd-shim-runc-v2 is not installed",
		severity: check.Low, level: 2, at: [3]string{"", "1.1.17", "1.1.17"},
	},
	{
		id: "audit-runc-binary", what: "Every OCI runtime binary", change: "The runtime runs as root at each start of a container; an escape through it (CVE-2019-5736) overwrites it.",
		roles: []snapshot.FileRole{snapshot.RoleRuntimeBinary}, engine: true, none: "no OCI runtime is installed",
		severity: check.Medium, level: 2, at: [3]string{"1.2.12", "1.1.18", ""},
	},
}
