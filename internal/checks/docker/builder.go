package docker

import (
	"encoding/json"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var buildCacheBounded = &check.Check{
	ID:    "buildkit-gc-policy",
	Title: "Build cache has an upper bound",
	Why: "Every build leaves cache on the disk that engine and containers share. Engines from 28.3 on collect it by default, those before 23 only when told to; " +
		"of the releases between the default is not known here. A policy of one's own must have a rule that bounds the whole. Builders of buildx have settings of their own, which are not read.",
	Remedy:   "Set \"builder\": {\"gc\": {\"enabled\": true, \"defaultKeepStorage\": \"20GB\"}} in the engine's configuration file and restart it.",
	Severity: check.Low, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceDockerfile, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live},
	Run:   func(p *check.Probe) { judgeHostEngines(p, boundsCache) },
}

// builder returns the members of the builder's settings by lower-case name.
func (d *daemon) builder() (members map[string]string, s setting) {
	s = d.setting("builder")
	members = make(map[string]string)
	for _, v := range s.values {
		name, value, _ := strings.Cut(v, "=")
		members[strings.ToLower(name)] = value
	}
	return members, s
}

func boundsCache(d *daemon) check.Verdict {
	m, s := d.builder()
	if !s.known() {
		return s.undecided()
	}
	evidence := []check.Evidence{s.ev(), ev("GET /version Version", d.Version)}
	enabled, stated := m["gc.enabled"]
	v, ok := parseVersion(d.Version)
	on, err := strconv.ParseBool(enabled)
	switch {
	case stated && err != nil:
		return check.Undecided(snapshot.ReasonUnparsable, "gc.enabled is neither true nor false", evidence...)
	case stated && !on, !stated && ok && !v.atLeast(23, 0, 0):
		return check.Failed("nothing collects the build cache", evidence...)
	case !stated && (!ok || !v.atLeast(28, 3, 0)):
		return check.Undecided(snapshot.ReasonUnresolved, "whether this release collects the build cache by itself is not known; state builder.gc.enabled", evidence...)
	}
	if rules := m["gc.policy"]; rules != "" && !boundsAll(rules) {
		return check.Failed("no rule of the policy bounds the whole of the build cache", evidence...)
	}
	return check.Passed("the build cache is collected above a bound", evidence...)
}

// boundsAll reports whether a rule without a filter has a size. Names are read
// as the engine does, whatever their case.
func boundsAll(policy string) bool {
	var rules []struct {
		Filter                                   json.RawMessage
		KeepStorage, ReservedSpace, MaxUsedSpace string
	}
	if json.Unmarshal([]byte(policy), &rules) != nil {
		return false
	}
	for _, r := range rules {
		filter := strings.TrimSpace(string(r.Filter))
		unfiltered := filter == "" || filter == "null" || filter == "[]" || filter == "{}"
		if unfiltered && r.KeepStorage+r.ReservedSpace+r.MaxUsedSpace != "" {
			return true
		}
	}
	return false
}

var builderEntitlements = &check.Check{
	ID:    "buildkit-entitlements-off",
	Title: "The builder grants no insecure entitlement",
	Why: "With security.insecure a build step runs as a privileged container, with network.host in the host's network: whoever may build is then root or behind the firewall. " +
		"The engine's own builder grants network.host unless told otherwise, to a build that asks for it. Builders of buildx have settings of their own, which are not read.",
	Remedy:   "Set \"builder\": {\"entitlements\": {\"network-host\": false, \"security-insecure\": false}} in the engine's configuration file and restart it.",
	Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceDockerfile, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live},
	Run:   func(p *check.Probe) { judgeHostEngines(p, grantsNothing) },
}

func grantsNothing(d *daemon) check.Verdict {
	m, s := d.builder()
	if !s.known() {
		return s.undecided()
	}
	on := func(name string, def bool) bool {
		b, err := strconv.ParseBool(m["entitlements."+name])
		return b || err != nil && (def || m["entitlements."+name] != "")
	}
	insecure, network := on("security-insecure", false), on("network-host", true)
	evidence := []check.Evidence{ev("builder entitlements security-insecure", insecure), ev("builder entitlements network-host", network)}
	if _, set := m["entitlements.network-host"]; !set {
		evidence[1].Source += ", by default"
	}
	switch {
	case insecure:
		return check.Failed("a build may run as a privileged container", evidence...)
	case network:
		return check.Failed("a build may use the host's network", evidence...).At(check.Medium)
	}
	return check.Passed("no build gets more than a container", evidence...)
}
