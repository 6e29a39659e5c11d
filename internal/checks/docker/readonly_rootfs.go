package docker

import (
	"fmt"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var readonlyRootfs = &check.Check{
	ID:    "container-readonly-rootfs",
	Title: "The root filesystem is read-only",
	Why: "An attacker who can write to the root file system leaves tools there, replaces programs and stays after a restart of the process. " +
		"The mount flag that the kernel shows decides where it was readable, otherwise the configuration.",
	Remedy:   "Start it with --read-only, with a tmpfs or a volume for each place that it must write to.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "T", Tier: 1,
	Refs:  check.CIS(1, "5.12", "5.13", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"readonlyRootfs"},
	Run:   func(p *check.Probe) { judge(p, rootIsReadOnly) },
	Fixes: []check.Fix{{Title: "make the root file system read-only", Kind: step.ContainerRecreate, Step: makeReadOnly}},
}

func rootIsReadOnly(b *box) check.Verdict {
	conf := ev("HostConfig.ReadonlyRootfs", b.spec.ReadonlyRootfs)
	readOnly := b.spec.ReadonlyRootfs
	evidence := []check.Evidence{conf}
	if proc := b.proc(); proc != nil {
		readOnly = proc.RootReadOnly
		evidence = []check.Evidence{ev("/proc/PID/mountinfo, / is read-only", readOnly), conf}
	} else if v, bad := b.unread("readonlyRootfs"); bad {
		return v
	}
	v := check.Failed("its root file system is writable", evidence...)
	if readOnly {
		v = check.Passed("its root file system is read-only", evidence...)
	}
	if b.proc() == nil {
		return b.configured(v)
	}
	return v
}

func makeReadOnly(p *check.Probe, subject int) (step.Step, error) {
	c, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if spec.ReadonlyRootfs {
		return step.Step{}, &step.RefusedError{Why: "its configuration asks for it already, its root is mounted writable nevertheless; find out what remounted it"}
	}
	readOnly := change(spec, "HostConfig.ReadonlyRootfs", "true")
	var s step.Step
	if inFile(p) {
		s, err = edited(p, subject, readOnly)
	} else {
		s, err = recreate(p, subject, readOnly)
	}
	if err != nil {
		return step.Step{}, err
	}
	switch {
	case inFile(p):
		s.Warnings = append(s.Warnings, "a program that writes outside its mounts will fail; give such places a tmpfs or a volume")
	case !c.Writable.Known():
		s.Warnings = append(s.Warnings, "a program that must write outside its mounts will fail")
	case c.Writable.V > 0:
		s.Warnings = append(s.Warnings, fmt.Sprintf("it changed %d paths outside its mounts; see docker diff, and give them a tmpfs or a volume first", c.Writable.V))
	}
	return s, nil
}
