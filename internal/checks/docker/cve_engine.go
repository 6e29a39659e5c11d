package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var engineAuthzCVE = &check.Check{
	ID:    "engine-cve-authz-bypass",
	Title: "The engine has no known authorization bypass",
	Why: "An authorization plugin is a control only as long as it sees what it decides on. Two flaws let a request through that the plugin saw without its body: " +
		"CVE-2024-41110 with a length of zero, CVE-2026-34040 with a body of more than a mebibyte. " + cveReading,
	Remedy:   "Update the engine to 29.3.1 or later.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run: func(p *check.Probe) {
		judgeEngine(p, func(d *daemon) check.Verdict {
			if len(d.AuthorizationPlugins) == 0 {
				return check.Inapplicable("no authorization plugin is active, which daemon-authorization-plugin judges", ev("GET /info Plugins.Authorization", "none"))
			}
			return d.hasNone("", "engine", "engine authorization")
		})
	},
}

var pluginPrivileges = &check.Check{
	ID:    "plugin-privilege-cve",
	Title: "Engine plugins hold no unapproved host rights",
	Why: "A managed plugin runs as root with what it was granted at installation: the host's network, devices, directories. CVE-2026-33997 let one take rights that nobody had granted. " +
		"Without plugins the flaw has nothing to work on. " + cveReading,
	Remedy:   "Remove plugins that are not needed, list those whose rights were reviewed as allowed_plugins, and update the engine to 29.3.1 or later.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceOpenSource, STRIDE: "E", Tier: 2,
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{{Name: "allowed_plugins", Unit: "list", Meaning: "plugins that may hold host rights"}},
	Run:    func(p *check.Probe) { judgeEngine(p, pluginsHoldLittle) },
}

func pluginsHoldLittle(d *daemon) check.Verdict {
	if !d.Plugins.Known() {
		return check.Undecided(reasonOf(d.Plugins.State, d.Plugins.Reason), "the engine's plugins were not readable")
	}
	if len(d.Plugins.V) == 0 {
		return check.Passed("no plugin is installed", ev("GET /plugins", "none"))
	}
	allowed, _ := d.p.List("allowed_plugins")
	var h hits
	for _, p := range d.Plugins.V {
		name, _, _ := strings.Cut(p.Name, ":")
		if len(p.Rights) > 0 && !slices.Contains(allowed, p.Name) && !slices.Contains(allowed, name) {
			h.add("GET /plugins "+p.Name, firstFew(p.Rights))
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("plugins hold rights over the host that the policy does not list", h.evidence...))
	}
	return d.hasNone("", "engine plugins")
}

// reasonOf is the reason for which a fact is missing.
func reasonOf(s snapshot.State, r snapshot.Reason) snapshot.Reason {
	switch {
	case r != "":
		return r
	case snapshot.ReasonFor(s) != "":
		return snapshot.ReasonFor(s)
	}
	return snapshot.ReasonPartial
}
