package docker

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var networksSegmented = &check.Check{
	ID:    "container-networks-segmented",
	Title: "Applications do not share networks",
	Why: "Two applications on one network reach each other's databases and caches, which often ask for no password. A fault in one is then a fault in both. " +
		"Projects are read from the labels that compose writes; containers without them belong to no known application and are counted in a note. " +
		"A reverse proxy that serves several projects is a reason to put their pairs on the policy list.",
	Remedy:   "Give each project its own network, and attach only the proxy to those it serves. List what must stay as allowed_pairs: PROJECT:PROJECT.",
	Severity: check.Medium, Subject: snapshot.KindNetwork, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 2,
	Forms:  []check.Form{check.Live, check.Compose},
	Needs:  []snapshot.Part{snapshot.PartEngineNetworks, snapshot.PartEngineContainers},
	Params: []check.Param{{Name: "allowed_pairs", Unit: "list", Meaning: "PROJECT:PROJECT, pairs of projects that may share a network"}},
	Run: func(p *check.Probe) {
		pairs, _ := p.List("allowed_pairs")
		judgeNetworks(p, func(n *net) check.Verdict { return oneProject(n, pairs) })
	},
}

func oneProject(n *net, allowed []string) check.Verdict {
	if n.Driver == "null" {
		return check.Inapplicable("it connects nothing")
	}
	var projects []string
	nobodys := 0
	for _, c := range n.at.members[n.Name] {
		if c.Owner == nil || c.Owner.Kind != "compose" {
			nobodys++
			continue
		}
		project, _, _ := strings.Cut(c.Owner.Name, "/")
		projects = append(projects, project)
	}
	slices.Sort(projects)
	projects = slices.Compact(projects)
	e := ev("projects of its containers", firstFewOr(projects))
	var v check.Verdict
	switch left, right, met := strangers(projects, allowed); {
	case met:
		return check.Failed("the projects "+left+" and "+right+" reach each other on it", e)
	case n.at.unread:
		return check.Undecided(snapshot.ReasonPartial, "the networks of some container were not readable", e)
	case len(projects) > 1:
		v = check.Passed("the policy lets its projects share it", e)
	default:
		v = check.Passed("it joins no two projects", e)
	}
	if nobodys > 0 {
		v = v.Note(strconv.Itoa(nobodys) + " of its containers belong to no known project")
	}
	return v
}

// strangers returns the first pair that the policy does not list.
func strangers(projects, allowed []string) (left, right string, met bool) {
	for i, a := range projects {
		for _, b := range projects[i+1:] {
			if !paired(allowed, a, b) {
				return a, b, true
			}
		}
	}
	return "", "", false
}

// paired reports whether a list of A:B has two names, in either order.
func paired(list []string, a, b string) bool {
	return slices.Contains(list, a+":"+b) || slices.Contains(list, b+":"+a)
}

// firstFewOr is firstFew, or none.
func firstFewOr(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return firstFew(names)
}
