package docker

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// watched is a thing that the audit system should watch. Each row of the table
// makes one check.
type watched struct {
	id, what string // what begins the title
	verb     string // " are" for several
	change   string // what goes unseen otherwise, one sentence
	roles    []snapshot.FileRole
	base     string // base name, where a role covers several programs
	engine   bool   // the files follow from an engine, not from fixed paths
	sockets  bool   // some are sockets, which are collected apart
	none     string
	severity check.Severity
	level    int
	at       [3]string // numbers in CIS 1.2.0, 1.6.0 and 1.7.0
}

// auditRules makes the checks of all rows.
func auditRules() []*check.Check {
	out := make([]*check.Check, len(watchedFiles))
	for i := range watchedFiles {
		w := &watchedFiles[i]
		c := &check.Check{
			ID: w.id, Title: w.what + cmp.Or(w.verb, " is") + " watched by the audit system",
			Why: w.change + " An audit rule leaves a record of who did it, which the intruder must first find. " +
				"What counts are the rules that the kernel holds now, in their order: one that covers the path itself or a directory above it, for writing and for changes of attributes, " +
				"without further conditions and without an earlier rule that excludes it. Rule files alone show what is meant to be loaded.",
			Remedy:   "Install auditd, add -w PATH -p wa -k docker for each path to a file in /etc/audit/rules.d, and load it with augenrules --load. Remove the rule -a task,never, which switches all others off.",
			Severity: w.severity, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "R", Tier: 1,
			Refs:  check.CIS(w.level, w.at[0], w.at[1], w.at[2]),
			Forms: []check.Form{check.Live},
			Run:   w.judge,
			Fixes: []check.Fix{{Title: "watch it", Kind: step.AuditRule, Step: w.watch}},
		}
		if !w.engine {
			c.Needs = []snapshot.Part{snapshot.PartHostFiles}
		}
		out[i] = c
	}
	return out
}

func (w *watched) judge(p *check.Probe) {
	targets, v, decided := w.targets(p)
	if !decided {
		v = judgeAudit(p, targets)
	}
	p.Report(v, p.Self())
}

// targets lists the canonical paths to be watched, or decides without them.
func (w *watched) targets(p *check.Probe) (paths []string, v check.Verdict, decided bool) {
	for _, i := range filesOf(p, w.roles...) {
		f := &p.Snapshot.Files[i]
		if w.base != "" && path.Base(f.Path) != w.base || f.Role == snapshot.RoleRuntimeSocket && !isContainerdSocket(f) {
			continue
		}
		switch f.State {
		case snapshot.Observed:
			paths = append(paths, cmp.Or(f.Real, f.Path))
		case snapshot.Absent:
		case snapshot.Denied, snapshot.Failed, snapshot.Skipped:
			v, _ := shared.UnseenFile(f)
			v.Message = f.Path + " was not readable"
			return nil, v, true
		}
	}
	parts := []snapshot.Part{}
	if w.engine && !w.onlySockets() {
		parts = append(parts, snapshot.PartEngineFiles)
	}
	if w.sockets {
		parts = append(parts, snapshot.PartEngineSockets)
	}
	for _, part := range parts {
		if v, gap := unseenFiles(p, part, slices.Contains(w.roles, snapshot.RoleEngineConfig), w.roles); gap {
			return nil, v, true
		}
	}
	if len(paths) == 0 {
		return nil, check.Inapplicable(w.none), true
	}
	slices.Sort(paths)
	return slices.Compact(paths), check.Verdict{}, false
}

func (w *watched) onlySockets() bool {
	return w.sockets && !slices.ContainsFunc(w.roles, func(r snapshot.FileRole) bool {
		return r != snapshot.RoleRuntimeSocket && r != snapshot.RoleEngineSocket
	})
}

// judgeAudit is [AuditVerdict] of the scope's machine.
func judgeAudit(p *check.Probe, paths []string) check.Verdict {
	return AuditVerdict(p.Host(), p.Part(snapshot.PartHostAudit), paths)
}

