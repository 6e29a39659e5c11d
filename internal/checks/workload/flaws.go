package workload

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// oldest is the age from which a table that came with the program does not count.
const oldest = 180 * 24 * time.Hour

// tableTooOld reports whether a table of a date is too old for the evidence.
func tableTooOld(p *check.Probe, date string) bool {
	d, err := time.Parse(time.DateOnly, date)
	return err != nil || p.Snapshot.Taken.Sub(d) > oldest
}

// imageIsOf reports whether an element of an image's repository is one of some
// names.
func imageIsOf(image string, names []string) bool {
	for part := range strings.SplitSeq(snapshot.ParseReference(image).Repository, "/") {
		for _, n := range names {
			if part == n || strings.HasPrefix(part, n+"-") {
				return true
			}
		}
	}
	return false
}

var ingressController = &check.Check{
	ID:    "ingress-controller-version-fixed",
	Title: "The ingress controller has no known takeover flaw",
	Why: "An ingress controller stands at the cluster's door and reads the secrets of every namespace. In ingress-nginx anyone who reached its admission webhook ran code in it (CVE-2025-1974, with 1097, 1098 and 24514), " +
		"and its project ended in March 2026: what is found since is not mended.",
	Remedy:   "Move to a maintained controller or a Gateway API implementation; until then run the last release and close the webhook to all but the API server.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.image"},
	Run: func(p *check.Probe) {
		old := tableTooOld(p, controllersAsOf)
		judge(p, func(b *pod) check.Verdict { return controllerFixed(b, old) })
	},
}

// controllersAsOf is the date of the table of controllers.
const controllersAsOf = "2026-11-01"

// controller is an ingress controller with what is known of it.
type controller struct {
	image string // end of the repository
	ended string // day from which nobody maintains it
	fixed []fix  // flaws that take the cluster over, each with the first good versions, rising
}

type fix struct {
	flaw  string
	first [][3]int
}

var controllers = []controller{
	{image: "ingress-nginx/controller", ended: "2026-03-31", fixed: []fix{
		{"CVE-2025-1974", [][3]int{{1, 11, 5}, {1, 12, 1}}}, {"CVE-2024-7646", [][3]int{{1, 11, 2}}}, {"CVE-2023-5044", [][3]int{{1, 9, 0}}},
	}},
	{image: "kubernetes-ingress-controller/nginx-ingress-controller", ended: "2021-07-01"}, // its old name
	{image: "nginx/nginx-ingress"},
	{image: "haproxytech/kubernetes-ingress"},
	{image: "library/traefik"},
	{image: "traefik/traefik"},
	{image: "kong/kubernetes-ingress-controller"},
	{image: "projectcontour/contour"},
	{image: "envoyproxy/gateway"},
}

func controllerFixed(b *pod, old bool) check.Verdict {
	for i := range b.Containers {
		c := &b.Containers[i]
		r := snapshot.ParseReference(c.Image)
		for _, k := range controllers {
			if r.Repository != k.image && !strings.HasSuffix("/"+r.Repository, "/"+k.image) {
				continue
			}
			e := ev(c.Path("image"), c.Image)
			v, tagged := version(r.Tag)
			for _, f := range k.fixed {
				if tagged && before(v, f.first) {
					return check.Failed("the ingress controller has a flaw that takes the cluster over", e, ev("flaw", f.flaw))
				}
			}
			if k.ended == "" && !old {
				return check.Passed("the ingress controller is maintained, and no flaw of it that takes the cluster over is listed", e)
			}
			if ended, err := time.Parse(time.DateOnly, k.ended); err == nil && b.p.Now.After(ended) {
				return check.Failed("the ingress controller is maintained by nobody since "+k.ended, e)
			}
			switch {
			case !tagged:
				return check.Undecided(snapshot.ReasonPartial, "the version of the ingress controller does not show in its image reference", e)
			case old:
				return check.Undecided(snapshot.ReasonStaleData, "the table of ingress controllers is of "+controllersAsOf, e)
			}
			return check.Passed("the ingress controller is maintained and has none of the flaws that are listed", e)
		}
	}
	if path := b.FirstUnread(b.p.Reads()...); path != "" {
		return b.p.NotUnderstood(path)
	}
	return check.Inapplicable("it is no ingress controller that is listed")
}

