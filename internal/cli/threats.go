package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/assess"
	"plimsoll/internal/model"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/threat"
	"plimsoll/internal/yaml"
)

func (a *app) threatsCommand() *cobra.Command {
	var f struct {
		collectFlags
		decisionFlags
		outputFlags
		screenFlags
		filter  text.ThreatFilter
		element []string
	}
	cmd := &cobra.Command{
		Use:   "threats [TARGET...|RESULT]",
		Short: "List the threats with their elements and what decides them",
		Long: "Threats lists every threat of the catalogue that concerns the target, by status and risk.\n\n" + targetHelp +
			"\nA saved result is shown as it was decided.",
		Example: "  plimsoll threats --status open --zone host\n  plimsoll threats result.json --stride E",
	}
	f.collectFlags.register(cmd)
	f.decisionFlags.register(cmd)
	f.outputFlags.register(cmd)
	f.screenFlags.register(cmd)
	cmd.Flags().StringVar(&f.filter.Zone, "zone", "", "only of these zones, separated by commas: client, host, registry")
	cmd.Flags().StringVar(&f.filter.STRIDE, "stride", "", "only of these classes, separated by commas: S, T, R, I, D, E")
	cmd.Flags().StringVar(&f.filter.Status, "status", "", "only with these statuses, separated by commas: open, unknown, accepted, mitigated, not-applicable")
	cmd.Flags().StringVar(&f.filter.Surface, "surface", "", "only of these attack surfaces, separated by commas, such as insecure-defaults")
	cmd.Flags().StringSliceVar(&f.element, "element", nil, "only these subjects, by name or key: the threats they are an element of, and what those are on them")
	cmd.Flags().BoolVar(&f.filter.Source, "source", false, "only those that the source methodology names")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkThreatFilter(f.filter); err != nil {
			return err
		}
		src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args, f.onScreen())
		if err != nil {
			return err
		}
		r, as, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), nil)
		if err != nil {
			return err
		}
		if len(f.element) > 0 {
			if r, err = about(r, as, f.element); err != nil {
				return err
			}
		}
		err = a.emit(f.outputFlags, f.screenFlags, func(w io.Writer, o text.Options) error {
			if err := announce(w, src); err != nil {
				return err
			}
			return text.Threats(w, r, f.filter, o)
		}, func(w io.Writer) error {
			r.Threats = slices.DeleteFunc(r.Threats, func(t report.Threat) bool { return !f.filter.Takes(&t) })
			return report.Encode(w, r)
		})
		return joined(err, src.partial)
	}
	return cmd
}

// about narrows a result down to the named elements. An assessment knows the name
// of every subject, a saved result of those that it lists on their own.
func about(r *report.Result, as *assess.Assessment, names []string) (*report.Result, error) {
	keys := slices.Clone(names)
	known := make([]string, 0, len(r.Subjects))
	for i := range r.Subjects {
		known = append(known, r.Subjects[i].Name, r.Subjects[i].Key)
	}
	if as != nil {
		for _, s := range as.Index.Subjects {
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, s.Name) }) {
				keys = append(keys, s.Key)
			}
			known = append(known, s.Name)
		}
	}
	out, unknown := r.About(keys)
	for _, u := range unknown {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, u) }) {
			return nil, unknownName("--element", u, known, "it is the name or key of something that was looked at")
		}
	}
	return out, nil
}

// checkThreatFilter refuses values that can match nothing.
func checkThreatFilter(f text.ThreatFilter) error {
	var zones, classes, statuses, surfaces []string
	for _, z := range model.Zones {
		zones = append(zones, string(z))
	}
	for _, c := range model.Classes {
		classes = append(classes, string(c))
	}
	for _, s := range threat.Statuses {
		statuses = append(statuses, s.String())
	}
	for _, s := range model.Surfaces {
		surfaces = append(surfaces, string(s))
	}
	for _, c := range []struct {
		flag, value string
		known       []string
	}{{"zone", f.Zone, zones}, {"stride", f.STRIDE, classes}, {"status", f.Status, statuses}, {"surface", f.Surface, surfaces}} {
		if c.value == "" {
			continue
		}
		for v := range strings.SplitSeq(c.value, ",") {
			v = strings.TrimSpace(v)
			if !slices.ContainsFunc(c.known, func(k string) bool { return strings.EqualFold(k, v) }) {
				meant := ""
				if near := yaml.Nearest(v, c.known); near != "" {
					meant = " did you mean " + near + "?"
				}
				return usage("unknown --%s %s;%s it is one of %s", c.flag, quote(v), meant, strings.Join(c.known, ", "))
			}
		}
	}
	return nil
}
