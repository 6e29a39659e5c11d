package docker

import (
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// The checks that hold versions against the table of flaws say of what is read
// from it the same.
const cveReading = "A distribution keeps the number of a release and adds the fix: where the package is one that is known to have it, that decides. " +
	"Otherwise a number in the affected range is a suspicion when a distribution built it, and a failure when upstream did. A table older than 180 days decides nothing."

// componentFlaws makes the checks of what the engine starts and builds
// containers with. The component is where the engine tells its version, "" for
// the engine itself; table names its flaws.
func componentFlaws() []*check.Check {
	var out []*check.Check
	for _, r := range []struct{ id, component, table, stride, title, why, remedy string }{
		{
			"runc-cve", "runc", "runc", "E", "The container runtime has no known escape flaw",
			"runc sets every container up as root of the machine; each of its listed flaws let an image or a mount reach out of the container while it did.",
			"Update runc (the package runc or containerd.io). Running containers need no restart: the flaws are in starting one and in exec.",
		},
		{
			"containerd-cve", "containerd", "containerd", "E", "containerd has no known escape flaw",
			"containerd keeps images and starts runtimes as root. CVE-2024-25621 left its folders open to local users, CVE-2025-64329 lets callers of its Kubernetes interface exhaust the machine.",
			"Update containerd (the package containerd or containerd.io).",
		},
		{
			"buildkit-cve", "", "buildkit", "TE", "The builder has no known breakout flaw",
			"The engine builds with a BuildKit of its own; before 0.12.5 a Dockerfile or a front end from the Internet could delete and read files of the host. The engine's release says which one it has.",
			"Update the engine to 25.0.2 or later, and builders of buildx to BuildKit 0.12.5 or later; the latter are not looked at.",
		},
	} {
		out = append(out, &check.Check{
			ID: r.id, Title: r.title, Why: r.why + " " + cveReading, Remedy: r.remedy,
			Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: r.stride, Tier: 2,
			Forms: []check.Form{check.Live},
			Run: func(p *check.Probe) {
				judgeHostEngines(p, func(d *daemon) check.Verdict { return d.hasNone(r.component, r.table) })
			},
		})
	}
	return out
}

// judgeHostEngines asks a predicate of every engine on the machine; the worst
// verdict is the machine's.
func judgeHostEngines(p *check.Probe, verdict func(*daemon) check.Verdict) {
	var worst check.Verdict
	rank := map[check.Status]int{check.NotApplicable: 1, check.Pass: 2, check.Unknown: 3, check.Fail: 4}
	for _, s := range enginesOn(p) {
		v := check.Undecided(snapshot.ReasonPartial, "the engine "+s.Name+" did not describe itself")
		if e := p.Snapshot.Engine(s.ID); e != nil && p.Index.Part(s.ID, snapshot.PartEngineInfo).State == snapshot.Observed {
			v = verdict(&daemon{Engine: e, p: p})
		}
		if rank[v.Status] > rank[worst.Status] {
			worst = v
		}
	}
	if worst.Status == 0 {
		worst = check.Inapplicable("the machine is no container host")
	}
	p.Report(worst, p.Self())
}

// installed is a component as it was found.
type installed struct {
	release release
	pkg     string // the distribution's package version, "" when none is known
	distro  bool   // a distribution built it
	vendor  bool   // upstream or Docker built it
}

// hasNone holds a component's version against the tables of flaws.
func (d *daemon) hasNone(component string, tables ...string) check.Verdict {
	in, evidence, ok := d.component(component)
	taken := d.p.Scope.Taken
	if taken.IsZero() {
		taken = d.p.Snapshot.Taken
	}
	switch {
	case taken.Sub(cveDate) > staleAfter:
		return check.Undecided(snapshot.ReasonStaleData, "the table of flaws is older than 180 days; use a newer Plimsoll", evidence...)
	case !ok:
		return check.Undecided(snapshot.ReasonPartial, "the engine did not state a version that could be read", evidence...)
	}
	var has, suspect []string
	for i := range flaws {
		f := &flaws[i]
		switch {
		case !slices.Contains(tables, f.component), !f.affects(in.release), in.pkg != "" && f.backported(in.pkg):
		case in.vendor && !in.distro:
			has = append(has, f.id)
		default:
			suspect = append(suspect, f.id)
		}
	}
	switch {
	case len(has) > 0:
		return check.Failed("it is affected by "+strings.Join(append(has, suspect...), ", "), evidence...)
	case len(suspect) > 0:
		return check.Undecided(snapshot.ReasonSuspect, "by its number it is affected by "+strings.Join(suspect, ", ")+"; whether the package has the fix is not known", evidence...)
	}
	return check.Passed("none of the listed flaws affects it", evidence...)
}

// component finds the version of a component, "" for the engine itself, and who
// built it.
func (d *daemon) component(name string) (installed, []check.Evidence, bool) {
	var in installed
	version, source := d.Version, "GET /version Version"
	if name != "" {
		version, source = pair(d.Components, name), "GET /version Components "+name
		in.pkg = pair(d.Builds, name)
	} else if owner, v, ok := strings.Cut(d.Package, " "); ok {
		in.pkg = v
		in.distro = owner != "docker-ce"
	}
	evidence := []check.Evidence{ev(source, orDefault(version)), ev("table of flaws, dated", cveDate.Format(time.DateOnly))}
	in.distro = in.distro || distributionVersion(version) || distributionVersion(in.pkg)
	if in.distro && in.pkg != "" {
		evidence = append(evidence, ev("package", in.pkg))
	}
	in.vendor = strings.HasPrefix(d.Platform, "Docker ") || strings.HasPrefix(d.Platform, "Mirantis")
	if d.Platform != "" {
		evidence = append(evidence, ev("GET /version Platform", d.Platform))
	}
	var ok bool
	in.release, ok = parseRelease(version)
	return in, evidence, ok
}

// distributionVersion reports whether a version was made up by a distribution.
func distributionVersion(v string) bool {
	for _, mark := range []string{"+ds", "~ds", "+dfsg", "ubuntu", "+deb", ".el", ".fc", ".amzn"} {
		if strings.Contains(v, mark) {
			return true
		}
	}
	return false
}

// pair returns the value of a key, or "".
func pair(list []snapshot.Pair, key string) string {
	for _, p := range list {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}
