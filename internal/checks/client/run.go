package client

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var pluginsTrusted = account(check.Check{
	ID:       "client-cli-plugins-trusted",
	Title:    "Client plugins come from trusted directories",
	Why:      "The Docker command runs every program named docker-… in its plugin folders, also to print its help. Who can write to one of them, or to a folder above, runs code as the user. Links are followed.",
	Remedy:   "chown plugins and folders to root or the user, chmod go-w, and remove plugins that nobody knows; plugins lists those that may be there.",
	Severity: check.Medium, STRIDE: "TE", Tier: 2,
	Params: []check.Param{{Name: "plugins", Unit: "list", Meaning: "names, such as docker-buildx, of the plugins that may be there; absent: any"}},
}, trustedPlugins)

func trustedPlugins(v *view) check.Verdict {
	if !v.Plugins.Known() {
		return unseen(v.Plugins, "its plugin folders were not readable")
	}
	listed, declared := v.p.List("plugins")
	var w worst
	for _, f := range v.Plugins.V {
		switch {
		case f.State == snapshot.Absent: // a link to nothing, which cannot be run
			continue
		case f.State != snapshot.Observed:
			w.doubt(cmp.Or(f.Reason, snapshot.ReasonFor(f.State)), f.Path, f.State)
			continue
		case f.Role == "plugin" && declared && !slices.Contains(listed, path.Base(f.Path)):
			w.fail(f.Path, "not on the list")
			continue
		}
		if open, what := v.writable(f); open {
			w.fail(f.Path, what)
			continue
		}
		w.judged++
	}
	return w.verdict("others decide what its plugins do", "some of its plugins could not be looked at", "nobody else decides what its plugins do")
}

// writable reports whether an account other than root and the user may change a
// file or what leads to it.
func (v *view) writable(f snapshot.ClientFile) (bool, string) {
	chain := append([]snapshot.Directory{{Path: f.Path, Mode: f.Mode, UID: f.UID, GID: f.GID}}, f.Parents...)
	for i, d := range chain {
		shown := fmt.Sprintf("%s %04o owner %d group %d", d.Path, d.Mode, d.UID, d.GID)
		sticky := i > 0 && d.Mode&0o1000 != 0 // others may add files there, and replace none of these
		switch {
		case d.UID != 0 && d.UID != v.UID:
			return true, shown
		case sticky:
		case d.Mode&0o002 != 0, d.Mode&0o020 != 0 && d.GID != 0:
			return true, shown
		}
	}
	return false, ""
}

// desktopDate is the day on which the table below was last compared with
// Docker's security announcements. After staleAfter it lets nothing pass.
var desktopDate = time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)

const staleAfter = 180 * 24 * time.Hour

// desktopFlaws are flaws by which a container or an account got more than its
// due, with the release that mended them; the last is the newest.
var desktopFlaws = []struct {
	cve   string
	fixed [3]int
}{
	{"CVE-2024-9348", [3]int{4, 34, 3}},
	{"CVE-2025-9074", [3]int{4, 44, 3}},
	{"CVE-2026-2664", [3]int{4, 62, 0}},
	{"CVE-2026-17106", [3]int{4, 86, 0}},
}

// desktopNewest is the day of the release that mended the last of them: later
// ones are younger.
var desktopNewest = time.Date(2026, time.August, 10, 0, 0, 0, 0, time.UTC)

var desktopVersion = account(check.Check{
	ID:       "client-desktop-version-current",
	Title:    "Docker Desktop is a maintained release",
	Why:      "By CVE-2025-9074 any container on Docker Desktop reached the engine's API, and through it the user's files. Docker mends the newest release only. The table of flaws has a date; releases after it are known by their number alone.",
	Remedy:   "Update Docker Desktop, and let it update itself.",
	Severity: check.High, STRIDE: "E", Tier: 1,
	Params: []check.Param{{Name: "max_age", Unit: "days", Default: []string{"180"}, Meaning: "age of the installed release"}},
}, onDesktop(maintained))

