package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// watch adds a rule for every path of the row that none covers.
func (w *watched) watch(p *check.Probe, subject int) (step.Step, error) {
	refused := func(why string) (step.Step, error) { return step.Step{}, &step.RefusedError{Why: why} }
	paths, _, decided := w.targets(p)
	h := p.Host()
	switch {
	case decided || h == nil:
		return refused("what there is to watch was not collected")
	case h.Audit.Kernel.State == snapshot.Absent:
		return refused("the kernel was built without the audit system; a kernel of the distribution has it")
	case !h.Audit.Kernel.Known():
		return refused("the audit rules of the kernel were not readable; collect as root")
	case !h.Audit.Kernel.V.Enabled:
		return refused("the kernel's audit system is off: install auditd and start it, or boot with audit=1, then harden again")
	case h.Audit.Kernel.V.Locked:
		return refused("the audit rules are locked until the next start of the machine (-e 2): put -w PATH -p wa -k docker into a file of /etc/audit/rules.d that sorts before the one that locks them, and restart")
	}
	rules := slices.Clone(h.Audit.Kernel.V.Rules)
	var set []step.Change
	for _, path := range missed(rules, paths, nil) {
		if h.Audit.Kernel.V.Watched(path) != "" {
			return refused("it is watched, but an earlier rule excludes it; remove that one")
		}
		set = append(set, step.Change{Field: snapshot.AuditField(path), To: snapshot.AuditPerm})
		rules = append(rules, snapshot.AuditRule{Filter: "exit", Action: "always", Path: path, Perm: snapshot.AuditPerm})
	}
	if len(missed(rules, paths, nil)) > 0 {
		return refused("a rule of the kernel excludes it (never), before any that is added; remove that one from the rule files and load them anew")
	}
	s := step.New(step.AuditRule, p.Index.Subjects[subject], set...)
	s.Note = "The watches go into a rule file of their own in /etc/audit/rules.d, and into the kernel."
	return s, nil
}
