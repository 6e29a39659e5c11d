package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noDisguisedBind = &check.Check{
	ID:    "volume-driver-opts-host-path",
	Title: "No named volume hides a sensitive host path",
	Why: "A local volume made with o=bind and a device shows a directory of the host under a harmless name; docker inspect of the container prints the volume's name only. " +
		"The device of every volume that the container mounts is compared with the sensitive directories, after symbolic links.",
	Remedy:   "Remove the volume and make one without a device, or mount the one folder it needs openly.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "TI", Tier: 2,
	Covered: []string{"container-no-sensitive-host-mounts"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"mounts"},
	Run:     func(p *check.Probe) { judge(p, bindsNothingInDisguise) },
	Fixes:   []check.Fix{{Suffix: "remove", Title: "remove volumes that show sensitive host directories", Kind: step.ContainerRecreate, Breaks: true, Step: removeDisguised}},
}

func bindsNothingInDisguise(b *box) check.Verdict {
	var h hits
	volumes, veiled := 0, ""
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		if m.Type != "volume" {
			continue
		}
		volumes++
		if b.at.veiled(m) {
			veiled = m.Volume
			continue
		}
		v := b.at.volume(m.Volume)
		if v == nil || v.Device == "" {
			continue
		}
		where, _ := b.at.hostPath(m)
		if shown, root, how := b.at.sensitive(m, where); how != "" {
			h.add("volume "+m.Volume, through(where, shown)+" "+how+" "+root)
		}
	}
	switch {
	case len(h.evidence) > 0:
		return h.note(check.Failed("a named volume shows a sensitive host directory", h.evidence...))
	case veiled != "":
		return check.Undecided(snapshot.ReasonPartial, "the engine's volumes were not readable, and one may bind a host directory", ev("Mounts", veiled))
	}
	return check.Passed("no named volume shows a sensitive host directory", ev("volumes mounted", volumes))
}
