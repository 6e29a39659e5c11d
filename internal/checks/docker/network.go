package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// net is one network as a predicate sees it.
type net struct {
	*snapshot.Network
	engine *snapshot.Engine
	at     *nets
}

// nets is what surrounds the networks of one engine.
type nets struct {
	*daemon
	members map[string][]*snapshot.Container // by network; kept ones left out
	unread  bool                             // a container's networks are not known
}

// judgeNetworks asks a predicate of every network of the scope.
func judgeNetworks(p *check.Probe, verdict func(*net) check.Verdict) {
	engine := p.Engine()
	if engine == nil {
		engine = new(snapshot.Engine) // it exists, though nothing is known of it
	}
	at := &nets{daemon: &daemon{Engine: engine, p: p, file: p.Scope.Kind == snapshot.ScopeFiles}, members: make(map[string][]*snapshot.Container)}
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		if c.Scope != p.Scope.ID || c.KeptFor != "" {
			continue
		}
		spec := &p.Snapshot.ContainerSpecs[c.Spec]
		at.unread = at.unread || spec.FirstUnread("networks") != ""
		for _, name := range spec.Networks {
			at.members[name] = append(at.members[name], c)
		}
	}
	// The table of subjects has the networks in the order of the snapshot.
	subjects := p.Index.Of(p.Scope.ID, snapshot.KindNetwork)
	for i := range p.Snapshot.Networks {
		w := &p.Snapshot.Networks[i]
		if w.Scope != p.Scope.ID || len(subjects) == 0 {
			continue
		}
		p.Report(verdict(&net{Network: w, engine: engine, at: at}), subjects[0])
		subjects = subjects[1:]
	}
}

// driver is evidence of the network's driver.
func (n *net) driver() check.Evidence { return n.said("Driver", "driver", orDefault(n.Driver)) }

// said is evidence from the engine or, by another name, from a compose file.
func (n *net) said(field, key, value string) check.Evidence {
	if n.at.file {
		e := ev(key, value)
		e.Loc = n.Loc
		return e
	}
	return ev("GET /networks "+field, value)
}

// option returns an option of the network.
func (n *net) option(key string) (value string, ok bool) {
	for _, o := range n.Options {
		if o.Key == key {
			return o.Value, true
		}
	}
	return "", false
}

// outside names the drivers that put containers on the machine's own network,
// past the engine's packet filter.
func (n *net) outside() bool { return n.Driver == "macvlan" || n.Driver == "ipvlan" }

// hollow reports whether the driver makes no network of the engine's: none
// connects nothing, host is the machine's own.
func (n *net) hollow() bool { return n.Driver == "null" || n.Driver == "host" }

// engineVersion parses the engine's version.
func (n *net) engineVersion() (version, bool) { return parseVersion(n.engine.Version) }
