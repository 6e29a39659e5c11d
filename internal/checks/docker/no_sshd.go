package docker

import (
	"cmp"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noSSHD = &check.Check{
	ID:    "container-no-sshd",
	Title: "No SSH server runs in the container",
	Why: "An SSH server in a container is a second way in with keys and passwords of its own, past the engine's authorization and its logs. " +
		"Read from the host: the programs of the container's processes and the ports its network namespace listens on. Nothing is run inside it, as a tool does that calls ps there and takes its absence for a pass. " +
		"What a stopped container would run does not show.",
	Remedy:   "Remove the server from the image and use docker exec. No measure does this: the server is in the image.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "5.6", "5.7", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Run:   func(p *check.Probe) { judge(p, runsNoSSHD) },
}

var sshServers = []string{"dropbear", "sshd", "sshd-session", "tinysshd"}

const (
	sshPort     = 22
	mostProgram = 64  // a longer list was cut when it was collected
	mostPorts   = 256 // likewise
)

func runsNoSSHD(b *box) check.Verdict {
	if !b.rt.Live() {
		return check.Undecided(snapshot.ReasonStatic, "it does not run, and its programs show while it runs only")
	}
	proc := b.proc()
	if proc == nil {
		reason := cmp.Or(b.rt.Process.Reason, snapshot.ReasonFor(b.rt.Process.State), snapshot.ReasonPartial)
		return check.Undecided(reason, "its processes were not readable")
	}
	for _, s := range sshServers {
		if slices.Contains(proc.Programs, s) {
			return check.Failed("an SSH server runs in it", ev("programs", s))
		}
	}
	ports := ev("listening", len(proc.Listening))
	switch {
	case slices.Contains(proc.Listening, sshPort) && !proc.HostNet:
		return check.Failed("it listens on the port of SSH", ev("listening", sshPort))
	case len(proc.Programs) == 0 || len(proc.Programs) >= mostProgram || len(proc.Listening) >= mostPorts && !proc.HostNet:
		return check.Undecided(snapshot.ReasonPartial, "not all of its programs and ports were read", ev("programs", len(proc.Programs)), ports)
	}
	v := check.Passed("no SSH server runs in it", ev("programs", firstFew(proc.Programs)), ports)
	if proc.HostNet {
		v = v.Note("it is in the host's network namespace; a listener on port 22 there is taken for the host's own")
	}
	return v
}
