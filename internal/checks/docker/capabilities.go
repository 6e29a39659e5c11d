package docker

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const howToReadCaps = " The set is the kernel's bounding set of the first process where it was readable, otherwise what the engine makes of its defaults, " +
	"--cap-add, --cap-drop and --privileged: ALL added grants everything but what is dropped by name, ALL dropped leaves what is added by name."

var capabilitiesMinimal = &check.Check{
	ID:    "container-capabilities-minimal",
	Title: "The container holds no capability beyond policy",
	Why: "Each capability beyond the 14 that an engine grants by itself opens a further part of the kernel to root in the container. " +
		"NET_RAW is one of the 14 and is judged by container-net-raw-dropped alone." + howToReadCaps,
	Remedy:   "Drop ALL and add by name what the program needs.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 1,
	Refs:    check.CIS(1, "5.3", "5.4", ""),
	Covered: []string{"container-dangerous-capabilities"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"capAdd", "capDrop", "privileged"},
	Params: []check.Param{{
		Name: "allowed_capabilities", Unit: "list", Default: snapshot.DefaultCaps, Meaning: "capabilities a container may hold",
	}},
	Run: func(p *check.Probe) {
		judge(p, func(b *box) check.Verdict {
			allowed := append([]string{"NET_RAW"}, b.at.list("allowed_capabilities")...)
			return b.holdsNone(func(held uint64, unknown []string) []string {
				return append(shared.CapsBeyond(held, allowed), unknown...)
			}, "it holds capabilities beyond policy", "it holds no capability beyond policy")
		})
	},
	Fixes: []check.Fix{{Title: "take away capabilities beyond policy", Kind: step.ContainerRecreate, Step: dropCaps(func(b *box, held uint64, unknown []string) []string {
		return append(shared.CapsBeyond(held, append([]string{"NET_RAW"}, b.at.list("allowed_capabilities")...)), unknown...)
	})}},
}

var dangerousCapabilities = &check.Check{
	ID:    "container-dangerous-capabilities",
	Title: "No host-controlling capability is held",
	Why: "Any one of these capabilities is a way out of the container or into every other: SYS_ADMIN mounts, SYS_MODULE loads code into the kernel, " +
		"SYS_PTRACE enters processes it can see, DAC_READ_SEARCH opens any file of a disk by its number, NET_ADMIN rewrites the network." + howToReadCaps,
	Remedy:   "Drop them, or move what needs them out of the container.",
	Severity: check.Critical, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfacePrivileged, STRIDE: "E", Tier: 1,
	Covered: []string{"container-not-privileged"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"capAdd", "capDrop", "privileged"},
	Run: func(p *check.Probe) {
		judge(p, func(b *box) check.Verdict {
			return b.holdsNone(func(held uint64, _ []string) []string { return shared.CapsAmong(held, shared.HostControl) },
				"it holds capabilities that control the host", "it holds no capability that controls the host")
		})
	},
	Fixes: []check.Fix{{Title: "take away capabilities that control the host", Kind: step.ContainerRecreate, Step: dropCaps(func(_ *box, held uint64, _ []string) []string {
		return shared.CapsAmong(held, shared.HostControl)
	})}},
}

var netRawDropped = &check.Check{
	ID:    "container-net-raw-dropped",
	Title: "Raw sockets are not available in the container",
	Why: "With NET_RAW, which the engine grants by itself, a process forges packets: it answers ARP and DNS for its neighbours on the same bridge and reads their traffic. " +
		"Since engine 20.10 ping works without it." + howToReadCaps,
	Remedy:   "Start it with --cap-drop NET_RAW.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "S", Tier: 2,
	Covered: []string{"container-not-privileged"},
	Forms:   []check.Form{check.Live, check.Compose},
	Needs:   []snapshot.Part{snapshot.PartEngineContainers},
	Reads:   []string{"capAdd", "capDrop", "privileged"},
	Run: func(p *check.Probe) {
		judge(p, func(b *box) check.Verdict {
			return b.holdsNone(func(held uint64, _ []string) []string { return shared.CapsAmong(held, []string{"NET_RAW"}) },
				"it can open raw sockets", "it cannot open raw sockets")
		})
	},
	Fixes: []check.Fix{{Title: "drop NET_RAW", Kind: step.ContainerRecreate, Step: dropNetRaw}},
}

