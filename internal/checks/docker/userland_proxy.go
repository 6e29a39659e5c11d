package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var daemonUserlandProxy = &check.Check{
	ID:    "daemon-userland-proxy-disabled",
	Title: "Published ports need no user-space proxy",
	Why: "For each published port the engine starts a docker-proxy process beside the kernel's own forwarding. It costs memory per port, hides the caller's address from the container, " +
		"and is one more program that reads what strangers send. The kernel can do without it. Running proxies outweigh a configuration that says they are off.",
	Remedy:   "Set \"userland-proxy\": false in the engine's configuration file and restart it. Test published ports from the machine itself and over IPv6 afterwards: those paths used the proxy.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "2.14", "2.16", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, noProxy) },
	Fixes: []check.Fix{{
		Title: "forward published ports in the kernel", Kind: step.DaemonRestart,
		Step: configure(step.DaemonRestart, "Test published ports from the machine itself and over IPv6 afterwards: those paths used the proxy.", wish{"userland-proxy", "false"}),
	}},
}

func noProxy(d *daemon) check.Verdict {
	key := d.setting("userland-proxy")
	on := key.boolean(true)
	var evidence []check.Evidence
	if key.known() {
		evidence = append(evidence, key.ev())
	}
	if d.Process.Known() {
		evidence = append(evidence, ev("docker-proxy processes of the engine", d.Process.V.Proxies))
		if d.Process.V.Proxies > 0 {
			v := check.Failed("published ports go through a user-space proxy", evidence...)
			return d.drifted(v, true, key.key)
		}
	}
	switch {
	case !key.known():
		return key.undecided(evidence...)
	case on:
		return check.Failed("a published port gets a user-space proxy", evidence...)
	}
	return check.Passed("published ports are forwarded by the kernel alone", evidence...)
}
