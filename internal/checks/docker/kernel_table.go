package docker

import (
	"slices"
	"time"

	"plimsoll/internal/snapshot"
)

// kernelDate is the day on which the tables below were last compared with their
// sources: the distributions' life cycles, kernel.org's list of longterm
// releases, and the advisories.
var kernelDate = day(2026, time.November, 15)

// longterm lists the lines that kernel.org maintains beyond the next release.
var longterm = []kernelLine{
	{line: "5.10", until: day(2026, time.December, 31)},
	{line: "5.15", until: day(2026, time.December, 31)},
	{line: "6.1", until: day(2027, time.December, 31)},
	{line: "6.6", until: day(2027, time.December, 31)},
	{line: "6.12", until: day(2028, time.December, 31)},
	{line: "6.18", until: day(2028, time.December, 31)},
}

// kernelLine is a line of kernels and the last day of its fixes.
type kernelLine struct {
	distro, release string // ID and VERSION_ID of /etc/os-release; of an enterprise distribution the major release
	line            string // major.minor
	until           time.Time
}

// packagedKernels lists the lines that distributions maintain, long-term
// support included, paid extensions not.
var packagedKernels = []kernelLine{
	{"debian", "11", "5.10", day(2026, time.August, 31)},
	{"debian", "12", "6.1", day(2028, time.June, 30)},
	{"debian", "13", "6.12", day(2030, time.June, 30)},
	{"ubuntu", "22.04", "5.15", day(2027, time.April, 30)},
	{"ubuntu", "22.04", "6.8", day(2027, time.April, 30)},
	{"ubuntu", "24.04", "6.8", day(2029, time.April, 30)},
	{"ubuntu", "24.04", "7.0", day(2029, time.April, 30)},
	{"ubuntu", "26.04", "7.0", day(2031, time.April, 30)},
	{"el", "8", "4.18", day(2029, time.May, 31)},
	{"el", "9", "5.14", day(2032, time.May, 31)},
	{"el", "10", "6.12", day(2035, time.May, 31)},
	{"amzn", "2023", "6.1", day(2029, time.June, 30)},
	{"amzn", "2023", "6.12", day(2029, time.June, 30)},
}

// enterprise are the distributions that follow one enterprise release.
var enterprise = []string{"rhel", "centos", "almalinux", "rocky", "ol"}

// kernelFlaw is a flaw by which containers were left in practice.
type kernelFlaw struct {
	cve   string
	since kernelVersion            // first affected
	fixed kernelVersion            // first release of the main line of development with the fix
	lines map[string]kernelVersion // earlier fixes in longterm lines
}

var kernelFlaws = []kernelFlaw{
	{"CVE-2022-0185", kernelVersion{5, 1, 0}, kernelVersion{5, 16, 2}, map[string]kernelVersion{"5.15": {5, 15, 16}, "5.10": {5, 10, 93}, "5.4": {5, 4, 173}}},
	{"CVE-2022-0492", kernelVersion{2, 6, 24}, kernelVersion{5, 16, 6}, map[string]kernelVersion{
		"5.15": {5, 15, 20}, "5.10": {5, 10, 97}, "5.4": {5, 4, 177}, "4.19": {4, 19, 229}, "4.14": {4, 14, 266}, "4.9": {4, 9, 301},
	}},
	{"CVE-2022-0847", kernelVersion{5, 8, 0}, kernelVersion{5, 16, 11}, map[string]kernelVersion{"5.15": {5, 15, 25}, "5.10": {5, 10, 102}}},
	{"CVE-2024-1086", kernelVersion{3, 15, 0}, kernelVersion{6, 7, 3}, map[string]kernelVersion{
		"6.6": {6, 6, 15}, "6.1": {6, 1, 76}, "5.15": {5, 15, 149}, "5.10": {5, 10, 210}, "5.4": {5, 4, 269}, "4.19": {4, 19, 307},
	}},
}

// affects reports whether a version number lies in the flaw's range.
func (f *kernelFlaw) affects(v kernelVersion) bool {
	if v.compare(f.since) < 0 || v.compare(f.fixed) >= 0 {
		return false
	}
	fix, ok := f.lines[v.line()]
	return !ok || v.compare(fix) < 0
}

// distribution returns the ID and release that the table knows a host by.
func distribution(h *snapshot.Host) (id, release string) {
	if slices.Contains(enterprise, h.Distro) {
		return "el", major(h.Release)
	}
	return h.Distro, h.Release
}
