package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var oneWriter = &check.Check{
	ID:    "container-shared-volumes-one-writer",
	Title: "Shared volumes have one writer",
	Why: "Two containers that write to the same files can each plant what the other reads or runs, and overwrite its data. " +
		"A volume or host path counts as shared when more than one container mounts it, stopped ones included; sockets are no data and left out. Replicas of one service are several writers.",
	Remedy:   "Mount it :ro everywhere but in the container that makes the data; list further writers that are meant as allowed_writers. No measure does this: which container makes the data does not show.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "T", Tier: 2,
	Forms:  []check.Form{check.Live, check.Compose},
	Needs:  []snapshot.Part{snapshot.PartEngineContainers},
	Reads:  []string{"mounts"},
	Params: []check.Param{{Name: "allowed_writers", Unit: "list", Meaning: "containers, by name, that may write to a volume that others write to"}},
	Run:    judgeWriters,
}

func judgeWriters(p *check.Probe) {
	allowed, _ := p.List("allowed_writers")
	w := writers{at: newSite(p), exempt: mentions(allowed), names: make(map[string][]string)}
	for i := range p.Snapshot.Containers {
		if c := &p.Snapshot.Containers[i]; c.Scope == p.Scope.ID && c.KeptFor == "" {
			w.count(c, &p.Snapshot.ContainerSpecs[c.Spec])
		}
	}
	judgeNamed(p, w.exempt, func(b *box, who snapshot.Subject) check.Verdict {
		if who.Key != "" {
			return check.Passed("the policy lets it write to shared volumes", ev("policy allowed_writers", who.Name))
		}
		return w.alone(b)
	})
}

// writers are the containers that write to each volume and host path of a scope.
type writers struct {
	at      *site
	exempt  map[string]bool
	names   map[string][]string
	unknown bool // a container's mounts were not understood
}

func (w *writers) count(c *snapshot.Container, spec *snapshot.ContainerSpec) {
	w.unknown = w.unknown || spec.FirstUnread("mounts") != ""
	if w.exempt[c.Name] || w.exempt[c.Key] {
		return
	}
	var sources []string // a container that mounts one twice is one writer
	for i := range spec.Mounts {
		if s := w.source(&spec.Mounts[i]); s != "" && !slices.Contains(sources, s) {
			sources = append(sources, s)
			w.names[s] = append(w.names[s], c.Name)
		}
	}
}

// source names what a mount writes to, "" for one that cannot be shared: a
// read-only one, a tmpfs, an anonymous volume, a socket.
func (w *writers) source(m *snapshot.Mount) string {
	if m.ReadOnly || m.Type != "bind" && m.Type != "volume" {
		return ""
	}
	path, followed := w.at.hostPath(m)
	switch {
	case path == "" && m.Volume != "":
		return "volume " + m.Volume
	case path == "" || strings.HasSuffix(path, ".sock") || exposed(w.at.knownSockets(), m, path, followed) == path:
		return ""
	}
	return path
}

func (w *writers) alone(b *box) check.Verdict {
	var h hits
	writes := false
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		s := w.source(m)
		writes = writes || s != ""
		if s != "" && len(w.names[s]) > 1 {
			h.add("Mounts "+m.Destination, s+" is written by "+firstFew(w.names[s]))
		}
	}
	switch {
	case len(h.evidence) > 0:
		return h.note(check.Failed("other containers write to the same volume", h.evidence...))
	case w.unknown && writes && w.at.file:
		return check.Undecided(snapshot.ReasonUnresolved, "a mount of some service hangs on a variable without a value")
	case w.unknown && writes:
		return check.Undecided(snapshot.ReasonPartial, "the mounts of some container were not understood")
	}
	return check.Passed("nobody else writes to what it writes to", ev("Mounts", len(b.spec.Mounts)))
}
