package docker

import (
	"fmt"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var swarmManagerQuorum = &check.Check{
	ID:    "swarm-manager-quorum",
	Title: "The swarm has an odd number of healthy managers",
	Why: "Managers decide by majority. With one, its loss is the loss of the swarm's state; an even number survives no more losses than one fewer; " +
		"and without a majority that is reachable nothing is scheduled, replaced or revoked any more. Every manager can read all secrets, so that too many are a risk of their own. " +
		"A manager that was drained runs no tasks but votes all the same, and is counted.",
	Remedy:   "Promote nodes to three or five managers with docker node promote, in places that do not fail together; repair or demote those that are not reachable.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "DE", Tier: 1,
	Refs:  check.CIS(1, "7.2", "7.1", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineSwarm},
	Params: []check.Param{
		{Name: "max_managers", Unit: "count", Default: []string{"7"}, Meaning: "most managers"},
		{Name: "min_managers", Unit: "count", Default: []string{"3"}, Meaning: "fewest managers"},
	},
	Run: func(p *check.Probe) { judgeSwarm(p, keepsQuorum) },
}

func keepsQuorum(w *swarm) check.Verdict {
	managers, reachable, drained := 0, 0, 0
	for i := range w.Nodes {
		n := &w.Nodes[i]
		if n.Role != "manager" && n.Reachability == "" {
			continue // one that was demoted is a manager as long as it votes
		}
		managers++
		if n.Reachability == "reachable" {
			reachable++
		}
		if n.Availability == "drain" {
			drained++
		}
	}
	evidence := []check.Evidence{ev("GET /nodes managers", managers), ev("GET /nodes managers that are reachable", reachable)}
	if drained > 0 {
		evidence = append(evidence, ev("GET /nodes managers that are drained", drained))
	}
	majority, fewest, most := managers/2+1, int(w.p.Int("min_managers")), int(w.p.Int("max_managers"))
	switch {
	case managers == 0:
		return check.Undecided(snapshot.ReasonPartial, "the engine listed no manager", evidence...)
	case reachable < majority:
		return check.Failed(fmt.Sprintf("the managers that are reachable are no majority: %d of the %d needed", reachable, majority), evidence...)
	case managers < fewest:
		return check.Failed(fmt.Sprintf("there are fewer managers than the policy's %d: %d", fewest, managers), evidence...)
	case managers > most:
		return check.Failed(fmt.Sprintf("there are more managers than the policy's %d: %d", most, managers), evidence...)
	case managers%2 == 0:
		return check.Failed(fmt.Sprintf("the number of managers is even: %d survive no more losses than %d", managers, managers-1), evidence...)
	}
	v := check.Passed(fmt.Sprintf("the number of managers is odd, and %d of %d may be lost", reachable-majority, managers), evidence...)
	if reachable < managers {
		v = v.Note("some managers are not reachable")
	}
	return v
}
