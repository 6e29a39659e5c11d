package docker

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var kernelSupported = &check.Check{
	ID:    "host-kernel-supported",
	Title: "The host kernel is a maintained, patched release",
	Why: "Containers share the host's kernel, so that one flaw in it is a way out of all of them. " +
		"The running kernel must be of a line that its distribution, or kernel.org for a kernel that is not a distribution's, still fixes by a dated table; it must be the newest build installed, since an update helps only after a reboot; " +
		"and it must lie outside the ranges of flaws that containers were left by. Where a distribution keeps the number and adds fixes, a number inside such a range is a suspicion and no verdict.",
	Remedy:   "Update the kernel package of the distribution and reboot; move to a release of the distribution that is still maintained.",
	Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartHostIdentity},
	Run:   func(p *check.Probe) { p.Report(judgeKernel(p), p.Self()) },
}

// kernelVersion is the number of a kernel's release.
type kernelVersion struct{ major, minor, patch int }

func (v kernelVersion) line() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v kernelVersion) compare(w kernelVersion) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch))
}

var (
	kernelNumber = regexp.MustCompile(`^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?`)
	debianBuild  = regexp.MustCompile(`\bDebian (\d[\w.+~-]*)`)
)

func parseKernel(s string) (kernelVersion, bool) {
	m := kernelNumber.FindStringSubmatch(s)
	if m == nil {
		return kernelVersion{}, false
	}
	var v kernelVersion
	for i, dst := range []*int{&v.major, &v.minor, &v.patch} {
		*dst, _ = strconv.Atoi(m[i+1]) // at most four digits; the last may be missing
	}
	return v, v.major > 0
}

func major(release string) string {
	s, _, _ := strings.Cut(release, ".")
	return s
}

// kernel is the running kernel as the check sees it.
type kernel struct {
	host     *snapshot.Host
	build    string
	version  kernelVersion
	packaged bool // built by the host's distribution
	exact    bool // the number counts every fix: the distribution follows kernel.org's numbers
}

// identify tells whose kernel runs. Debian's build names the number that it
// follows, which its release name hides.
func identify(h *snapshot.Host) (kernel, bool) {
	k := kernel{host: h}
	if h.Kernels.Known() {
		k.build = h.Kernels.V.Build
	}
	v, ok := parseKernel(h.Kernel)
	k.version = v
	switch id, _ := distribution(h); id {
	case "debian":
		if m := debianBuild.FindStringSubmatch(k.build); m != nil {
			if b, good := parseKernel(m[1]); good && b.line() == v.line() {
				k.version, k.packaged, k.exact = b, true, true
			}
		}
	case "ubuntu":
		k.packaged = strings.Contains(k.build, "-Ubuntu")
	case "el":
		k.packaged = strings.Contains(h.Kernel, ".el")
	case "amzn":
		k.packaged = strings.Contains(h.Kernel, ".amzn")
		k.exact = k.packaged
	}
	return k, ok
}

func judgeKernel(p *check.Probe) check.Verdict {
	h := p.Host()
	if h == nil || len(enginesOn(p)) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	return KernelVerdict(p, h)
}

// KernelVerdict holds the kernel of a machine against the tables.
func KernelVerdict(p *check.Probe, h *snapshot.Host) check.Verdict {
	k, ok := identify(h)
	evidence := []check.Evidence{
		ev("/proc/sys/kernel/osrelease", h.Kernel), ev("/proc/sys/kernel/version", cmp.Or(k.build, "not readable")),
		ev("/etc/os-release", cmp.Or(strings.TrimSpace(h.Distro+" "+h.Release), "not readable")),
		ev("table of maintained kernels, dated", kernelDate.Format(time.DateOnly)), ev("judged on", p.Now.UTC().Format(time.DateOnly)),
	}
	if !ok {
		return check.Undecided(snapshot.ReasonUnparsable, "the kernel's release is not a number", evidence...)
	}
	taken := p.Scope.Taken
	if taken.IsZero() {
		taken = p.Snapshot.Taken
	}
	if taken.Sub(kernelDate) > staleAfter {
		return check.Undecided(snapshot.ReasonStaleData, "the table of maintained kernels is older than 180 days; use a newer Plimsoll", evidence...)
	}
	until, line := k.maintained(p.Now)
	line.Evidence = evidence
	if line.Status == check.Fail {
		return line
	}
	newest := k.newest()
	if newest.Status == check.Fail {
		newest.Evidence = append(evidence, newest.Evidence...)
		return newest
	}
	if v := k.flaws(); v.Status != check.Pass {
		v.Evidence = append(evidence, v.Evidence...)
		return v
	}
	if line.Status == check.Unknown {
		return line
	}
	newest.Evidence = append(evidence, newest.Evidence...)
	if newest.Status == check.Pass {
		newest.Message = "kernel line " + k.version.line() + " is maintained until " + until.Format(time.DateOnly) + ", and its newest build runs"
	}
	return newest
}

