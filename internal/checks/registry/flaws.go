package registry

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// flawsDate is the day on which the tables below were last compared with their
// sources: distribution's advisories and releases. After staleAfter they let
// nothing pass any more.
var flawsDate = time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)

const (
	staleAfter = 180 * 24 * time.Hour
	oldestLine = 3 // of distribution that its project maintains
)

// version is major, minor and patch.
type version [3]int

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) less(o version) bool {
	for i := range v {
		if v[i] != o[i] {
			return v[i] < o[i]
		}
	}
	return false
}

var versionPattern = regexp.MustCompile(`^v?(?:\d+:)?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:$|[+ ]|-[0-9])`)

// parseVersion reads the number at the start: v2.8.3, 2.8.2+ds1-1. A version
// before a release, such as 3.0.0-rc.1, is none.
func parseVersion(s string) (version, bool) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return version{}, false
	}
	var v version
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1]) // digits by the pattern
	}
	return v, true
}

// flaw is one known flaw of distribution.
type flaw struct {
	cve          string
	since, fixed version
}

func (f *flaw) affects(v version) bool { return !v.less(f.since) && v.less(f.fixed) }

var flaws = []flaw{
	{"CVE-2021-41190", version{0, 0, 0}, version{2, 8, 0}}, // type confusion of manifests
	{"CVE-2023-2253", version{0, 0, 0}, version{2, 8, 2}},  // a catalogue request that takes all memory
	{"CVE-2026-33540", version{0, 0, 0}, version{3, 1, 0}}, // in 2.8 too, where its project fixes nothing any more
	{"CVE-2026-35172", version{0, 0, 0}, version{3, 1, 0}}, // likewise
	{"CVE-2026-41888", version{0, 0, 0}, version{3, 1, 1}}, // likewise
}
