package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var directRoutingBlocked = &check.Check{
	ID:    "direct-routing-blocked",
	Title: "Unpublished container ports are unreachable from the LAN",
	Why: "A machine on the same wire can send packets to a container's own address, with this host as the router. Engines from 28 on drop them, unless " +
		"the network's gateway mode is nat-unprotected or routed or allow-direct-routing is set. Older engines let them through to every port that is open in the container, " +
		"and to ports published on 127.0.0.1, unless a rule of the administrator's own stops them; such rules are not read.",
	Remedy:   "Run Engine 28 or later with its firewall management on, and the gateway mode nat. List a network that must be routed as allowed_networks.",
	Severity: check.Medium, Subject: snapshot.KindNetwork, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "SI", Tier: 2,
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineNetworks},
	Params: []check.Param{{Name: "allowed_networks", Unit: "list", Meaning: "networks that may be routed"}},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_networks")
		judgeNetworks(p, func(n *net) check.Verdict { return notRouted(n, allowed) })
	},
}

func notRouted(n *net, allowed []string) check.Verdict {
	driver := ev("GET /networks Driver", orDefault(n.Driver))
	switch {
	case n.hollow():
		return check.Inapplicable("its containers have no address of their own", driver)
	case slices.Contains(allowed, n.Name):
		return check.Passed("the policy lets it be routed", ev("policy allowed_networks", n.Name))
	case n.outside():
		return check.Failed("its containers are on the machine's own network", driver)
	case n.Internal:
		return check.Passed("it is internal: nothing is forwarded to it", ev("GET /networks Internal", true))
	case n.Driver == "overlay":
		return check.Passed("its addresses exist inside the overlay only", driver)
	case n.Driver != "bridge":
		return check.Undecided(snapshot.ReasonUnresolved, "how the driver "+n.Driver+" forwards is not known", driver)
	}
	evidence := []check.Evidence{ev("GET /version Version", n.engine.Version)}
	for _, family := range []string{"ipv4", "ipv6"} {
		key := "com.docker.network.bridge.gateway_mode_" + family
		if mode, ok := n.option(key); ok {
			evidence = append(evidence, ev("GET /networks "+key, mode))
			if mode == "nat-unprotected" || mode == "routed" {
				return check.Failed("its gateway mode lets the LAN in", evidence...)
			}
		}
	}
	return n.dropped(evidence)
}

// dropped judges what the engine does with packets for a bridge in gateway mode
// nat.
func (n *net) dropped(evidence []check.Evidence) check.Verdict {
	manages, routes := n.at.setting("iptables"), n.at.setting("allow-direct-routing")
	v, ok := n.engineVersion()
	switch {
	case !ok:
		return check.Undecided(snapshot.ReasonUnparsable, "the engine's version is not a number", evidence...)
	case !v.atLeast(28, 0, 0):
		return check.Failed("the engine is older than 28 and drops nothing that the LAN sends to containers", evidence...)
	case !manages.boolean(true):
		return check.Failed("the engine does not manage the firewall, so nothing is dropped", append(evidence, manages.ev())...)
	case routes.boolean(false):
		return check.Failed("the engine lets the LAN reach containers directly", append(evidence, routes.ev())...)
	case !manages.known():
		return manages.undecided(evidence...)
	case !routes.known():
		return routes.undecided(evidence...)
	}
	return check.Passed("the engine drops what the LAN sends to its containers", append(evidence, routes.ev())...)
}
