package cli

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/config"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// decisionFlags are the user's decisions that a result depends on.
type decisionFlags struct {
	policy, waivers string
	set             []string
	asOf            string
}

func (f *decisionFlags) register(cmd *cobra.Command) {
	f.registerPolicy(cmd)
	cmd.Flags().StringVar(&f.waivers, "waivers", "", "waivers (default "+config.WaiversFile+", where there is one)")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "date that waivers and support tables are held against (default today; of a saved snapshot the day it was taken)")
}

func (f *decisionFlags) registerPolicy(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy (default "+config.PolicyFile+", where there is one)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "one value of policy: CHECK.PARAM=VALUE")
}

// given names the first of the flags that was given, for commands that got a
// result in which everything is decided.
func (f *decisionFlags) given(cmd *cobra.Command) string {
	for _, name := range []string{"policy", "waivers", "set", "as-of"} {
		if fl := cmd.Flags().Lookup(name); fl != nil && fl.Changed {
			return "--" + name
		}
	}
	return ""
}

// decisions are what the flags and files say.
type decisions struct {
	policy  *policy.Policy
	waivers policy.Waivers
	now     time.Time
	digests map[string]string
	file    string // of the waivers
}

// load reads policy and waivers. taken is the time of a saved snapshot, zero
// for a live one.
func (f *decisionFlags) load(a *app, taken time.Time) (*decisions, error) {
	d := &decisions{policy: &policy.Policy{}, now: a.now().UTC(), digests: make(map[string]string)}
	today := d.now
	if !taken.IsZero() {
		d.now = taken
	}
	if f.asOf != "" {
		var err error
		if d.now, err = parseDate(f.asOf); err != nil {
			return nil, err
		}
	}
	files, err := f.files(a)
	if err != nil {
		return nil, err
	}
	if p := files.Policy; p != nil {
		if d.policy, err = config.LoadPolicy(p.Data, p.Path, a.suite); err != nil {
			return nil, err
		}
		d.digests[p.Path] = config.Digest(p.Data)
	}
	if w := files.Waivers; w != nil {
		if d.waivers, err = config.LoadWaivers(w.Data, w.Path, a.suite, threatIDs(), today); err != nil {
			return nil, err
		}
		d.digests[w.Path], d.file = config.Digest(w.Data), w.Path
	}
	for _, s := range f.set {
		if err := config.SetParam(d.policy, a.suite, s); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// files finds the configuration: named files must exist, default ones may.
func (f *decisionFlags) files(a *app) (config.Files, error) {
	found, err := config.Find(a.path("."))
	if f.policy != "" && f.waivers != "" {
		found, err = config.Files{}, nil // the default files do not matter, whatever is wrong with them
	}
	if err != nil {
		return found, err
	}
	if f.policy != "" {
		if found.Policy, err = config.Read(a.path(f.policy)); err != nil {
			return found, err
		}
	}
	if f.waivers != "" {
		found.Waivers, err = config.Read(a.path(f.waivers))
	}
	return found, err
}

func threatIDs() []string {
	var ids []string
	for _, t := range threat.Catalogue() {
		ids = append(ids, t.ID)
	}
	return ids
}

// shortPlan is the plan that the first screen shows.
func shortPlan() plan.Options { return plan.Options{Max: 3, Allow: step.DisturbRecreate} }

// decide assesses the source. A saved result is taken as it is.
func (a *app) decide(cmd *cobra.Command, src *source, f *decisionFlags, po plan.Options, on []string) (*report.Result, *assess.Assessment, error) {
	if src.result != nil {
		if flag := f.given(cmd); flag != "" {
			return nil, nil, usage("%s is a result, in which everything is decided; %s needs a snapshot", src.file, flag)
		}
		return src.result, nil, nil
	}
	if src.snapshot == nil {
		return nil, nil, usage("%s is a %s; %s takes %s", src.file, src.kind(), cmd.CommandPath(), accepted)
	}
	var taken time.Time
	if !src.live {
		taken = src.snapshot.Taken
	}
	d, err := f.load(a, taken)
	if err != nil {
		return nil, nil, err
	}
	if err := a.checkMeasures(po.Include, po.Exclude); err != nil {
		return nil, nil, err
	}
	as, err := assess.Assess(assess.Inputs{
		Snapshot: src.snapshot, Suite: a.suite, Planned: a.planned, Policy: d.policy, Waivers: d.waivers, Now: d.now, Digests: d.digests, On: on, Plan: po,
	})
	var defect *plan.DefectError
	switch {
	case errors.As(err, &defect):
		return nil, nil, failure(err)
	case err != nil:
		return nil, nil, usage("%v", err)
	}
	if err := a.checkOn(as, on); err != nil {
		return nil, nil, err
	}
	a.noteWaivers(d, as)
	a.noteAnswers(d, as)
	return report.Build(as, toolName(), catalogueVersion), as, nil
}

// noteWaivers says which waivers have expired or cover nothing.
func (a *app) noteWaivers(d *decisions, as *assess.Assessment) {
	used := make(map[*policy.Waiver]int)
	for i := range as.Findings {
		if w := as.Findings[i].Waiver; w != nil {
			used[w] += len(as.Findings[i].Members)
		}
	}
	for i := range as.Threats {
		for _, g := range as.Threats[i].Groups {
			if g.Waiver != nil {
				used[g.Waiver] += len(g.Members)
			}
		}
	}
	const anyBreadth = 0 // how much one waiver may cover is not judged
	for _, n := range config.Report(d.waivers, used, d.now, anyBreadth) {
		a.log.note("%s:%d: %s", d.file, n.Line, n.Text)
	}
}

// noteAnswers says which answers of the policy change nothing: they are for
// questions that are put to a person, and evidence decides the others.
func (a *app) noteAnswers(d *decisions, as *assess.Assessment) {
	for _, id := range slices.Sorted(maps.Keys(d.policy.Answers)) {
		judged, used := false, false
		for i := range as.Findings {
			f := &as.Findings[i]
			if f.Check.ID != id {
				continue
			}
			judged = true
			used = used || slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool { return strings.HasPrefix(e.Source, "answered by ") })
		}
		if judged && !used {
			a.log.note("the answer to %s in the policy changes nothing: evidence decides it, not a person", id)
		}
	}
}

// measureIDs lists every measure that the suite can offer.
func (a *app) measureIDs() []string {
	var ids []string
	for _, c := range a.suite {
		for i := range c.Fixes {
			ids = append(ids, c.MeasureID(&c.Fixes[i]))
		}
	}
	return ids
}

// checkMeasures refuses names that no measure has.
func (a *app) checkMeasures(lists ...[]string) error {
	known := a.measureIDs()
	for _, list := range lists {
		for _, id := range list {
			if i := slices.IndexFunc(a.suite, func(c *check.Check) bool { return c.ID == id && len(c.Fixes) == 0 }); i >= 0 {
				return usage("%s", strings.TrimSpace(fmt.Sprintf("%s is changed by hand, plimsoll explain %s says how. %s", id, id, a.suite[i].ByHand)))
			}
			if !contains(known, id) {
				return unknownName("measure", id, known, "plimsoll plan lists those on offer")
			}
		}
	}
	return nil
}

// checkOn refuses patterns of --on that nothing matches which a measure could
// change, and says what would match.
func (a *app) checkOn(as *assess.Assessment, patterns []string) error {
	const most = 10 // names on the line
	var names []string
	for _, s := range as.Index.Subjects {
		if slices.ContainsFunc(a.suite, func(c *check.Check) bool { return len(c.Fixes) > 0 && c.Subject == s.Kind }) {
			names = append(names, text.Clean(s.Name))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return usage("--on %s is no pattern; * stands for any name, ? for a character, [ab] for one of several", quote(p))
		}
		if slices.ContainsFunc(as.Index.Subjects, func(s snapshot.Subject) bool { return plan.Selects([]string{p}, s) }) {
			continue
		}
		hint := "there is nothing that a measure could change"
		if len(names) > 0 {
			hint = "it would match " + strings.Join(names[:min(most, len(names))], ", ")
		}
		if len(names) > most {
			hint += fmt.Sprintf(" and %d more", len(names)-most)
		}
		return unknownName("subject", p, names, hint)
	}
	return nil
}
