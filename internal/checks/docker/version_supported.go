package docker

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var dockerVersionSupported = &check.Check{
	ID:    "docker-version-supported",
	Title: "The engine release is still maintained",
	Why: "An engine whose line gets no more fixes keeps every flaw that is found from now on, and its API is root on the machine. " +
		"Plimsoll ships a dated table of the lines that the Moby project maintains and of packages that distributions keep fixed on older lines. " +
		"A version number alone cannot show a distribution's fixes, hence the package is looked up too. A table older than 180 days decides nothing.",
	Remedy:   "Move to a maintained line: Docker's own packages, or a release of the distribution that still maintains its package. Turn on live-restore first, so that containers outlive the engine's restart.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "1.1.2", "1.2.2", "1.2.2"),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, isMaintained) },
}

func isMaintained(d *daemon) check.Verdict {
	evidence := []check.Evidence{
		ev("GET /version Version", d.Version), ev("table of maintained lines, dated", supportDate.Format(time.DateOnly)),
		ev("judged on", d.p.Now.UTC().Format(time.DateOnly)),
	}
	taken := d.p.Scope.Taken
	if taken.IsZero() {
		taken = d.p.Snapshot.Taken
	}
	v, ok := parseVersion(d.Version)
	switch {
	case strings.Contains(strings.ToLower(d.Platform), "podman"):
		return check.Undecided(snapshot.ReasonUnresolved, "the API is Podman's, whose releases the table does not list", ev("GET /version Platform", d.Platform))
	case !ok:
		return check.Undecided(snapshot.ReasonUnparsable, "the engine's version is not a number", evidence...)
	case taken.Sub(supportDate) > staleAfter:
		return check.Undecided(snapshot.ReasonStaleData, "the table of maintained lines is older than 180 days; use a newer Plimsoll", evidence...)
	case v.major > upstream[0].major:
		return check.Undecided(snapshot.ReasonStaleData, "the engine is newer than the table of maintained lines; use a newer Plimsoll", evidence...)
	}
	for _, m := range upstream {
		if m.major == v.major && !over(m.until, d.p.Now) {
			return check.Passed(fmt.Sprintf("engine line %d is maintained", m.major), evidence...)
		}
	}
	return d.distributionMaintains(fmt.Sprintf("%d.%d", v.major, v.minor), evidence)
}

// distributionMaintains judges a line that upstream no longer maintains.
func (d *daemon) distributionMaintains(line string, evidence []check.Evidence) check.Verdict {
	h := d.p.Host()
	if d.Package != "" {
		evidence = append(evidence, ev("distribution package", d.Package))
	}
	if h != nil && h.Distro != "" {
		evidence = append(evidence, ev("/etc/os-release", strings.TrimSpace(h.Distro+" "+h.Release)))
	}
	if !anyPackages(line) {
		return check.Failed("engine line "+line+" is maintained by nobody", evidence...)
	}
	if h == nil || h.Distro == "" || d.Package == "" {
		st := d.p.Part(snapshot.PartHostPackages)
		reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial)
		return check.Undecided(reason, "engine line "+line+" is maintained by some distributions only, and the installed package was not readable", evidence...)
	}
	name, _, _ := strings.Cut(d.Package, " ")
	row := packageFor(h, line)
	switch {
	case row == nil || row.name != name:
		return check.Failed("engine line "+line+" is not maintained in this package", evidence...)
	case over(row.until, d.p.Now):
		return check.Failed("the distribution maintained engine line "+line+" until "+row.until.Format(time.DateOnly), evidence...)
	}
	return check.Passed("the distribution maintains engine line "+line+" until "+row.until.Format(time.DateOnly), evidence...)
}