// maintained judges the line of the kernel by the tables.
func (k *kernel) maintained(now time.Time) (time.Time, check.Verdict) {
	table, id, release := longterm, "", ""
	if k.packaged {
		table = packagedKernels
		id, release = distribution(k.host)
	}
	listed, newest := false, kernelVersion{}
	for _, l := range table {
		if l.distro != id || l.release != release {
			continue
		}
		listed = true
		if v, _ := parseKernel(l.line); v.compare(newest) > 0 {
			newest = v
		}
		switch {
		case l.line != k.version.line():
		case over(l.until, now):
			return l.until, check.Failed("kernel line " + l.line + " was maintained until " + l.until.Format(time.DateOnly))
		default:
			return l.until, check.Passed("")
		}
	}
	switch {
	case !listed:
		return time.Time{}, check.Undecided(snapshot.ReasonUnresolved, "the table lists no kernels of this release of the distribution")
	case k.version.compare(newest) > 0:
		return time.Time{}, check.Undecided(snapshot.ReasonStaleData, "the kernel is newer than the table of maintained kernels; use a newer Plimsoll")
	}
	return time.Time{}, check.Failed("kernel line " + k.version.line() + " is not maintained")
}

// newest compares the running kernel with the installed builds of its flavour.
func (k *kernel) newest() check.Verdict {
	if !k.host.Kernels.Known() {
		return check.Undecided(cmp.Or(k.host.Kernels.Reason, snapshot.ReasonFor(k.host.Kernels.State)), "which kernels are installed was not readable")
	}
	running := k.host.Kernel
	builds := slices.DeleteFunc(slices.Clone(k.host.Kernels.V.Installed), func(b string) bool { return flavour(b) != flavour(running) })
	if len(builds) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "no installed kernel like the running one was found, so that it may be an old one")
	}
	latest := slices.MaxFunc(builds, natural)
	e := ev("newest kernel installed", latest)
	if natural(latest, running) > 0 {
		return check.Failed("a newer kernel is installed and waits for a reboot", e)
	}
	return check.Passed("", e)
}

// flavour is the word at the end of a release: amd64, generic, aws.
func flavour(release string) string {
	i := strings.LastIndexByte(release, '-')
	if i < 0 || strings.Trim(release[i+1:], "0123456789.") == "" {
		return ""
	}
	if strings.Contains(release, ".el") || strings.Contains(release, ".amzn") || strings.Contains(release, ".fc") {
		return "" // the last word is a build
	}
	return release[i+1:]
}

// natural compares texts with the numbers in them by their value.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := leadingDigits(a), leadingDigits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leadingDigits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// flaws compares the kernel's number with the ranges of known ways out.
func (k *kernel) flaws() check.Verdict {
	var hit []string
	for i := range kernelFlaws {
		if kernelFlaws[i].affects(k.version) {
			hit = append(hit, kernelFlaws[i].cve)
		}
	}
	switch {
	case len(hit) == 0:
		return check.Passed("")
	case k.exact:
		return check.Failed("the kernel lacks the fixes of " + strings.Join(hit, ", "))
	}
	return check.Undecided(snapshot.ReasonSuspect, "by its number alone the kernel lacks the fixes of "+strings.Join(hit, ", ")+"; whether its builder added them the number does not show")
}
