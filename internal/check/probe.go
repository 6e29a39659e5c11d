package check

import (
	"strconv"
	"time"

	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// Probe is all that a check sees: one scope of a snapshot, the policy and the
// clock. Its methods report verdicts.
type Probe struct {
	Snapshot *snapshot.Snapshot
	Index    *snapshot.Index
	Scope    *snapshot.Scope
	Now      time.Time // for support tables and retirement dates; age of evidence is against Scope.Taken

	check  *Check
	policy *policy.Policy
	out    []Finding
}

// Engine returns the scope's engine; nil in a scope of files.
func (p *Probe) Engine() *snapshot.Engine { return p.Snapshot.Engine(p.Scope.ID) }

// Host returns the scope's host, or nil.
func (p *Probe) Host() *snapshot.Host { return p.Snapshot.Host(p.Scope.ID) }

// Self returns the subject that stands for the scope.
func (p *Probe) Self() int { return p.Index.ScopeSubject(p.Scope.ID) }

// CheckID names the check that looks.
func (p *Probe) CheckID() string { return p.check.ID }

// Reads are the fields that the check says its passes rest on.
func (p *Probe) Reads() []string { return p.check.Reads }

// Report says a verdict of one or more subjects that are alike.
func (p *Probe) Report(v Verdict, members ...int) {
	p.out = append(p.out, Finding{Check: p.check, Verdict: v, Members: members})
}

// ReportDormant is [Probe.Report] for subjects without a process.
func (p *Probe) ReportDormant(v Verdict, members ...int) {
	p.out = append(p.out, Finding{Check: p.check, Verdict: v, Members: members, Dormant: true})
}

// List returns a list of policy: what the user declared, else the default.
// declared is false when the user said nothing.
func (p *Probe) List(param string) (values []string, declared bool) {
	if v, ok := p.policy.Declared(p.check.ID, param); ok {
		return v, true
	}
	for _, d := range p.check.Params {
		if d.Name == param {
			return d.Default, false
		}
	}
	panic("check " + p.check.ID + " reads the parameter " + param + ", which it does not declare")
}

// Int returns a numeric value of policy. Values are validated when read.
func (p *Probe) Int(param string) int64 {
	v, _ := p.List(param)
	if len(v) != 1 {
		return 0
	}
	n, err := strconv.ParseInt(v[0], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Answer returns what a person answered to the check, if anyone did. Run applies
// it to a manual verdict; a check asks only to judge the answer itself.
func (p *Probe) Answer() (policy.Answer, bool) {
	if p.policy == nil {
		return policy.Answer{}, false
	}
	a, ok := p.policy.Answers[p.check.ID]
	return a, ok
}

// Part reports whether a part of the scope, or of its machine, was observed.
func (p *Probe) Part(part snapshot.Part) snapshot.PartStatus {
	return p.Index.Part(p.Scope.ID, part)
}