// version reads v1.12.1 and 1.12.1-suffix.
func version(tag string) (v [3]int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(tag, "v"), ".", 3)
	if len(parts) != 3 {
		return v, false
	}
	parts[2], _, _ = strings.Cut(parts[2], "-")
	for i, s := range parts {
		n, err := strconv.Atoi(s)
		if err != nil {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

// before reports whether a version comes before the first good one of its own
// minor version, or of the nearest after it.
func before(v [3]int, first [][3]int) bool {
	for _, f := range first {
		if v[0] == f[0] && v[1] <= f[1] || v[0] < f[0] {
			return slices.Compare(v[:], f[:]) < 0
		}
	}
	return false
}

var exposedFlaws = &check.Check{
	ID:    "workload-exposed-with-vulns",
	Title: "No exposed workload has a critical flaw",
	Why: "A flaw counts most where anyone can reach it: behind a Service for the outside, an ingress, a host port or the node's network. Plimsoll has no database of flaws: " +
		"it reads the reports of scanners that --report names, for the image that the workload names.",
	Remedy:   "Rebuild the image on a current base, or take the workload off the outside until that is done.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "C-0083 C-0084 C-0085", "", ""),
	Forms: []check.Form{check.Live},
	Params: []check.Param{
		{Name: "max_report_age", Unit: "days", Default: []string{"30"}, Meaning: "oldest report that counts"},
		{Name: "min_severity", Unit: "severity", Default: []string{"critical"}, Meaning: "lowest finding that fails"},
	},
	Needs: []snapshot.Part{snapshot.PartClusterWorkloads, snapshot.PartClusterServices},
	Reads: []string{"containers.image", "containers.ports", "hostNetwork"},
	Run: func(p *check.Probe) {
		age := time.Duration(p.Int("max_report_age")) * 24 * time.Hour
		counting := []string{"critical"}
		if v, _ := p.List("min_severity"); len(v) == 1 {
			all := []string{"critical", "high", "medium", "low"}
			if i := slices.Index(all, v[0]); i >= 0 {
				counting = all[:i+1]
			}
		}
		out := outsideServices(p)
		judgeBy(p, func(w int) string { return out[w] }, func(b *pod, by string) check.Verdict { return b.exposed(by, counting, age) })
	},
}

// outsideServices names for each workload what lets the outside in by a service.
func outsideServices(p *check.Probe) map[int]string {
	backends := make(map[[2]string]string)
	for i := range p.Snapshot.Ingresses {
		g := &p.Snapshot.Ingresses[i]
		for _, s := range g.Backends {
			if g.Scope == p.Scope.ID {
				backends[[2]string{g.Namespace, s}] = g.Kind + " " + g.Name
			}
		}
	}
	out := make(map[int]string)
	for w, services := range servicesOf(p) {
		for _, at := range services {
			v := &p.Snapshot.Services[at]
			switch by := backends[[2]string{v.Namespace, v.Name}]; {
			case v.Type == "NodePort" || v.Type == "LoadBalancer" || len(v.ExternalIPs) > 0:
				out[w] = "Service " + v.Name + " of type " + v.Type
			case by != "" && out[w] == "":
				out[w] = by
			}
		}
	}
	return out
}

func (b *pod) exposed(by string, counting []string, oldest time.Duration) check.Verdict {
	if by == "" && b.HostNetwork {
		by = "hostNetwork"
	}
	for i := range b.Containers {
		for j := range b.Containers[i].Ports {
			if h := b.Containers[i].Ports[j].HostPort; h != 0 && by == "" {
				by = "host port " + number(int64(h))
			}
		}
	}
	if by == "" {
		return check.Inapplicable("nothing lets the outside reach it")
	}
	t, missing := b.tally(), ""
	for i := range b.Containers {
		c := &b.Containers[i]
		if !c.LongRunning() {
			continue
		}
		report := b.report(c, oldest)
		if report == nil {
			missing = c.Image
			continue
		}
		for _, n := range report.Counts {
			if slices.Contains(counting, n.Name) && n.Total > 0 {
				t.bad(c.Path("image"), number(int64(n.Total))+" "+n.Name+" by "+report.Tool)
			}
		}
	}
	e := ev("reached by", by)
	switch {
	case t.Any():
		t.Add(e)
	case missing != "":
		return check.Undecided(snapshot.ReasonUndeclared, "it can be reached from outside, and no young report of a scanner names its image", e, ev("image", missing))
	}
	return t.verdict("it can be reached from outside and its image has serious flaws", "it can be reached from outside, and the reports on its images name no serious flaw", e)
}

// report returns the newest report on the image of a container that is not too
// old, or nil.
func (b *pod) report(c *podspec.Container, oldest time.Duration) *snapshot.ImageReport {
	want := snapshot.ParseReference(c.Image)
	var newest *snapshot.ImageReport
	for i := range b.p.Snapshot.Images {
		m := &b.p.Snapshot.Images[i]
		named := want.Digest != "" && m.Is(want.Digest) ||
			want.Digest == "" && slices.ContainsFunc(m.Tags, func(t string) bool { return snapshot.ParseReference(t) == want })
		if !named {
			continue
		}
		for j := range m.Evidence.V.Reports {
			r := &m.Evidence.V.Reports[j]
			taken, err := time.Parse(time.RFC3339, r.Taken)
			if !r.NoFlaws && err == nil && b.p.Snapshot.Taken.Sub(taken) <= oldest && (newest == nil || r.Taken > newest.Taken) {
				newest = r
			}
		}
	}
	return newest
}
