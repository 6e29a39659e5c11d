package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noJoinedNamespaces = &check.Check{
	ID:    "container-no-joined-namespaces",
	Title: "No namespace of another container is joined",
	Why: "A container in another's network namespace listens in its name and reads what it sends to itself; in its process namespace it sees and may stop its processes; " +
		"in its IPC namespace it writes to its shared memory. A breach of either is then a breach of both. Debug containers and side-cars are the usual reason.",
	Remedy:   "Put the containers on one network and let them talk over it. List pairs that must share as allowed_pairs: NAME:NAME. No measure does this: how the two find each other afterwards is in their own settings.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "T", Tier: 2,
	Forms:  []check.Form{check.Live, check.Compose},
	Needs:  []snapshot.Part{snapshot.PartEngineContainers},
	Reads:  []string{"networkMode", "pidMode", "ipcMode"},
	Params: []check.Param{{Name: "allowed_pairs", Unit: "list", Meaning: "NAME:NAME, pairs of containers that may share a namespace"}},
	Run: func(p *check.Probe) {
		pairs, _ := p.List("allowed_pairs")
		var names []string
		for _, pair := range pairs {
			names = append(names, strings.Split(pair, ":")...)
		}
		judgeNamed(p, mentions(names), func(b *box, who snapshot.Subject) check.Verdict {
			return joinsNobody(b, who, pairs)
		})
	},
}

func joinsNobody(b *box, who snapshot.Subject, allowed []string) check.Verdict {
	var h hits
	shared := 0
	for _, mode := range [...][2]string{{"NetworkMode", b.spec.NetworkMode}, {"PidMode", b.spec.PidMode}, {"IpcMode", b.spec.IpcMode}} {
		peer, ok := strings.CutPrefix(mode[1], "container:")
		if !ok {
			peer, ok = strings.CutPrefix(mode[1], "service:")
		}
		switch {
		case !ok:
		case b.mayShare(who, peer, allowed):
			shared++
		default:
			h.add("HostConfig."+mode[0], mode[1])
		}
	}
	if len(h.evidence) > 0 {
		return check.Failed("it joins namespaces of another container", h.evidence...)
	}
	if shared > 0 {
		return check.Passed("it joins the namespaces of a container that the policy pairs it with", ev("policy allowed_pairs", shared))
	}
	return check.Passed("it joins no namespace of another container", ev("HostConfig.NetworkMode", orDefault(b.spec.NetworkMode)))
}

// mayShare reports whether the policy pairs a container with the one that has
// the key, by name or key.
func (b *box) mayShare(who snapshot.Subject, peer string, allowed []string) bool {
	if who.Key == "" {
		return false
	}
	peers := []string{peer}
	if c := b.at.container(peer); c != nil {
		peers = append(peers, c.Name)
	}
	for _, p := range peers {
		if paired(allowed, who.Name, p) || paired(allowed, who.Key, p) {
			return true
		}
	}
	return false
}
