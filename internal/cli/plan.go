package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"plimsoll/internal/plan"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/step"
)

// choiceFlags limit what measures may do.
type choiceFlags struct {
	allow string
	on    []string
}

func (f *choiceFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.allow, "allow", "recreate", "the most a measure may disturb: none, update, recreate or restart (of the engine)")
	cmd.Flags().StringArrayVar(&f.on, "on", nil, "only subjects whose name or key matches this pattern, such as web or 'compose/shop/*/*'; repeat for more")
	fixed(cmd, "allow", "none", "update", "recreate", "restart")
}

func (f *choiceFlags) disturb() (step.Disturb, error) {
	var d step.Disturb
	if err := d.UnmarshalText([]byte(f.allow)); err != nil {
		return d, unknownName("--allow value", f.allow, []string{"none", "update", "recreate", "restart"}, "it is none, update, recreate or restart")
	}
	return d, nil
}

func (a *app) planCommand() *cobra.Command {
	var f struct {
		collectFlags
		decisionFlags
		screenFlags
		choiceFlags
		out              outputFlags
		limit            int
		cover            string
		include, exclude []string
	}
	cmd := &cobra.Command{
		Use:   "plan [TARGET...]",
		Short: "Choose the few measures that remove the most risk",
		Long: "Plan simulates every measure on the evidence, chooses those that remove the most risk and says why these and not\n" +
			"others. Nothing is changed. With -o the plan is also saved, for plimsoll harden --plan FILE.\n\n" + targetHelp,
		Example: "  plimsoll plan --max 3 -o plan.json\n  plimsoll plan --cover surfaces --allow update",
	}
	f.collectFlags.register(cmd)
	f.decisionFlags.register(cmd)
	f.screenFlags.register(cmd)
	f.choiceFlags.register(cmd)
	cmd.Flags().StringVar(&f.out.format, "format", "text", "text or json, on the standard output")
	cmd.Flags().StringVarP(&f.out.file, "output", "o", "", "save the plan to this file as JSON, besides showing it")
	cmd.Flags().IntVar(&f.limit, "max", 3, "most measures; 0 is no limit")
	cmd.Flags().StringVar(&f.cover, "cover", "", "surfaces: first the best measure of every attack surface")
	cmd.Flags().StringSliceVar(&f.include, "include", nil, "measures that are chosen whatever they remove")
	cmd.Flags().StringSliceVar(&f.exclude, "exclude", nil, "measures that are not chosen")
	fixed(cmd, "format", "text", "json")
	fixed(cmd, "cover", "surfaces")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		allow, err := f.disturb()
		switch {
		case err != nil:
			return err
		case f.limit < 0:
			return usage("--max is %d; it is a number of measures, or 0 for no limit", f.limit)
		case f.limit > 0 && len(f.include) > f.limit:
			return usage("--include names %s and --max allows %d; give --max %d, or 0 for no limit", counted(len(f.include), "measure"), f.limit, len(f.include))
		case f.cover != "" && f.cover != "surfaces":
			return unknownName("--cover value", f.cover, []string{"surfaces"}, "it is surfaces")
		}
		src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args, f.out.onScreen())
		if err != nil {
			return err
		}
		if src.result != nil {
			return usage("%s is a result; plan simulates on a snapshot and takes %s", src.file, accepted)
		}
		r, _, err := a.decide(cmd, src, &f.decisionFlags, plan.Options{
			Max: f.limit, Cover: f.cover != "", Include: f.include, Exclude: f.exclude, Allow: allow,
		}, f.on)
		if err != nil {
			return err
		}
		return joined(a.emitPlan(f.out, f.screenFlags, src, r), src.partial)
	}
	return cmd
}

// emitPlan saves the plan and shows it, whichever of the two fails.
func (a *app) emitPlan(out outputFlags, s screenFlags, src *source, r *report.Result) error {
	doc := func(w io.Writer) error { return report.EncodePlan(w, report.NewPlanFile(r)) }
	if out.file == "-" { // the plan alone: a page before it would be in its way
		return a.save(out.file, doc)
	}
	shown := outputFlags{format: out.format}
	if _, err := shown.json(); err != nil {
		return err
	}
	var saved error
	if out.file != "" {
		if saved = a.save(out.file, doc); saved != nil {
			saved = fmt.Errorf("the plan was not saved: %w", saved)
		}
	}
	return joined(saved, a.emit(shown, s, func(w io.Writer, o text.Options) error {
		if err := announce(w, src); err != nil {
			return err
		}
		o.Target = src.target
		return text.Plan(w, r, o)
	}, doc))
}
