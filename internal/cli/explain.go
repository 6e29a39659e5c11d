package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/check"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/threat"
)

func (a *app) explainCommand() *cobra.Command {
	var f struct {
		collectFlags
		decisionFlags
		screenFlags
		result string
	}
	cmd := &cobra.Command{
		Use:   "explain CHECK|THREAT|ALIAS [TARGET...]",
		Short: "Explain a check, a threat or a number of a benchmark",
		Long: "Explain says what is asked, why it matters, what fixes it and how it is named elsewhere, from the catalogue alone.\n" +
			"With a target or a saved result it adds what was found there.\n\n" + targetHelp,
		Example: "  plimsoll explain container-memory-limit\n  plimsoll explain DKR-REG-S-02 docker\n  plimsoll explain cis-docker-1.2.0/5.10 --result result.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("nothing to explain; name a check, a threat or an alias such as cis-docker-1.2.0/5.10")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.explainable(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.collectFlags.register(cmd)
	f.decisionFlags.register(cmd)
	f.screenFlags.register(cmd)
	cmd.Flags().StringVar(&f.result, "result", "", "saved result or snapshot to say what was found in")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := a.find(args[0])
		if err != nil {
			return err
		}
		if f.result != "" {
			args = append(args, f.result)
		}
		o, err := f.options(a, a.Out)
		if err != nil {
			return err
		}
		var r *report.Result
		var partial error
		if len(args) > 1 {
			src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args[1:], false)
			if err != nil {
				return err
			}
			if r, _, err = a.decide(cmd, src, &f.decisionFlags, shortPlan(), nil); err != nil {
				return err
			}
			partial, o.Target = src.partial, src.target
		}
		return joined(failure(found.print(a.Out, r, o)), partial)
	}
	return cmd
}

// topic is what an argument of explain names.
type topic struct {
	checks []*check.Check
	threat *threat.Threat
	future []check.Planned // rows of the catalogue that this version does not decide
}

// find looks a name up, whatever its case: a check, a measure, a threat, or an
// alias of one or more checks.
func (a *app) find(name string) (topic, error) {
	var t topic
	base, _, _ := strings.Cut(name, ":") // a measure is named after its check
	for _, c := range a.suite {
		alias := slices.ContainsFunc(c.Refs, func(r check.Ref) bool { return strings.EqualFold(r.Alias(), name) })
		if alias || strings.EqualFold(c.ID, base) {
			t.checks = append(t.checks, c)
		}
	}
	if len(t.checks) > 0 {
		return t, nil
	}
	catalogue := threat.Catalogue()
	for i := range catalogue {
		if strings.EqualFold(catalogue[i].ID, name) {
			t.threat = &catalogue[i]
			return t, nil
		}
	}
	if t.future = a.findFuture(name); len(t.future) > 0 {
		return t, nil
	}
	return t, unknownName("check, threat or alias", name, a.explainable(), "plimsoll threats lists threats, plimsoll bench docker --all checks")
}

// findFuture looks a name up among the rows of the catalogue without a check.
func (a *app) findFuture(name string) []check.Planned {
	var out []check.Planned
	for _, p := range a.planned {
		alias := slices.ContainsFunc(p.Refs, func(r check.Ref) bool { return strings.EqualFold(r.Alias(), name) })
		if alias || strings.EqualFold(p.ID, name) {
			out = append(out, p)
		}
	}
	if m, ok := threat.Members()[strings.ToLower(name)]; ok && len(out) == 0 {
		out = append(out, check.Planned{ID: m.Key, Subject: m.Subject, Title: m.Title})
	}
	return out
}

// explainable lists every name that explain takes.
func (a *app) explainable() []string {
	names := threatIDs()
	for _, c := range a.suite {
		names = append(names, c.ID)
		for _, r := range c.Refs {
			if !slices.Contains(names, r.Alias()) {
				names = append(names, r.Alias())
			}
		}
	}
	return names
}

func (t *topic) print(w io.Writer, r *report.Result, o text.Options) error {
	if t.threat != nil {
		return text.ExplainThreat(w, t.threat, r, o)
	}
	for _, p := range t.future {
		if err := text.ExplainPlanned(w, p, o); err != nil {
			return err
		}
	}
	for i, c := range t.checks {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := text.ExplainCheck(w, c, r, o); err != nil {
			return err
		}
	}
	return nil
}
