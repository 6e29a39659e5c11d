package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var notOnDefaultBridge = &check.Check{
	ID:    "container-not-on-default-bridge",
	Title: "The container uses a user-defined network",
	Why: "All containers on the default bridge reach each other on every port, whatever they belong to, and answer for each other's addresses. " +
		"A network per application keeps them apart and resolves names. A container of compose gets its project's network by itself.",
	Remedy:   "Create a network with docker network create and start the container with --network. No measure does this: containers on the default bridge may find each other by address, which changes.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "SI", Tier: 1,
	Refs:  check.CIS(2, "5.29", "5.30", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"networkMode", "networks"},
	Run:   func(p *check.Probe) { judge(p, offDefaultBridge) },
}

func offDefaultBridge(b *box) check.Verdict {
	mode := b.spec.NetworkMode
	conf := ev("HostConfig.NetworkMode", orDefault(mode))
	attached := slices.ContainsFunc(b.spec.Networks, func(name string) bool {
		w := b.at.network(name)
		return name == "bridge" || w != nil && w.Default
	})
	switch {
	case attached:
		return check.Failed("it is attached to the default bridge", conf, ev("NetworkSettings.Networks", firstFew(b.spec.Networks)))
	case b.spec.FirstUnread("networkMode") != "":
		return b.at.p.NotUnderstood("networkMode")
	case mode == "bridge" || mode == "default", mode == "" && b.engine != nil:
		return check.Failed("it is attached to the default bridge", conf)
	case mode == "none":
		return check.Passed("it has no network", conf)
	case mode == "host":
		return check.Passed("it is not attached to the default bridge", conf).
			Note("it uses the host's network, which container-no-host-network judges")
	case strings.HasPrefix(mode, "container:"):
		return check.Passed("it has no network of its own", conf).
			Note("it shares the network of another container, which is judged there")
	}
	return check.Passed("it uses a network of its own choice", conf)
}
