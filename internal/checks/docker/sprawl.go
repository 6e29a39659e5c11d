package docker

import (
	"cmp"
	"fmt"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var imageSprawl = &check.Check{
	ID:    "ops-image-sprawl",
	Title: "Unused images are cleaned up",
	Why: "Images that nothing runs fill the disk, and each is one command away from running with flaws that were fixed long ago. " +
		"An image counts when no container was made from it, running or stopped, and it was built longer ago than the policy's age.",
	Remedy:   "Look at docker image ls, then remove what is not needed: docker image prune --all --filter until=720h keeps younger ones. Raise max_unused where a build machine keeps many on purpose.",
	Severity: check.Low, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceImage, STRIDE: "D", Tier: 1,
	Refs:  check.CIS(1, "6.1", "6.1", ""),
	Forms: []check.Form{check.Live},
	Params: []check.Param{
		{Name: "max_unused", Unit: "count", Default: []string{"20"}, Meaning: "unused images that may exist"},
		{Name: "unused_age", Unit: "days", Default: []string{"30"}, Meaning: "age from which an unused image counts"},
	},
	Run: judgeImageSprawl,
}

var containerSprawl = &check.Check{
	ID:    "ops-container-sprawl",
	Title: "Stopped containers are cleaned up",
	Why: "A stopped container keeps its writable layer, with whatever was written there, and is one command away from running an old image with old rights. " +
		"Its age is the time since its last run ended, or since it was created if it never ran.",
	Remedy:   "Look at docker container ls --all, then remove what is not needed: docker container prune --filter until=720h keeps younger ones.",
	Severity: check.Low, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:   check.CIS(1, "6.2", "6.2", ""),
	Forms:  []check.Form{check.Live},
	Params: []check.Param{{Name: "max_stopped_age", Unit: "days", Default: []string{"30"}, Meaning: "age of a stopped container"}},
	Run:    judgeContainerSprawl,
}

const dayLong = 24 * time.Hour

// days is a policy's number of days, bounded so that it is a duration.
func days(n int64) time.Duration { return time.Duration(min(max(n, 0), 36500)) * dayLong }

// age is the time between a moment of the engine's and the collection.
func age(p *check.Probe, moment string) (time.Duration, bool) {
	taken := p.Scope.Taken
	if taken.IsZero() {
		taken = p.Snapshot.Taken
	}
	t, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		return 0, false
	}
	return taken.Sub(t), true
}

// engineGap returns the verdict for an engine on the machine of which a list is
// missing.
func engineGap(p *check.Probe, parts ...snapshot.Part) (check.Verdict, bool) {
	for _, s := range enginesOn(p) {
		for _, part := range parts {
			if st := p.Index.Part(s.ID, part); st.State != snapshot.Observed {
				reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial)
				return check.Undecided(reason, cmp.Or(st.Detail, string(part)+" of engine "+s.Name+" was not listed")), true
			}
		}
	}
	return check.Verdict{}, false
}

func judgeImageSprawl(p *check.Probe) {
	p.Report(imagesLeft(p), p.Self())
}

func imagesLeft(p *check.Probe) check.Verdict {
	engines := enginesOn(p)
	if len(engines) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	if v, gap := engineGap(p, snapshot.PartEngineImages, snapshot.PartEngineContainers); gap {
		return v
	}
	limit, from := p.Int("max_unused"), days(p.Int("unused_age"))
	used := make(map[[2]string]bool, len(p.Snapshot.ContainerSpecs))
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		used[[2]string{c.Scope, p.Snapshot.ContainerSpecs[c.Spec].ImageID}] = true
	}
	all, old, undated := 0, int64(0), int64(0)
	for i := range p.Snapshot.Images {
		m := &p.Snapshot.Images[i]
		if !hasScope(engines, m.Scope) {
			continue
		}
		all++
		if used[[2]string{m.Scope, m.ID}] {
			continue
		}
		switch since, ok := age(p, m.Created); {
		case !ok:
			undated++
		case since > from:
			old++
		}
	}
	evidence := []check.Evidence{ev("images", all), ev("unused for their age", old), ev("policy, max_unused", limit)}
	switch {
	case all == 0:
		return check.Inapplicable("there is no image")
	case old > limit:
		return check.Failed(fmt.Sprintf("%d unused images are older than %d days", old, int64(from/dayLong)), evidence...)
	case old+undated > limit:
		return check.Undecided(snapshot.ReasonPartial, fmt.Sprintf("the age of %d unused images is not known", undated), evidence...)
	}
	return check.Passed(fmt.Sprintf("%d unused images are older than %d days", old, int64(from/dayLong)), evidence...)
}

func hasScope(scopes []*snapshot.Scope, id string) bool {
	for _, s := range scopes {
		if s.ID == id {
			return true
		}
	}
	return false
}

func judgeContainerSprawl(p *check.Probe) {
	p.Report(containersLeft(p), p.Self())
}

func containersLeft(p *check.Probe) check.Verdict {
	engines := enginesOn(p)
	if len(engines) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	if v, gap := engineGap(p, snapshot.PartEngineContainers); gap {
		return v
	}
	limit := days(p.Int("max_stopped_age"))
	all, stopped := 0, 0
	var old, undated []string
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		if !hasScope(engines, c.Scope) || c.KeptFor != "" {
			continue
		}
		all++
		if p.Snapshot.Runtimes[c.Runtime].Live() {
			continue
		}
		stopped++
		switch since, ok := age(p, cmp.Or(c.Finished, c.Created)); {
		case !ok:
			undated = append(undated, c.Name)
		case since > limit:
			old = append(old, c.Name)
		}
	}
	evidence := []check.Evidence{ev("stopped containers", stopped)}
	switch {
	case all == 0:
		return check.Inapplicable("there is no container")
	case len(old) > 0:
		return check.Failed(fmt.Sprintf("stopped for more than %d days: %s", int64(limit/dayLong), firstFew(old)), evidence...)
	case len(undated) > 0:
		return check.Undecided(snapshot.ReasonPartial, "the engine did not say since when these are stopped: "+firstFew(undated), evidence...)
	}
	return check.Passed(fmt.Sprintf("no container is stopped for more than %d days", int64(limit/dayLong)), evidence...)
}
