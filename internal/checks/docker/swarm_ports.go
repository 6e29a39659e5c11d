package docker

import (
	"cmp"
	"net/netip"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var swarmControlPlaneBound = &check.Check{
	ID:    "swarm-control-plane-bound",
	Title: "Swarm management listens on one declared address",
	Why: "Without a listen address the swarm's management (TCP 2377) and its gossip (7946) answer on every address of the machine, those of the public side and of containers' bridges too. " +
		"Whoever reaches them and knows a join token is a member. The sockets of the engine's process decide; the engine's own state file says what it was given.",
	Remedy: "A listen address is given when a node joins: docker swarm init or join with --listen-addr and --advertise-addr of one address of the inner network. " +
		"To change it a node leaves and joins again. Until then let the firewall keep others off TCP 2377, TCP and UDP 7946 and UDP 4789.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "SI", Tier: 1,
	Refs:  check.CIS(1, "7.3", "7.2", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeSwarm(p, boundToOne) },
}

const (
	managementPort = 2377 // unless the listen address has another
	gossipPort     = 7946
)

func boundToOne(w *swarm) check.Verdict {
	at := w.Addresses
	listen, err := netip.ParseAddrPort(at.V.Listen)
	port, advertised := uint16(managementPort), addressOf(cmp.Or(at.V.Advertise, w.NodeAddr))
	var evidence []check.Evidence
	wide := false
	if at.Known() {
		evidence = append(evidence, ev(at.Source+" ListenAddr", at.V.Listen), ev(at.Source+" AdvertiseAddr", at.V.Advertise))
		if err != nil {
			return check.Undecided(snapshot.ReasonUnparsable, "the address that the swarm listens on was not understood", evidence...)
		}
		port, wide = listen.Port(), listen.Addr().IsUnspecified()
	} else {
		evidence = append(evidence, ev("GET /info Swarm.NodeAddr", w.NodeAddr))
	}
	sockets, elsewhere := w.sockets(port, advertised)
	evidence = append(evidence, sockets.evidence...)
	seen := w.p.Part(snapshot.PartEngineListeners).State == snapshot.Observed && len(sockets.evidence) > 0
	switch {
	case elsewhere == "all":
		return sockets.note(check.Failed("the swarm's management listens on all addresses of the machine", evidence...))
	case elsewhere != "":
		return sockets.note(check.Failed("the swarm's management listens on another address than the one it advertises", evidence...))
	case !seen && !at.Known():
		return check.Undecided(cmp.Or(at.Reason, snapshot.ReasonFor(at.State), snapshot.ReasonPartial), "the address that the swarm listens on was not readable", evidence...)
	case !seen && wide:
		return check.Failed("the swarm's management is told to listen on all addresses of the machine", evidence...)
	case !seen && listen.Addr() != advertised:
		return check.Failed("the swarm's management is told to listen on another address than the one it advertises", evidence...)
	case !seen:
		return check.Passed("it is told to listen on the address that it advertises", evidence...)
	}
	return sockets.note(check.Passed("it listens on the address that it advertises", evidence...))
}

// sockets lists the engine's listeners that are the swarm's. elsewhere is "all"
// when one takes every address, else one that is not the advertised.
func (w *swarm) sockets(port uint16, advertised netip.Addr) (h hits, elsewhere string) {
	for i := range w.p.Snapshot.Listeners {
		l := &w.p.Snapshot.Listeners[i]
		if l.Scope != w.p.Scope.ID || l.Network == "unix" || l.Port != port && l.Port != gossipPort {
			continue
		}
		h.add("listener of the engine's process", addressPort(l))
		a, err := netip.ParseAddr(l.Address)
		switch {
		case err == nil && a.IsUnspecified():
			elsewhere = "all"
		case (err != nil || a.Unmap() != advertised) && elsewhere == "":
			elsewhere = l.Address
		}
	}
	return h, elsewhere
}

// addressOf is the address of ADDRESS or ADDRESS:PORT; the zero value when it is
// neither.
func addressOf(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

var swarmDataPathSeparated = &check.Check{
	ID:    "swarm-data-path-separated",
	Title: "Swarm data and management use separate addresses",
	Why: "On one address the traffic of containers between nodes and the managers' own share a wire: a flood of the first stops elections of the second, and who listens there hears both. " +
		"The data path is given when a node joins, and only the engine's own state file keeps it.",
	Remedy:   "Give each node a second address for containers' traffic: docker swarm init or join with --data-path-addr. To change it a node leaves and joins again.",
	Severity: check.Low, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(2, "7.10", "7.9", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeSwarm(p, separatePath) },
}

func separatePath(w *swarm) check.Verdict {
	at := w.Addresses
	if !at.Known() {
		return check.Undecided(cmp.Or(at.Reason, snapshot.ReasonFor(at.State), snapshot.ReasonPartial), "the engine's record of its swarm addresses was not readable")
	}
	evidence := []check.Evidence{
		ev(at.Source+" DataPathAddr", cmp.Or(at.V.DataPath, "not set")), ev(at.Source+" AdvertiseAddr", at.V.Advertise),
	}
	data, advertised := addressOf(at.V.DataPath), addressOf(at.V.Advertise)
	var v check.Verdict
	switch {
	case at.V.DataPath != "" && (!data.IsValid() || !advertised.IsValid()):
		return check.Undecided(snapshot.ReasonUnparsable, "the addresses were not understood", evidence...)
	case at.V.DataPath != "" && data != advertised:
		return check.Passed("containers' traffic between nodes has an address of its own", evidence...)
	default:
		v = check.Failed("containers' traffic between nodes takes the address of the management", evidence...)
	}
	if len(w.Nodes) == 1 {
		v = v.Note("the swarm has one node, so that nothing goes between nodes yet")
	}
	return v
}
