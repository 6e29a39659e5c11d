package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonAuthorizationPlugin = &check.Check{
	ID:    "daemon-authorization-plugin",
	Title: "An authorization plugin decides engine API calls",
	Why: "The engine's API knows no roles: whoever may open the socket may do everything, up to being root on the machine. An authorization plugin sees each request and may refuse it. " +
		"GET /info names the plugins that are active. The engine passes every request through them and refuses when one does not answer, so that its answer proves that they do. " +
		"What the plugin refuses is not judged here.",
	Remedy:   "Install an authorization plugin, add it to \"authorization-plugins\" in the engine's configuration file and reload the engine (SIGHUP). Test its rules first: a plugin that is down stops every API call.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(2, "2.11", "2.12", ""),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, asksPlugin) },
}

func asksPlugin(d *daemon) check.Verdict {
	names := strings.Join(d.AuthorizationPlugins, ", ")
	if names == "" {
		evidence := d.observed("GET /info Plugins.Authorization", "none", "authorization-plugins")
		v := check.Failed("nothing decides API calls: whoever opens the socket may do everything", evidence...)
		if len(evidence) > 1 {
			v = v.Note(disagrees)
		}
		return v
	}
	v := check.Passed("API calls are decided by "+names, d.observed("GET /info Plugins.Authorization", names, "authorization-plugins")...)
	if ver, ok := parseVersion(d.Version); ok && !ver.atLeast(29, 3, 1) {
		v = v.Note("by its version, " + d.Version + ", a large request body may reach the plugin empty (CVE-2026-34040, fixed in 29.3.1); a distribution may have fixed it in its own package")
	}
	return v
}
