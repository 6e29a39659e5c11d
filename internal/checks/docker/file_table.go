package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// guardedFiles is the table of files that only root may own and change.
var guardedFiles = []guarded{
	{
		name: "docker-service", what: "The engine service unit", closed: "is writable by root only",
		gain: "The unit, its drop-ins and the environment files that they name state the command that starts the engine: who may change one of them runs any program as root at the next start.",
		path: "docker.service, its drop-ins and environment files", none: "systemd has no docker.service",
		roles: []snapshot.FileRole{snapshot.RoleServiceUnit}, part: snapshot.PartHostFiles, mode: 0o644, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.High, level: 1, ownedAt: [2]string{"3.1", "3.1"}, keptAt: [2]string{"3.2", "3.2"},
	},
	{
		name: "docker-socket-unit", what: "The engine socket unit", closed: "is writable by root only",
		gain: "The unit states which socket the engine answers on and who may open it: who may change it opens the engine's API, which is root, to himself.",
		path: "docker.socket and its drop-ins", none: "systemd has no docker.socket",
		roles: []snapshot.FileRole{snapshot.RoleSocketUnit}, part: snapshot.PartHostFiles, mode: 0o644, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.High, level: 1, ownedAt: [2]string{"3.3", "3.3"}, keptAt: [2]string{"3.4", "3.4"},
	},
	{
		name: "etc-docker", what: "The engine configuration directory", closed: "is writable by root only",
		gain: "Who may write to the directory may add or replace the engine's configuration, its keys and the certificates that it trusts registries by.",
		path: "/etc/docker", none: "there is no /etc/docker",
		roles: []snapshot.FileRole{snapshot.RoleEngineDir}, part: snapshot.PartHostFiles, mode: 0o755, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.High, level: 1, ownedAt: [2]string{"3.5", "3.5"}, keptAt: [2]string{"3.6", "3.6"},
	},
	{
		name: "registry-certs", what: "Registry certificates", closed: "are read-only and keys private",
		gain: "A CA file in certs.d decides whom the engine believes to be a registry, and a key there is what it shows to one: who may replace the first serves images of his own, who may read the second pulls and pushes in the engine's name.",
		path: "the files in /etc/docker/certs.d", none: "there is no certificate in /etc/docker/certs.d",
		roles: []snapshot.FileRole{snapshot.RoleRegistryCert, snapshot.RoleRegistryKey}, part: snapshot.PartHostFiles, mode: 0o444, keyMode: 0o400, surface: model.SurfaceRegistry,
		owned: check.Medium, kept: check.Medium, level: 1, ownedAt: [2]string{"3.7", "3.7"}, keptAt: [2]string{"3.8", "3.8"},
	},
	{
		name: "tls-ca", what: "The engine CA certificate", closed: "is read-only",
		gain: "Every client with a certificate of this CA is root on the machine: who may replace the file issues himself one.",
		path: "the file that tlscacert names", none: "no engine on the machine uses TLS on a TCP socket",
		roles: []snapshot.FileRole{snapshot.RoleTLSCA}, part: snapshot.PartEngineFiles, configured: true, mode: 0o444, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.Medium, level: 1, ownedAt: [2]string{"3.9", "3.9"}, keptAt: [2]string{"3.10", "3.10"},
	},
	{
		name: "tls-cert", what: "The engine TLS certificate", closed: "is read-only",
		gain: "Clients know the engine by this certificate: who may replace it locks them out, or with the key beside it stands in for the engine.",
		path: "the file that tlscert names", none: "no engine on the machine uses TLS on a TCP socket",
		roles: []snapshot.FileRole{snapshot.RoleTLSCert}, part: snapshot.PartEngineFiles, configured: true, mode: 0o444, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.Medium, level: 1, ownedAt: [2]string{"3.11", "3.11"}, keptAt: [2]string{"3.12", "3.12"},
	},
	{
		name: "tls-key", what: "The engine TLS key", closed: "is readable by its owner only",
		gain: "Who reads the key can pose as the engine towards its clients and take what they send, builds and registry logins included.",
		path: "the file that tlskey names", none: "no engine on the machine uses TLS on a TCP socket",
		roles: []snapshot.FileRole{snapshot.RoleTLSKey}, part: snapshot.PartEngineFiles, configured: true, mode: 0o400, surface: model.SurfaceHostMisconfig,
		owned: check.High, kept: check.High, level: 1, ownedAt: [2]string{"3.13", "3.13"}, keptAt: [2]string{"3.14", "3.14"},
	},
	{
		name: "daemon-json", what: "The engine configuration file", closed: "is writable by root only",
		gain: "The file that the engine really reads, whichever --config-file names, switches its protections on and off and names programs that it runs: who may change it has the machine at the engine's next start.",
		path: "the file", none: "no engine on the machine has a configuration file",
		roles: []snapshot.FileRole{snapshot.RoleEngineConfig}, part: snapshot.PartEngineFiles, configured: true, mode: 0o644, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.High, level: 1, ownedAt: [2]string{"3.17", "3.17"}, keptAt: [2]string{"3.18", "3.18"},
	},
	{
		name: "etc-default-docker", what: "The engine defaults file", closed: "is writable by root only",
		gain: "Start scripts take options and environment of the engine from this file: who may change it chooses what the engine, which runs as root, is started with.",
		path: "/etc/default/docker", none: "there is no /etc/default/docker",
		roles: []snapshot.FileRole{snapshot.RoleDefaults}, part: snapshot.PartHostFiles, mode: 0o644, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.Medium, level: 1, ownedAt: [2]string{"3.19", "3.19"}, keptAt: [2]string{"3.22", "3.20"},
	},
	{
		name: "etc-sysconfig-docker", what: "The engine sysconfig file", closed: "is writable by root only",
		gain: "On distributions of the Red Hat family the unit reads the engine's options and environment from this file: who may change it chooses what the engine is started with.",
		path: "/etc/sysconfig/docker", none: "there is no /etc/sysconfig/docker",
		roles: []snapshot.FileRole{snapshot.RoleSysconfig}, part: snapshot.PartHostFiles, mode: 0o644, surface: model.SurfaceHostMisconfig,
		owned: check.Medium, kept: check.Medium, level: 1, ownedAt: [2]string{"3.20", "3.22"}, keptAt: [2]string{"3.21", "3.21"},
	},
	{
		name: "containerd-sock", what: "The containerd socket", closed: "is closed to other users",
		gain: "Who may write to a socket of containerd starts containers past the engine and every plugin that guards it, with any rights and the machine's root directory in them.",
		path: "the socket", none: "no containerd listens on the machine",
		roles: []snapshot.FileRole{snapshot.RoleRuntimeSocket}, part: snapshot.PartEngineSockets, mode: 0o660, surface: model.SurfaceHostMisconfig,
		owned: check.High, kept: check.Critical, ownedAt: [2]string{"", "3.23"}, keptAt: [2]string{"", "3.24"},
	},
}
