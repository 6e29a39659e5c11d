package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// namespace is one kind of kernel namespace that a container may share.
type namespace struct {
	noun  string // process
	field string // where its mode is configured
	path  string // the same in ContainerSpec
	mode  func(*snapshot.ContainerSpec) string
	host  func(*snapshot.Process) bool // the process is in the host's
}

var (
	netNamespace = namespace{
		"network", "HostConfig.NetworkMode", "networkMode",
		func(s *snapshot.ContainerSpec) string { return s.NetworkMode }, func(p *snapshot.Process) bool { return p.HostNet },
	}
	pidNamespace = namespace{
		"process", "HostConfig.PidMode", "pidMode",
		func(s *snapshot.ContainerSpec) string { return s.PidMode }, func(p *snapshot.Process) bool { return p.HostPid },
	}
	ipcNamespace = namespace{
		"IPC", "HostConfig.IpcMode", "ipcMode",
		func(s *snapshot.ContainerSpec) string { return s.IpcMode }, func(p *snapshot.Process) bool { return p.HostIpc },
	}
	utsNamespace = namespace{
		"UTS", "HostConfig.UTSMode", "utsMode",
		func(s *snapshot.ContainerSpec) string { return s.UTSMode }, func(p *snapshot.Process) bool { return p.HostUts },
	}
)

const howToReadNamespaces = " The kernel's word decides where the first process was readable; otherwise the configured mode does, " +
	"and container:NAME is followed to the container whose namespace it is. " +
	"Containers are addressed by their ID: a tool that greps lists of names loses those whose name happens to match its filter."

var noHostNetwork = &check.Check{
	ID:    "container-no-host-network",
	Title: "The container has its own network namespace",
	Why: "In the host's network namespace a process reaches every service that listens on loopback only, reads the traffic of all containers with NET_RAW, and can take over ports that a stopped service left." +
		howToReadNamespaces,
	Remedy:   "Start it in a network of its own and publish the ports it needs. No measure does this: what it listens on cannot be told from what the host does, nor which of its ports others use.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "SI", Tier: 1,
	Refs:  check.CIS(1, "5.9", "5.10", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"networkMode"},
	Run:   func(p *check.Probe) { judge(p, netNamespace.own) },
}

var noHostPid = &check.Check{
	ID:    "container-no-host-pid",
	Title: "The container has its own process namespace",
	Why: "In the host's process namespace a process sees every command line and environment it may read, signals processes of its user, and as root reaches the host's files through /proc/1/root." +
		howToReadNamespaces,
	Remedy:   "Start it without --pid host; give a monitoring agent the few files it reads instead.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "IE", Tier: 1,
	Refs:  check.CIS(1, "5.15", "5.16", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"pidMode"},
	Run:   func(p *check.Probe) { judge(p, pidNamespace.own) },
	Fixes: []check.Fix{{Title: "give it a process namespace of its own", Kind: step.ContainerRecreate, Step: pidNamespace.private("",
		"It sees and signals its own processes only.", "node_exporter", "cadvisor", "datadog-agent", "process-agent", "falco", "osqueryd", "auditd", "nsenter", "strace", "gdb")}},
}

var noHostIpc = &check.Check{
	ID:    "container-no-host-ipc",
	Title: "The container has its own IPC namespace",
	Why: "In the host's IPC namespace a process can read and change the shared memory of host programs, databases among them, and fill it." +
		howToReadNamespaces,
	Remedy:   "Start it without --ipc host; join the IPC namespace of the one container it works with.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "IT", Tier: 1,
	Refs:  check.CIS(1, "5.16", "5.17", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"ipcMode"},
	Run: func(p *check.Probe) {
		judge(p, func(b *box) check.Verdict {
			v := ipcNamespace.own(b)
			if v.Status == check.Pass && b.spec.IpcMode == "shareable" {
				v = v.Note("shareable: another container may join it")
			}
			return v
		})
	},
	Fixes: []check.Fix{{Title: "give it an IPC namespace of its own", Kind: step.ContainerRecreate, Step: ipcNamespace.private("private",
		"Shared memory and semaphores of host programs are out of its reach, and /dev/shm is its own, of 64 MiB.")}},
}

var noHostUts = &check.Check{
	ID:       "container-no-host-uts",
	Title:    "The container has its own host name",
	Why:      "In the host's UTS namespace a process with SYS_ADMIN renames the machine, and its log lines carry the machine's name." + howToReadNamespaces,
	Remedy:   "Start it without --uts host; --hostname gives it a name of its own.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "S", Tier: 1,
	Refs:  check.CIS(1, "5.20", "5.21", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"utsMode"},
	Run:   func(p *check.Probe) { judge(p, utsNamespace.own) },
	Fixes: []check.Fix{{Title: "give it a host name of its own", Kind: step.ContainerRecreate, Step: utsNamespace.private("",
		"Its host name is the beginning of its ID; programs that print or register the machine's name print that one.")}},
}

// own passes a container whose namespace is not the host's.
func (ns *namespace) own(b *box) check.Verdict {
	conf := ev(ns.field, orDefault(ns.mode(b.spec)))
	if proc := b.proc(); proc != nil {
		if ns.host(proc) {
			return check.Failed("it is in the host's "+ns.noun+" namespace", ev(ns.noun+" namespace of the first process", "the host's"), conf)
		}
		v := check.Passed("its "+ns.noun+" namespace is not the host's", ev(ns.noun+" namespace of the first process", "not the host's"), conf)
		if ns.mode(b.spec) == "host" {
			v = v.Note("it shares the engine's, which itself is apart from the machine's")
		}
		return v.ByKernel()
	}
	return b.configured(ns.configured(b, conf))
}

// maxHops bounds a chain of joined containers. The engine makes chains of one
// link; a snapshot may hold anything, circles included.
const maxHops = 16

// configured follows container:KEY to the container whose mode decides.
func (ns *namespace) configured(b *box, conf check.Evidence) check.Verdict {
	mode := ns.mode(b.spec)
	evidence := []check.Evidence{conf}
	for range maxHops {
		key, joined := strings.CutPrefix(mode, "container:")
		if !joined {
			if mode == "host" {
				return check.Failed("it is in the host's "+ns.noun+" namespace", evidence...)
			}
			return check.Passed("its "+ns.noun+" namespace is not the host's", evidence...)
		}
		c := b.at.container(key)
		if c == nil {
			return check.Undecided(snapshot.ReasonUnresolved, "the container whose "+ns.noun+" namespace it joins was not seen", evidence...)
		}
		spec, rt := &b.at.p.Snapshot.ContainerSpecs[c.Spec], &b.at.p.Snapshot.Runtimes[c.Runtime]
		mode = ns.mode(spec)
		if rt.Live() && rt.Process.Known() && !strings.HasPrefix(mode, "container:") {
			mode = "not the host's"
			if ns.host(&rt.Process.V) {
				mode = "host"
			}
		} else if path := spec.FirstUnread(ns.path); path != "" {
			return check.Undecided(snapshot.ReasonUnparsable, path+" of the container whose "+ns.noun+" namespace it joins was not understood", evidence...)
		}
		evidence = append(evidence, ev(ns.field+" of "+key, orDefault(mode)))
	}
	return check.Undecided(snapshot.ReasonUnresolved, "the containers it joins form a circle", conf)
}

func orDefault(mode string) string {
	if mode == "" {
		return "default"
	}
	return mode
}
