package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var mirrorsUseTLS = &check.Check{
	ID:    "daemon-registry-mirror-tls",
	Title: "Registry mirrors use TLS",
	Why: "What a mirror answers is taken for Docker Hub's. Without TLS whoever sits on the way answers in its place, and a tag then names an image of their own. " +
		"A mirror on the loopback address is left out, since nobody sits on that way.",
	Remedy:   "Give the mirror a certificate, write its URL with https in registry-mirrors and reload the engine (SIGHUP).",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceRegistry, STRIDE: "ST", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, mirrorsEncrypt) },
}

// mirrors is evidence of them, from the engine or its file.
func (d *daemon) mirrors(shown string) check.Evidence {
	if d.file {
		s := d.setting("registry-mirrors")
		return s.part(shown)
	}
	return ev("GET /info RegistryConfig.Mirrors", shown)
}

func mirrorsEncrypt(d *daemon) check.Verdict {
	var h hits
	for _, m := range d.Mirrors {
		host, ok := strings.CutPrefix(strings.ToLower(m), "https://")
		if !ok {
			_, host, _ = strings.Cut(m, "://")
			ok = loopback(strings.TrimRight(host, "/"))
		}
		switch {
		case ok:
		case host == "":
			return check.Undecided(snapshot.ReasonUnparsable, "a mirror's address is no URL", d.mirrors(m))
		default:
			h.take(d.mirrors(m))
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("a mirror is asked without TLS", h.evidence...))
	}
	if len(d.Mirrors) == 0 {
		return check.Passed("no mirror is asked", d.mirrors("none"))
	}
	return check.Passed("every mirror is asked over TLS", d.mirrors(firstFew(d.Mirrors)))
}

var mirrorConfigured = &check.Check{
	ID:    "registry-mirror-configured",
	Title: "A mirror or cache covers registry outages",
	Why: "Without a mirror an outage of Docker Hub, or its limit of pulls, stops every start that needs an image. " +
		"Whether the mirror answers is not asked: that would send a request to another machine.",
	Remedy:   "Run a pull-through cache and name it in registry-mirrors, then reload the engine (SIGHUP). An engine that pulls from registries of its own only needs none: accept the finding.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceRegistry, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, hasMirror) },
}

func hasMirror(d *daemon) check.Verdict {
	e := d.mirrors(firstFewOr(d.Mirrors))
	if len(d.Mirrors) == 0 {
		return check.Failed("no mirror of the public registry is configured", e)
	}
	return check.Passed("a mirror of the public registry is configured", e).Note("whether it answers was not asked")
}

var proxyCredentials = &check.Check{
	ID:    "daemon-proxy-credentials",
	Title: "Proxy settings carry no password",
	Why: "A proxy's URL with a password stands in the engine's configuration or its unit file, which many may read, and in docker info before Engine 23. " +
		"Only the form of the value is kept.",
	Remedy:   "Let the proxy know the host by its address or a certificate, or put a local proxy in between that holds the password. Then change the password, since it was readable.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, proxiesWithoutPassword) },
}

func proxiesWithoutPassword(d *daemon) check.Verdict {
	var h hits
	for _, p := range d.Proxies {
		if p.Shape == snapshot.ShapeURLCreds {
			h.add("GET /info "+p.Name, "a URL with a password")
		}
	}
	if d.Config.State != snapshot.Skipped {
		for _, s := range d.Config.V.Settings {
			if s.Hidden != nil && strings.HasSuffix(s.Key, "-proxy") && s.Hidden.Shape == snapshot.ShapeURLCreds {
				e := ev(s.Key+" by "+s.Origin, "a URL with a password")
				e.Loc = s.Loc
				h.take(e)
			}
		}
	}
	if len(h.evidence) > 0 {
		return check.Failed("a proxy's password stands in the settings", h.evidence...)
	}
	if d.file {
		s := d.setting("proxies")
		return check.Passed("no proxy's URL has a password", ev(s.source, "none with one"))
	}
	return check.Passed("no proxy's URL has a password", ev("GET /info HttpProxy, HttpsProxy", len(d.Proxies)))
}
