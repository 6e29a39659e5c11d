package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var overlayEncrypted = &check.Check{
	ID:    "swarm-overlay-encrypted",
	Title: "Overlay networks between nodes are encrypted",
	Why: "Traffic of an overlay network crosses the wire between nodes in VXLAN packets, in clear unless the network was made with the option encrypted: " +
		"whoever is on the way reads it, and can send packets into the network. The ingress network carries what arrives for published ports and counts too.",
	Remedy: "Create the network anew with docker network create --driver overlay --opt encrypted and move the services to it. It costs throughput, " +
		"and protocol ESP and UDP port 4789 must pass between the nodes.",
	Severity: check.Medium, Subject: snapshot.KindNetwork, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(1, "7.4", "7.3", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineNetworks},
	Run:   func(p *check.Probe) { judgeNetworks(p, encrypted) },
}

func encrypted(n *net) check.Verdict {
	switch {
	case n.at.file && n.Driver == "":
		return check.Undecided(snapshot.ReasonStatic, "it is made elsewhere: what it is only an engine shows", n.driver())
	case n.Driver != "overlay":
		return check.Inapplicable("it does not leave the machine", n.driver())
	}
	// The option is on when it stands there, with no value or any but false.
	value, ok := n.option("encrypted")
	switch {
	case ok && !strings.EqualFold(value, "false"):
		return check.Passed("what it sends between nodes is encrypted", n.said("Options encrypted", "driver_opts encrypted", "set"))
	case n.Ingress:
		return check.Failed("the routing mesh sends requests between nodes in clear", n.said("Options encrypted", "driver_opts encrypted", orDefault(value)))
	}
	return check.Failed("what it sends between nodes is readable on the way", n.said("Options encrypted", "driver_opts encrypted", orDefault(value)))
}