// AuditVerdict asks the kernel's rules of a machine, or where they could not be
// read says what the rule files would do. The status is that of the part.
func AuditVerdict(h *snapshot.Host, st snapshot.PartStatus, paths []string) check.Verdict {
	if h == nil {
		h = &snapshot.Host{}
	}
	kernel, files := &h.Audit.Kernel, &h.Audit.Files
	configured := files.Known() && files.V.Enabled && len(missed(files.V.Rules, paths, nil)) == 0
	switch {
	case kernel.State == snapshot.Absent:
		return check.Failed("the kernel has no audit system", ev("audit system of the kernel", "none"))
	case !kernel.Known():
		reason := cmp.Or(kernel.Reason, snapshot.ReasonFor(kernel.State), st.Reason, snapshot.ReasonFor(st.State))
		if configured {
			return check.Undecided(snapshot.ReasonPartial, "it is configured, and whether the kernel holds the rules was not readable", ev(files.Source, "rules for "+firstFew(paths)))
		}
		return check.Undecided(reason, cmp.Or(st.Detail, "the audit rules of the kernel were not readable"))
	}
	evidence := []check.Evidence{ev("audit status of the kernel", onOff(kernel.V.Enabled)), ev(cmp.Or(kernel.Source, "audit rules of the kernel"), len(kernel.V.Rules))}
	var v check.Verdict
	if !kernel.V.Enabled {
		v = check.Failed("the kernel's audit system is off", evidence...)
	} else if left := missed(kernel.V.Rules, paths, &evidence); len(left) > 0 {
		v = check.Failed("no audit rule of the kernel covers "+firstFew(left), evidence...)
	} else {
		return check.Passed("changes are recorded", evidence...)
	}
	if configured {
		v = v.Note("the rule files cover it; they are not loaded")
	}
	return v
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// missed returns the paths that no rule covers. What speaks for each path, or
// nearly does, is added to evidence.
func missed(rules []snapshot.AuditRule, paths []string, evidence *[]check.Evidence) []string {
	var left []string
	for _, target := range paths {
		said, ok := covered(rules, target)
		if !ok {
			left = append(left, target)
		}
		if said != "" && evidence != nil && len(*evidence) < maxHits {
			*evidence = append(*evidence, ev("rule for "+target, said))
		}
	}
	return left
}

// covered reports whether the rules record writes to a path and changes of its
// attributes, with the rule that decides or comes near.
func covered(rules []snapshot.AuditRule, target string) (said string, ok bool) {
	for i := range rules {
		if r := &rules[i]; r.Filter == "task" && r.Action == "never" && len(r.Narrow) == 0 {
			return ruleText(r) + " (switches every rule off)", false
		}
	}
	for i := range rules {
		r := &rules[i]
		named := r.Path != "" || r.Dir != ""
		about := r.Path == target || r.Dir != "" && (r.Dir == target || r.Dir == "/" || strings.HasPrefix(target, r.Dir+"/"))
		if r.Filter != "exit" || named && !about {
			continue
		}
		whole := !r.Calls && len(r.Narrow) == 0
		changes := r.Perm == "" || strings.Contains(r.Perm, "w") && strings.Contains(r.Perm, "a")
		switch {
		case r.Action == "never" && whole && (r.Perm == "" || strings.ContainsAny(r.Perm, "wa")):
			return ruleText(r) + " (excludes it)", false
		case r.Action == "always" && named && whole && changes:
			return ruleText(r), true
		case r.Action == "always" && named:
			said = ruleText(r) + " (not for every change)"
		}
	}
	return said, false
}

// ruleText prints a rule in the language of auditctl.
func ruleText(r *snapshot.AuditRule) string {
	var out strings.Builder
	out.WriteString("-a " + r.Action + "," + r.Filter)
	for _, f := range [...][2]string{{"path", r.Path}, {"dir", r.Dir}, {"perm", r.Perm}} {
		if f[1] != "" {
			out.WriteString(" -F " + f[0] + "=" + f[1])
		}
	}
	if r.Calls {
		out.WriteString(", some system calls only")
	}
	if len(r.Narrow) > 0 {
		out.WriteString(", narrowed by " + firstFew(r.Narrow))
	}
	return out.String()
}
