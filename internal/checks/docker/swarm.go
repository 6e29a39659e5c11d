package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// swarm is a swarm as a predicate sees it.
type swarm struct {
	*snapshot.Swarm
	engine *snapshot.Engine
	p      *check.Probe
}

// judgeSwarm asks a predicate once of the swarm that the scope's engine is a node
// of. That it is in none is said of the engine.
func judgeSwarm(p *check.Probe, verdict func(*swarm) check.Verdict) {
	e, subject := p.Engine(), p.Index.SwarmSubject(p.Scope.ID)
	switch {
	case e == nil || e.Swarm == "":
		p.Report(check.Undecided(snapshot.ReasonPartial, "the engine did not say whether it is part of a swarm"), p.Self())
	case subject < 0:
		p.Report(check.Inapplicable("the engine is not part of a swarm"), p.Self())
	case !e.Cluster.Known():
		p.Report(check.Undecided(snapshot.ReasonPartial, "what the engine knows of its swarm was not read"), subject)
	default:
		p.Report(verdict(&swarm{Swarm: &e.Cluster.V, engine: e, p: p}), subject)
	}
}

var swarmModeNotEnabled = &check.Check{
	ID:    "swarm-mode-not-enabled",
	Title: "Swarm mode is off unless declared",
	Why: "A node of a swarm listens on three more ports for other machines, and a manager hands out secrets and runs what any other manager says. " +
		"Where nobody uses it, that is reach without a purpose. The engine states its mode in GET /info.",
	Remedy:   "Leave with docker swarm leave, which ends the tasks that run here; or, where swarm is wanted, say so in the policy: parameters.swarm-mode-not-enabled.needed: true.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "E", Tier: 1,
	Refs:   check.CIS(1, "7.1", "5.1", ""),
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{{Name: "needed", Unit: "bool", Default: []string{"false"}, Meaning: "whether swarm mode is wanted"}},
	Run:    judgeSwarmMode,
}

func judgeSwarmMode(p *check.Probe) {
	e := p.Engine()
	if e == nil || e.Swarm == "" {
		p.Report(check.Undecided(snapshot.ReasonPartial, "the engine did not say whether it is part of a swarm"), p.Self())
		return
	}
	state := ev("GET /info Swarm.LocalNodeState", e.Swarm)
	subject := p.Index.SwarmSubject(p.Scope.ID)
	if subject < 0 {
		p.Report(check.Passed("swarm mode is off", state), p.Self())
		return
	}
	needed, _ := p.List("needed")
	if len(needed) == 1 && needed[0] == "true" {
		p.Report(check.Passed("swarm mode is on, as the policy declares", state), subject)
		return
	}
	v := check.Failed("swarm mode is on and the policy does not say that it is needed", state)
	if e.Cluster.V.Error {
		v = v.Note("the engine reports an error of the swarm; docker info shows it")
	}
	p.Report(v, subject)
}