// onDesktop asks the predicate of accounts where Docker Desktop is installed.
func onDesktop(predicate func(*view, *snapshot.Desktop) check.Verdict) func(*view) check.Verdict {
	return func(v *view) check.Verdict {
		switch {
		case v.Desktop.State == snapshot.Absent:
			return check.Inapplicable("Docker Desktop is not installed")
		case !v.Desktop.Known():
			return unseen(v.Desktop, "the files of Docker Desktop were not readable")
		}
		return predicate(v, &v.Desktop.V)
	}
}

var desktopPattern = regexp.MustCompile(`^(\d{1,4})\.(\d{1,4})\.(\d{1,4})`)

func maintained(v *view, d *snapshot.Desktop) check.Verdict {
	evidence := []check.Evidence{ev("version", cmp.Or(d.Version, "?")), ev("table of flaws, dated", desktopDate.Format(time.DateOnly))}
	m := desktopPattern.FindStringSubmatch(d.Version)
	if m == nil {
		return check.Undecided(snapshot.ReasonPartial, "its version was not seen", evidence...)
	}
	var number [3]int
	for i := range number {
		number[i], _ = strconv.Atoi(m[i+1]) // digits by the pattern
	}
	for _, f := range desktopFlaws {
		if slices.Compare(number[:], f.fixed[:]) < 0 {
			return check.Failed("its release has a known flaw", append(evidence, ev(f.cve, fmt.Sprintf("fixed in %d.%d.%d", f.fixed[0], f.fixed[1], f.fixed[2])))...)
		}
	}
	taken := v.p.Scope.Taken
	if taken.IsZero() {
		taken = v.p.Snapshot.Taken
	}
	limit := time.Duration(min(v.p.Int("max_age"), 36500)) * 24 * time.Hour
	if taken.Sub(desktopDate) > staleAfter || taken.Sub(desktopNewest) > limit {
		return check.Undecided(snapshot.ReasonStaleData, "the table of flaws is too old to tell; use a newer Plimsoll", evidence...)
	}
	return check.Passed("its release is young and has no flaw of the table", evidence...)
}

var desktopTCP = account(check.Check{
	ID:       "client-desktop-tcp-api-off",
	Title:    "Docker Desktop offers no unauthenticated TCP API",
	Why:      "With the setting on, every program and, by way of a browser, perhaps every web page on the machine may command the engine at localhost:2375 without a login.",
	Remedy:   "Switch off the option that exposes the daemon on tcp://localhost:2375 in the settings of Docker Desktop, or lock it by settings management.",
	Severity: check.Critical, STRIDE: "S", Tier: 1,
}, onDesktop(func(_ *view, d *snapshot.Desktop) check.Verdict {
	return switched(d, d.TCP, "its setting for an API on TCP was not seen",
		check.Failed("it offers the engine's API in clear on localhost", ev(d.Settings, "exposeDockerAPIOnTCP2375 on")),
		check.Passed("it offers no API on TCP", ev(d.Settings, "exposeDockerAPIOnTCP2375 off")))
}))

// switched is the verdict for a setting of Docker Desktop that is on or off.
func switched(d *snapshot.Desktop, is snapshot.Tri, unseen string, on, off check.Verdict) check.Verdict {
	switch is {
	case snapshot.TriOn:
		return on
	case snapshot.TriOff:
		return off
	case snapshot.TriUnknown:
	}
	return check.Undecided(snapshot.ReasonPartial, unseen, ev("settings", cmp.Or(d.Settings, "none found")))
}

var desktopIsolation = account(check.Check{
	ID:       "client-desktop-enhanced-isolation",
	Title:    "Docker Desktop runs containers with enhanced isolation",
	Why:      "Without enhanced isolation a privileged container is root in Desktop's virtual machine, from where it reads what is shared with it and its settings. It is a feature of the business subscription.",
	Remedy:   "Switch on enhanced container isolation and lock it by settings management, or run the workstation's engine rootless.",
	Severity: check.Medium, STRIDE: "E", Tier: 1,
}, onDesktop(func(_ *view, d *snapshot.Desktop) check.Verdict {
	return switched(d, d.Isolation, "its setting for enhanced isolation was not seen",
		check.Passed("enhanced isolation is on", ev(d.Settings, fmt.Sprintf("enhancedContainerIsolation on, locked %t", d.Locked))),
		check.Failed("enhanced isolation is off", ev(d.Settings, "enhancedContainerIsolation off")))
}))
