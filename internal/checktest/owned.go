package checktest

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Owned returns a host on which the containers web and cart fail the one check of
// the suite for what the container owner is set to, so that one step, whose
// target is owner, is for both. So pods will be to their workload.
func Owned() (*snapshot.Snapshot, []*check.Check) {
	s := Minimal()
	spec := s.ContainerSpecs[0]
	spec.Resources.Memory, spec.Resources.MemorySwap = 0, 0
	s.ContainerSpecs = append(s.ContainerSpecs, spec)
	owner := s.Containers[0]
	owner.Name, owner.Key, owner.ID, owner.Spec = "owner", "name/owner", strings.Repeat("a", 64), 1
	cart := s.Containers[0]
	cart.Name, cart.Key, cart.ID = "cart", "name/cart", strings.Repeat("b", 64)
	s.Containers = append(s.Containers, owner, cart)
	s.ID = ""
	if err := s.Seal(); err != nil {
		panic(err) // made here, in one way
	}
	c := &check.Check{
		ID: "container-memory-limit", Title: "The owner has a memory limit", Severity: check.High, Subject: snapshot.KindContainer, STRIDE: "D",
		Run: func(p *check.Probe) {
			verdict := check.Failed("its owner has no limit")
			if ownerMemory(p) > 0 {
				verdict = check.Passed("its owner has a limit")
			}
			for _, m := range p.Index.Of(p.Scope.ID, snapshot.KindContainer) {
				if p.Index.Subjects[m].Name == "owner" {
					p.Report(check.Inapplicable("it is the owner"), m)
					continue
				}
				p.Report(verdict, m)
			}
		},
		Fixes: []check.Fix{{Title: "limit the owner", Kind: step.ContainerUpdate, Step: func(p *check.Probe, _ int) (step.Step, error) {
			for _, m := range p.Index.Of(p.Scope.ID, snapshot.KindContainer) {
				if s := p.Index.Subjects[m]; s.Name == "owner" {
					return step.New(step.ContainerUpdate, s, step.Change{Field: "HostConfig.Memory", From: "0", To: "268435456"}), nil
				}
			}
			return step.Step{}, &step.RefusedError{Why: "no owner"}
		}}},
	}
	return s, []*check.Check{c}
}

func ownerMemory(p *check.Probe) int64 {
	for _, c := range p.Snapshot.Containers {
		if c.Name == "owner" {
			return p.Snapshot.ContainerSpecs[c.Spec].Resources.Memory
		}
	}
	return 0
}
