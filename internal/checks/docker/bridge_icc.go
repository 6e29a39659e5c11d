package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var defaultBridgeICC = &check.Check{
	ID:    "daemon-default-bridge-icc-disabled",
	Title: "Containers on the default bridge cannot reach each other",
	Why: "Whatever is started without a network of its own meets on the default bridge, strangers included; with inter-container traffic allowed each reaches " +
		"every port of the others, and can forge ARP and DNS answers for them. The network's own option decides, because it is what the engine enforces. " +
		"A file that says otherwise takes effect at the next start. Ports that are published stay reachable.",
	Remedy: "Set \"icc\": false in the engine's configuration file and restart it. Containers that must talk to each other belong on a network of their own. " +
		"Without need for the default bridge, \"bridge\": \"none\" removes it.",
	Severity: check.Medium, Subject: snapshot.KindNetwork, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "ID", Tier: 1,
	Refs:  check.CIS(1, "2.1", "2.2", "2.2"),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineNetworks},
	Run:   func(p *check.Probe) { judgeNetworks(p, keepsApart) },
	Fixes: []check.Fix{{
		Title: "keep containers on the default bridge apart", Kind: step.DaemonRestart,
		Step: configure(step.DaemonRestart, "Containers that talk to each other on the default bridge lose each other: give them a network of their own. With containers running through the restart the bridge keeps its former setting.", wish{"icc", "false"}),
	}},
}

func keepsApart(n *net) check.Verdict {
	const key = "com.docker.network.bridge.enable_icc"
	if !n.Default && n.Name != "bridge" {
		return check.Inapplicable("it is not the default bridge")
	}
	value, ok := n.option(key)
	evidence := []check.Evidence{ev("GET /networks "+key, orDefault(value))}
	s := n.at.setting("icc")
	if s.known() && s.set {
		evidence = append(evidence, s.ev())
	}
	switch {
	case !ok:
		return check.Undecided(snapshot.ReasonPartial, "the engine did not say whether its containers reach each other", evidence...)
	case value == "true":
		return n.at.drifted(check.Failed("its containers reach each other on every port", evidence...), true, "icc")
	case value == "false":
		return n.at.drifted(check.Passed("its containers do not reach each other", evidence...), false, "icc")
	}
	return check.Undecided(snapshot.ReasonUnparsable, "the option is neither true nor false", evidence...)
}
