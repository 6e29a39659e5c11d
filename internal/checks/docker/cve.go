package docker

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cveDate is the day on which the table of flaws was last compared with its
// sources. After staleAfter it decides nothing any more.
var cveDate = day(2026, time.November, 24)

// flaw is one published flaw of a component.
type flaw struct {
	id        string   // CVE
	component string   // engine, runc, containerd, or buildkit, which is part of the engine
	since     string   // first release that has it; "" for all
	fixed     []string // first release of each line of releases that has the fix, ascending
	backports []string // package versions with which a distribution fixed it on an older line
	source    string   // what the versions were taken from
}

// flaws are those that end in an escape, or that undo a control another check
// relies on. The fixed versions are upstream's; those of packages are from the
// packages' own change logs. A package of another distribution, or of a release
// that is not listed, is not judged by its number alone.
var flaws = []flaw{
	{id: "CVE-2019-5736", component: "runc", fixed: []string{"1.0.0-rc7"}, source: "runc releases"},
	{id: "CVE-2021-30465", component: "runc", fixed: []string{"1.0.0-rc95"}, source: "runc releases; Debian runc 1.0.0~rc94+ds1-2", backports: []string{"1.0.0~rc94+ds1-2"}},
	{id: "CVE-2024-21626", component: "runc", since: "1.0.0-rc93", fixed: []string{"1.1.12"}, source: "runc releases; Debian 12 runc 1.1.5+ds1-1+deb12u1", backports: []string{"1.1.5+ds1-1+deb12u1"}},
	{id: "CVE-2025-31133", component: "runc", fixed: []string{"1.2.8", "1.3.3", "1.4.0-rc.3"}, source: "runc advisories of 5 November 2025"},
	{id: "CVE-2025-52565", component: "runc", since: "1.0.0-rc3", fixed: []string{"1.2.8", "1.3.3", "1.4.0-rc.3"}, source: "runc advisories of 5 November 2025"},
	{id: "CVE-2025-52881", component: "runc", fixed: []string{"1.2.8", "1.3.3", "1.4.0-rc.3"}, source: "runc advisories of 5 November 2025"},
	{
		id: "CVE-2024-25621", component: "containerd", fixed: []string{"1.7.29", "2.0.7", "2.1.5", "2.2.0"},
		source: "containerd advisories of 5 November 2025; Debian 12 containerd 1.6.20~ds1-1+deb12u2", backports: []string{"1.6.20~ds1-1+deb12u2"},
	},
	{
		id: "CVE-2025-64329", component: "containerd", fixed: []string{"1.7.29", "2.0.7", "2.1.5", "2.2.0"},
		source: "containerd advisories of 5 November 2025; Debian 12 containerd 1.6.20~ds1-1+deb12u3", backports: []string{"1.6.20~ds1-1+deb12u3"},
	},
	{id: "CVE-2024-23650 to 23653", component: "buildkit", fixed: []string{"24.0.9", "25.0.2"}, source: "BuildKit 0.12.5 and the engine releases with it"},
	{
		id: "CVE-2024-41110", component: "engine", fixed: []string{"23.0.15", "25.0.6", "26.1.5", "27.1.1"},
		source: "Moby advisory of 23 July 2024; Debian 12 docker.io 20.10.24+dfsg1-1+deb12u1", backports: []string{"20.10.24+dfsg1-1+deb12u1"},
	},
	{id: "CVE-2026-34040", component: "engine authorization", fixed: []string{"29.3.1"}, source: "Moby advisory of March 2026"},
	{id: "CVE-2026-33997", component: "engine plugins", fixed: []string{"29.3.1"}, source: "Moby advisory of March 2026"},
}

// release is a version of a component, release candidates before the release.
type release struct{ major, minor, patch, candidate int }

// parseRelease reads v1.7.27, 1.0.0-rc95, 1.4.0-rc.3, 1.0.0~rc93+ds1 and
// 1.6.20~ds1; ok is false for what does not begin with a number.
func parseRelease(s string) (r release, ok bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	end := strings.IndexFunc(s, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
	rest := ""
	if end >= 0 {
		s, rest = s[:end], s[end:]
	}
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	for i, dst := range []*int{&r.major, &r.minor, &r.patch} {
		if i >= len(parts) {
			break
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return release{}, false
		}
		*dst = n
	}
	r.candidate = math.MaxInt
	if word, found := strings.CutPrefix(strings.TrimLeft(rest, "-~."), "rc"); found {
		word = strings.TrimPrefix(word, ".")
		if end := strings.IndexFunc(word, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
			word = word[:end]
		}
		r.candidate, _ = strconv.Atoi(word) // none is the first
	}
	return r, true
}

func (r release) compare(o release) int {
	return cmp.Or(cmp.Compare(r.major, o.major), cmp.Compare(r.minor, o.minor), cmp.Compare(r.patch, o.patch), cmp.Compare(r.candidate, o.candidate))
}

// affects reports whether a release as upstream made it has the flaw: it lies
// below the fix of its line, or on a line older than the newest that was fixed
// and got no fix.
func (f *flaw) affects(r release) bool {
	if first, ok := parseRelease(f.since); ok && f.since != "" && r.compare(first) < 0 {
		return false
	}
	var newest release
	for _, v := range f.fixed {
		fix, _ := parseRelease(v) // a test reads the table
		if fix.major == r.major && fix.minor == r.minor {
			return r.compare(fix) < 0
		}
		newest = fix
	}
	return r.compare(newest) < 0
}

// backported reports whether a package version is one of those that a
// distribution fixed, or a later revision of it.
func (f *flaw) backported(pkg string) bool {
	return slices.ContainsFunc(f.backports, func(fixed string) bool {
		up, rev, _ := cutLast(pkg)
		fixedUp, fixedRev, ok := cutLast(fixed)
		return ok && up == fixedUp && compareRevision(rev, fixedRev) >= 0
	})
}

// cutLast splits a package version into upstream's part and the revision.
func cutLast(s string) (upstream, revision string, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// compareRevision orders Debian revisions: text before numbers, numbers by
// value, a tilde before the end.
func compareRevision(a, b string) int {
	order := func(s string, i int) int {
		switch {
		case i >= len(s) || s[i] >= '0' && s[i] <= '9':
			return 0
		case s[i] == '~':
			return -1
		case s[i] >= 'A' && s[i] <= 'Z', s[i] >= 'a' && s[i] <= 'z':
			return int(s[i])
		}
		return int(s[i]) + 256
	}
	digits := func(s string) (number, rest string) {
		i := strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' })
		if i < 0 {
			i = len(s)
		}
		return strings.TrimLeft(s[:i], "0"), s[i:]
	}
	for a != "" || b != "" {
		i := 0
		for ; order(a, i) != 0 || order(b, i) != 0; i++ {
			if c := cmp.Compare(order(a, i), order(b, i)); c != 0 {
				return c
			}
		}
		var x, y string
		x, a = digits(a[i:])
		y, b = digits(b[i:])
		if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
			return c
		}
	}
	return 0
}

// Flaws lists the published flaws that a release of runc or containerd has as
// upstream made it; ok is false where the version says nothing, or the table is too
// old for evidence of that time.
func Flaws(component, version string, taken time.Time) (has []string, ok bool) {
	r, ok := parseRelease(version)
	if !ok || taken.Sub(cveDate) > staleAfter {
		return nil, false
	}
	for i := range flaws {
		if f := &flaws[i]; f.component == component && f.affects(r) && !f.backported(version) {
			has = append(has, f.id)
		}
	}
	return has, true
}
