package cluster

import (
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var snippets = ofService(check.Check{
	ID:    "nginx-ingress-snippets",
	Title: "Ingress configuration snippets are off",
	Why: "A snippet is configuration of the web server that whoever may write an ingress puts into the shared controller: it reads the controller's files, its token among them, and the traffic of all others (CVE-2021-25742). " +
		"The controller that the Kubernetes project made refuses them from 1.9 on unless told otherwise; it gets no fixes any more since March 2026.",
	Remedy:   "Remove the snippet annotations and set allow-snippet-annotations: \"false\" in the controller's config map; then move to a controller that is kept up.",
	Severity: check.High, STRIDE: "EI", Tier: 2,
	Refs:  refs("", "", "C-0059 C-0292", "KCV-0093", ""),
	Needs: parts(snapshot.PartClusterWorkloads),
	Run: func(p *check.Probe) {
		c := nginxController(p)
		out := gather(p)
		eachIngress(p, out, func(g *snapshot.Ingress) check.Verdict { return c.judge(p, g) })
		out.report()
	},
})

// nginx is what is known of the ingress-nginx controllers of a scope.
type nginx struct {
	there   bool
	snippet string // on, off, unknown: whether one of them takes snippets
	by      []check.Evidence
}

const (
	snippetsOn      = "on"
	snippetsOff     = "off"
	snippetsUnknown = "unknown"
)

// allowSnippets is the setting of the controller's config map.
const allowSnippets = "allow-snippet-annotations"

func nginxController(p *check.Probe) nginx {
	var out nginx
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID {
			continue
		}
		for _, c := range p.Snapshot.PodSpecs[w.Spec].Containers {
			if ref := snapshot.ParseReference(c.Image); strings.HasSuffix(ref.Repository, "ingress-nginx/controller") || strings.HasSuffix(ref.Repository, "nginx-ingress-controller") {
				out.add(p, w, c.Image, ref.Tag)
			}
		}
	}
	return out
}

// add takes a controller: the setting in a config map of its namespace counts, else
// what its release does by default.
func (n *nginx) add(p *check.Probe, w *snapshot.Workload, image, tag string) {
	state := snippetsUnknown
	evidence := []check.Evidence{at(ev(w.Kind+" "+w.Namespace+"/"+w.Name, image), w.Loc)}
	if major, minor, ok := release(tag); ok {
		state = snippetsOff
		if major < 1 || major == 1 && minor < 9 {
			state = snippetsOn
		}
	}
	seen := false
	for i := range p.Snapshot.ConfigMaps {
		m := &p.Snapshot.ConfigMaps[i]
		if m.Scope != w.Scope || m.Namespace != w.Namespace {
			continue
		}
		seen = true
		if v, said := label(m.Parsed, allowSnippets); said {
			state = snippetsOn
			if v == "false" {
				state = snippetsOff
			}
			evidence = append(evidence, at(ev("ConfigMap "+m.Name+" "+allowSnippets, v), m.Loc))
		}
	}
	if _, not := unseen(p, snapshot.PartClusterConfigMaps); not || inFiles(p) && !seen {
		state = snippetsUnknown
	}
	worse := !n.there || state == snippetsOn || state == snippetsUnknown && n.snippet == snippetsOff
	if worse {
		n.snippet, n.by = state, evidence
	}
	n.there = true
}

// release reads the beginning of a version: v1.9.4.
func release(tag string) (major, minor int, ok bool) {
	a, rest, _ := strings.Cut(strings.TrimPrefix(tag, "v"), ".")
	b, _, _ := strings.Cut(rest, ".")
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, err1 == nil && err2 == nil
}

func (n nginx) judge(p *check.Probe, g *snapshot.Ingress) check.Verdict {
	if g.Kind != "Ingress" {
		return check.Inapplicable("it is no ingress")
	}
	var have []check.Evidence
	for _, a := range g.Annotations {
		if prefix, name, _ := strings.Cut(a.Key, "/"); strings.Contains(prefix, "nginx") && (strings.HasSuffix(name, "-snippet") || strings.HasSuffix(name, "-snippets")) {
			have = append(have, at(ev(a.Key, "a piece of configuration"), g.Loc))
		}
	}
	switch {
	case len(have) > 0 && n.there && n.snippet == snippetsOff:
		return check.Failed("it has a snippet, which the controller refuses as it is set", append(some(have), n.by...)...).At(check.Low)
	case len(have) > 0:
		return check.Failed("it puts configuration into the controller", some(have)...)
	case g.Class != "" && !strings.Contains(g.Class, "nginx"):
		return check.Passed("it has no snippet, and is of another class than nginx")
	case !n.there && inFiles(p):
		return check.Passed("it has no snippet").Note("whether the controller takes snippets is judged where it is defined")
	case !n.there:
		return check.Passed("it has no snippet, and no ingress-nginx controller runs")
	case n.snippet == snippetsOn:
		return check.Failed("it has no snippet, but the controller takes them from whoever may write an ingress", n.by...)
	case n.snippet == snippetsUnknown:
		return check.Undecided(snapshot.ReasonUnresolved, "it has no snippet; whether the controller takes them was not seen", n.by...)
	}
	return check.Passed("it has no snippet, and the controller refuses them", n.by...)
}
