package kube

import (
	"cmp"
	"fmt"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// releases says until when upstream fixes minor releases, as its release page had
// it on releaseDate. After staleAfter it decides nothing any more.
var releases = map[int]time.Time{
	34: day(2026, time.October, 27), 35: day(2027, time.February, 28), 36: day(2027, time.June, 28), 37: day(2027, time.October, 28),
}

var releaseDate = day(2026, time.November, 15)

const (
	staleAfter    = 180 * 24 * time.Hour
	newestRelease = 37
	kubeletSkew   = 3
)

func day(year int, m time.Month, d int) time.Time { return time.Date(year, m, d, 0, 0, 0, 0, time.UTC) }

func maintained(c *comp) check.Verdict {
	version := c.Version
	for i := range c.p.Snapshot.Clusters {
		if cl := &c.p.Snapshot.Clusters[i]; cl.Scope == c.Scope {
			version = cmp.Or(version, cl.Version)
		}
	}
	minor := kubeflag.Minor(version)
	evidence := []check.Evidence{ev("release", cmp.Or(version, "not proved")), ev("table of releases, dated", releaseDate.Format(time.DateOnly))}
	taken := cmp.Or(c.p.Scope.Taken, c.p.Snapshot.Taken)
	switch {
	case minor == 0:
		return check.Undecided(snapshot.ReasonPartial, "neither the program nor its image says which release it is", evidence...)
	case taken.Sub(releaseDate) > staleAfter:
		return check.Undecided(snapshot.ReasonStaleData, "the table of releases is older than 180 days; use a newer Plimsoll", evidence...)
	case minor > newestRelease:
		return check.Undecided(snapshot.ReasonStaleData, "the release is newer than the table; use a newer Plimsoll", evidence...)
	}
	until, ok := releases[minor]
	if !ok || c.p.Now.After(until.AddDate(0, 0, 1)) {
		return check.Failed(fmt.Sprintf("release 1.%d gets no fixes", minor), evidence...)
	}
	if v, bad := skew(c, minor); bad {
		return v
	}
	return check.Passed("release 1."+fmt.Sprint(minor)+" gets fixes until "+until.Format(time.DateOnly), evidence...)
}

// skew looks for kubelets that are too old for the API server, or newer.
func skew(c *comp, minor int) (check.Verdict, bool) {
	var hits shared.Hits
	look := func(node, version string) {
		if k := kubeflag.Minor(version); k > 0 && (k > minor || k < minor-kubeletSkew) {
			hits.Add(ev("kubelet on "+node, version))
		}
	}
	for _, k := range components(c.p, snapshot.Kubelet) {
		look(k.Node, k.Version)
	}
	for i := range c.p.Snapshot.Nodes {
		if n := &c.p.Snapshot.Nodes[i]; n.Scope == c.Scope {
			look(n.Name, n.Kubelet)
		}
	}
	if hits.Any() {
		return hits.Failed(fmt.Sprintf("kubelets are newer than the API server or more than %d minor releases older", kubeletSkew)), true
	}
	return check.Verdict{}, false
}
