package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var ipv6Filtering = &check.Check{
	ID:    "ipv6-filtering",
	Title: "IPv6 container traffic is filtered",
	Why: "A container with a global IPv6 address and no filter in front of it is on the Internet with every port it opens. Engines from 27 on filter IPv6 by default; " +
		"older ones only with ip6tables, which is off there. Ports published on :: are judged by container-ports-bound-to-interface.",
	Remedy:   "Set \"ip6tables\": true in the engine's configuration file (before Engine 27 with \"experimental\": true) and restart it, or use networks without IPv6.",
	Severity: check.Medium, Subject: snapshot.KindNetwork, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineNetworks},
	Run:   func(p *check.Probe) { judgeNetworks(p, filtersIPv6) },
}

func filtersIPv6(n *net) check.Verdict {
	enabled := ev("GET /networks EnableIPv6", n.IPv6)
	switch {
	case n.hollow():
		return check.Inapplicable("its containers have no address of their own", ev("GET /networks Driver", orDefault(n.Driver)))
	case !n.IPv6:
		return check.Passed("its containers get no IPv6 address", enabled)
	case n.outside():
		return check.Failed("its containers are on the machine's own network, which the engine does not filter", enabled, ev("GET /networks Driver", n.Driver))
	}
	evidence := []check.Evidence{enabled, ev("GET /version Version", n.engine.Version)}
	filter, manages := n.at.setting("ip6tables"), n.at.setting("iptables")
	if filter.known() && filter.set {
		evidence = append(evidence, filter.ev())
	}
	v, ok := n.engineVersion()
	on := filter.boolean(v.atLeast(27, 0, 0))
	switch {
	case !filter.known():
		return filter.undecided(evidence...)
	case !manages.known():
		return manages.undecided(evidence...)
	case !ok:
		return check.Undecided(snapshot.ReasonUnparsable, "the engine's version is not a number", evidence...)
	case !on:
		return check.Failed("the engine does not filter its IPv6 traffic", evidence...)
	case !manages.boolean(true):
		return check.Failed("the engine does not manage the firewall", append(evidence, manages.ev())...)
	case !v.atLeast(27, 0, 0) && !n.engine.Experimental:
		return check.Failed("this engine ignores ip6tables unless experimental features are on", append(evidence, ev("GET /info ExperimentalBuild", false))...)
	}
	return check.Passed("the engine filters its IPv6 traffic", evidence...)
}
