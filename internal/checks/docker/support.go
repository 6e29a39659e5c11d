package docker

import (
	"time"

	"plimsoll/internal/snapshot"
)

// supportDate is the day on which the tables below were last compared with
// their sources. After staleAfter they decide nothing any more.
var supportDate = day(2026, time.November, 15)

const staleAfter = 180 * 24 * time.Hour

// maintained is one line of releases that gets security fixes. A zero until
// means that no end is announced.
type maintained struct {
	major int
	until time.Time // last day
}

// upstream lists the lines that the Moby project fixes (its table of branches).
// 25.0 was kept up for Mirantis and Amazon only: see packaged.
var upstream = []maintained{{major: 29}, {major: 28}}

// packaged is a line of releases that a distribution keeps fixed in its own
// package, whatever upstream does.
type packaged struct {
	distro, release string // ID and VERSION_ID of /etc/os-release
	name            string // of the package
	line            string // major.minor of the engine in it
	until           time.Time
}

// distributions lists what the security teams of distributions maintain.
// Debian 12 is left out: its regular support ended and 20.10 gets no fixes.
var distributions = []packaged{
	{"debian", "13", "docker.io", "26.1", day(2028, time.August, 9)},
	{"ubuntu", "22.04", "docker.io", "28.2", day(2027, time.April, 30)},
	{"ubuntu", "24.04", "docker.io", "28.2", day(2029, time.April, 30)},
	{"ubuntu", "26.04", "docker.io", "29.1", day(2031, time.April, 30)},
	{"amzn", "2023", "docker", "25.0", day(2029, time.June, 30)},
}

func day(year int, m time.Month, d int) time.Time { return time.Date(year, m, d, 0, 0, 0, 0, time.UTC) }

// over reports whether a last day has passed; a zero day never does.
func over(until, now time.Time) bool { return !until.IsZero() && !now.Before(until.AddDate(0, 0, 1)) }

// packageFor finds the row of the host's distribution and an engine line.
func packageFor(h *snapshot.Host, line string) *packaged {
	for i := range distributions {
		if r := &distributions[i]; r.distro == h.Distro && r.release == h.Release && r.line == line {
			return r
		}
	}
	return nil
}

// anyPackages reports whether some distribution maintains an engine line.
func anyPackages(line string) bool {
	for _, r := range distributions {
		if r.line == line {
			return true
		}
	}
	return false
}