// holdsNone passes a container in whose effective set the predicate finds
// nothing. Unknown names the capabilities it adds that this version does not
// know, when nothing but the configuration was seen.
func (b *box) holdsNone(find func(held uint64, unknown []string) []string, failed, passed string) check.Verdict {
	var held uint64
	var evidence []check.Evidence
	unknown := shared.UnknownCaps(b.spec.CapAdd)
	proc := b.proc()
	if proc != nil {
		held = proc.CapBnd | proc.CapEff
		evidence = append(evidence, ev("CapBnd and CapEff of the first process", b.at.capText(held)))
	} else if v, bad := b.unread("capDrop"); bad && !b.spec.Privileged {
		return v // the defaults, undropped, would fail
	} else {
		held = snapshot.EffectiveCaps(b.spec)
	}
	evidence = append(evidence, b.capEvidence()...)
	var beyond []string
	if proc != nil {
		beyond = find(held, nil)
	} else {
		beyond = find(held, unknown)
	}
	v := check.Passed(passed, evidence...)
	switch {
	case held&snapshot.AllCaps == snapshot.AllCaps && len(beyond) > 1:
		v = check.Failed(failed+": all of them", evidence...)
	case len(beyond) == 1 && beyond[0] == "NET_RAW":
		v = check.Failed(failed, evidence...)
	case len(beyond) > 0:
		v = check.Failed(failed+": "+firstFew(beyond), evidence...)
	}
	if len(unknown) > 0 {
		v = v.Note("not known as capabilities: " + firstFew(unknown))
	}
	if proc == nil {
		return b.configured(v)
	}
	return v.ByKernel()
}

// capText names a set; most containers of a machine hold one of a few.
func (s *site) capText(held uint64) string {
	text, ok := s.capTexts[held]
	if ok {
		return text
	}
	text = cmp.Or(strings.Join(snapshot.CapList(held&snapshot.AllCaps), ","), "none")
	if held&snapshot.AllCaps == snapshot.AllCaps {
		text = "all"
	}
	s.capTexts[held] = text
	return text
}

func (b *box) capEvidence() []check.Evidence {
	var e []check.Evidence
	if b.spec.Privileged {
		e = append(e, ev("HostConfig.Privileged", true))
	}
	if len(b.spec.CapAdd) > 0 {
		e = append(e, ev("HostConfig.CapAdd", firstFew(b.spec.CapAdd)))
	}
	if len(b.spec.CapDrop) > 0 {
		e = append(e, ev("HostConfig.CapDrop", firstFew(b.spec.CapDrop)))
	}
	if len(e) == 0 {
		e = append(e, ev("HostConfig.CapAdd, CapDrop", "the engine's defaults"))
	}
	return e
}

func dropNetRaw(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	spec := b.spec
	switch {
	case spec.Privileged:
		return step.Step{}, b.asPrivileged()
	case slices.Contains(spec.CapAdd, "ALL"):
		return refused("it adds ALL capabilities; container-capabilities-minimal takes those away")
	case slices.Contains(spec.CapAdd, "NET_RAW"):
		return refused("it adds NET_RAW on purpose; remove --cap-add NET_RAW where it is started, if it does not need it")
	case slices.Contains(spec.CapDrop, "ALL"), slices.Contains(spec.CapDrop, "NET_RAW"):
		return refused("its configuration drops NET_RAW already, its process has it nevertheless; find out which runtime grants it")
	}
	drop := append(slices.Clone(spec.CapDrop), "NET_RAW")
	slices.Sort(drop)
	dropped := change(spec, "HostConfig.CapDrop", strings.Join(drop, ","))
	var s step.Step
	if inFile(p) {
		s, err = edited(p, subject, dropped)
	} else {
		s, err = recreate(p, subject, dropped)
	}
	if err != nil {
		return step.Step{}, err
	}
	if s.Note != "" {
		s.Note += " "
	}
	s.Note += "Programs that open raw sockets (tcpdump, arping, old versions of ping) stop working in it."
	s.Warnings = append(s.Warnings, b.usesCaps([]string{"NET_RAW"})...)
	return s, nil
}
