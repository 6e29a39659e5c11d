package snapshottest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"plimsoll/internal/snapshot"
)

func host() snapshot.Host {
	return snapshot.Host{
		Scope: HostScope, Name: "testhost", Kernel: "6.1.0", Distro: "debian", Release: "12", MemTotal: 64 << 30,
		AppArmor: snapshot.Absent, SELinux: "disabled", PortStart: 1024,
		Cgroup:   snapshot.Seen(snapshot.Cgroups{Version: 2, Controllers: []string{"cpu", "cpuset", "memory", "pids"}}, "/sys/fs/cgroup"),
		Accounts: snapshot.Seen(snapshot.Accounts{Groups: []snapshot.Group{{Name: "docker", GID: 998}}}, "/etc/group"),
	}
}

func engine() snapshot.Engine {
	return snapshot.Engine{
		Scope: EngineScope, Name: "testhost", Version: "29.3.1", APIVersion: "1.54", OS: "linux", Kernel: "6.1.0",
		SecurityOptions: []string{"name=seccomp,profile=builtin"}, LiveRestore: true, Swarm: "inactive", StorageDriver: "overlay2",
		LoggingDriver: "json-file", CgroupDriver: "cgroupfs", CgroupVersion: 2, DefaultRuntime: "runc", Runtimes: []string{"runc"},
		MemTotal: 64 << 30, CPUs: 16, MemoryLimit: true, SwapLimit: true, CPUQuota: true, CPUShares: true, PidsLimit: true,
		Process: snapshot.Seen(snapshot.DaemonProcess{PID: 812, Exe: "/usr/bin/dockerd", Started: Taken, Nofile: -1, FoundBy: "socket-peer"}, "/proc/812"),
		Config: snapshot.Seen(snapshot.DaemonConfig{File: "/etc/docker/daemon.json", FileSeen: snapshot.Observed, Modified: Taken, Settings: []snapshot.Setting{
			{Key: "live-restore", Values: []string{"true"}, Origin: "file"},
		}}, "/etc/docker/daemon.json"),
		Verifier: snapshot.Seen(snapshot.Verifier{PullsBy: "docker"}, "/etc/containerd/config.toml"),
	}
}

func networks() []snapshot.Network {
	return []snapshot.Network{
		{Scope: EngineScope, Name: "bridge", ID: "n1", Driver: "bridge", Default: true},
		{Scope: EngineScope, Name: "shop", ID: "n2", Driver: "bridge"},
	}
}

// spec is the i-th configuration. Its image differs from every other's, so that
// no two are equal.
func spec(r *rand.Rand, i int) snapshot.ContainerSpec {
	s := snapshot.ContainerSpec{
		Image: fmt.Sprintf("registry.example:5000/shop/svc%03d:1.%d", i, r.IntN(20)), ImageID: fmt.Sprintf("sha256:%064x", i),
		User: pick(r, "", "1000:1000", "app"), Health: snapshot.Health{Test: pick(r, "", "CMD", "CMD-SHELL")},
		Privileged: r.IntN(25) == 0, ReadonlyRootfs: r.IntN(3) == 0,
		NetworkMode: pick(r, "shop", "shop", "bridge", "host"), Networks: []string{"shop"}, IpcMode: "private",
		RestartPolicy: snapshot.RestartPolicy{Name: pick(r, "", "always", "on-failure"), Max: r.Int64N(6)},
		Resources:     snapshot.Resources{Memory: r.Int64N(3) * 512 << 20, NanoCPUs: r.Int64N(2) * 5e8},
		Runtime:       "runc", LogDriver: "json-file",
		Args: []snapshot.Secretish{snapshot.Conceal("0", "/usr/bin/serve"), snapshot.Conceal("1", "--listen=:8080")},
		Mounts: []snapshot.Mount{
			{Type: "volume", Volume: fmt.Sprintf("data%03d", i), Destination: "/var/lib/app", Resolved: snapshot.Skipped},
			{Type: "bind", Source: pick(r, "/srv/app/conf", "/etc/ssl/certs", "/var/run"), Destination: "/etc/app", ReadOnly: r.IntN(2) == 0, Resolved: snapshot.Observed},
		},
		Ports: []snapshot.Port{{Proto: "tcp", ContainerPort: 8080, HostIP: pick(r, "127.0.0.1", "0.0.0.0"), HostPort: uint16(8000 + i%5000)}},
	}
	if r.IntN(2) == 0 {
		s.CapDrop = []string{"NET_RAW"}
	}
	if r.IntN(3) == 0 {
		yes := true
		s.Security.NoNewPrivileges = &yes
	}
	for _, name := range []string{"PATH", "LANG", "TZ", "DB_HOST", "DB_PASSWORD", "LOG_LEVEL", "HTTP_PROXY", "CACHE_URL"} {
		s.Env = append(s.Env, snapshot.Conceal(name, strings.Repeat("x", 1+r.IntN(40))))
	}
	return s
}

func image(i int, s *snapshot.ContainerSpec) snapshot.Image {
	return snapshot.Image{
		Scope: EngineScope, ID: s.ImageID, Tags: []string{s.Image}, Created: "2026-10-01T00:00:00Z", Size: 80 << 20, User: s.User,
		Digests: []string{fmt.Sprintf("%s@sha256:%064x", strings.TrimSuffix(s.Image, s.Image[strings.LastIndexByte(s.Image, ':'):]), i+1)},
		UserUID: snapshot.Seen[int64](0, "image"),
	}
}

// running is the live state that follows from a configuration.
func running(s *snapshot.ContainerSpec) snapshot.Runtime {
	caps := snapshot.EffectiveCaps(s)
	return snapshot.Runtime{
		Status: "running",
		Process: snapshot.Seen(snapshot.Process{
			CapEff: caps, CapBnd: caps, NoNewPriv: s.Security.NoNewPrivileges != nil, Seccomp: 2, HostNet: s.NetworkMode == "host",
			RootReadOnly: s.ReadonlyRootfs, Nofile: 1 << 20, Nproc: -1, Programs: []string{"serve"}, Listening: []uint16{8080},
		}, "/proc"),
		Cgroup: snapshot.Seen(snapshot.Cgroup{
			Version: 2, MemoryMax: orNone(s.Resources.Memory), MemoryAncestorMax: -1, MemorySwapMax: orNone(2 * s.Resources.Memory),
			CPUQuota: orNone(s.Resources.NanoCPUs / 1e4), CPUPeriod: 100000, CPUShares: 1024, PidsMax: -1,
		}, "/sys/fs/cgroup"),
	}
}

func stopped() snapshot.Runtime {
	return snapshot.Runtime{
		Status:  "exited",
		Process: snapshot.Missing[snapshot.Process](snapshot.Absent, snapshot.ReasonNone, "/proc"),
		Cgroup:  snapshot.Missing[snapshot.Cgroup](snapshot.Absent, snapshot.ReasonNone, "/sys/fs/cgroup"),
	}
}

// orNone turns the configuration's 0 into the kernel's -1, no limit.
func orNone(limit int64) int64 {
	if limit == 0 {
		return -1
	}
	return limit
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
