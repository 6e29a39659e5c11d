package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonManagesFirewall = &check.Check{
	ID:    "daemon-manages-firewall",
	Title: "The engine maintains its packet filter rules",
	Why: "The rules that keep networks of containers apart, and unpublished ports closed, are written by the engine. With iptables switched off nobody writes them: " +
		"containers of different networks reach each other, and from the local network whatever can route to them does too. " +
		"ip6tables matters as soon as one network has IPv6; before Engine 27 it was off unless switched on. " +
		"Both keys also govern the nftables backend of Engine 29, so that choosing it does not make up for iptables=false.",
	Remedy:   "Remove \"iptables\": false and \"ip6tables\": false (on engines before 27 set \"ip6tables\": true) and restart the engine. Put rules of your own into the DOCKER-USER chain, or into an nftables table of your own.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "ID", Tier: 1,
	Refs:  check.CIS(1, "2.3", "2.4", "2.4"),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, writesRules) },
}

func writesRules(d *daemon) check.Verdict {
	if d.Rootless {
		return check.Inapplicable("the engine is rootless and filters inside its own network namespace")
	}
	v4, v6 := d.setting("iptables"), d.setting("ip6tables")
	on4, on6 := v4.boolean(true), v6.boolean(ip6Default(d.Version))
	if !v4.known() {
		return v4.undecided()
	}
	evidence := []check.Evidence{v4.ev(), v6.ev()}
	if d.FirewallBackend != "" {
		evidence = append(evidence, ev("GET /info FirewallBackend", d.FirewallBackend))
	} else if b := d.setting("firewall-backend"); b.known() && b.set {
		evidence = append(evidence, b.ev())
	}
	if !on4 {
		return check.Failed("the engine writes no packet filter rules", evidence...)
	}
	if !v6.known() {
		return v6.undecided(evidence...)
	}
	if d.file {
		return d.writesIPv6(v6, on6, evidence)
	}
	if on6 {
		return check.Passed("the engine writes packet filter rules for IPv4 and IPv6", evidence...)
	}
	if st := d.p.Part(snapshot.PartEngineNetworks); st.State != snapshot.Observed {
		return check.Undecided(snapshot.ReasonPartial, "no rules are written for IPv6, and whether a network has IPv6 was not readable", evidence...)
	}
	var with []string
	for i := range d.p.Snapshot.Networks {
		if n := &d.p.Snapshot.Networks[i]; n.Scope == d.Scope && n.IPv6 {
			with = append(with, n.Name)
		}
	}
	if len(with) > 0 {
		return check.Failed("the engine writes no packet filter rules for IPv6, which networks use", append(evidence, ev("networks with IPv6", strings.Join(with, ", ")))...)
	}
	return check.Passed("the engine writes packet filter rules for IPv4, and no network has IPv6", evidence...)
}

// writesIPv6 judges a file by itself.
func (d *daemon) writesIPv6(v6 setting, on bool, evidence []check.Evidence) check.Verdict {
	wanted := d.setting("ipv6")
	if v6.set && !on && wanted.boolean(false) {
		return check.Failed("the engine writes no packet filter rules for IPv6, which the default network uses", append(evidence, wanted.ev())...)
	}
	return check.Passed("the engine is not kept from writing packet filter rules", evidence...)
}

// ip6Default is the value of ip6tables when nothing sets it: on since Engine 27.
func ip6Default(v string) bool {
	parsed, ok := parseVersion(v)
	return ok && parsed.atLeast(27, 0, 0)
}
