package cli

import (
	"io"

	"github.com/spf13/cobra"

	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
)

func (a *app) assessCommand() *cobra.Command {
	var f struct {
		collectFlags
		decisionFlags
		outputFlags
		screenFlags
		viewFlags
		gateFlags
	}
	cmd := &cobra.Command{
		Use:   "assess [TARGET...]",
		Short: "Show the threat model: what is open, what to fix first",
		Long: "Assess collects evidence, decides which threats are open and shows what to fix first.\n\n" + targetHelp +
			"\n\nExit codes: 0 done, 1 gate failed, 2 usage or configuration, 3 evidence is missing that the gate needs,\n4 no result, 130 interrupted.",
		Example: "  plimsoll assess\n  plimsoll assess --fail-on high\n  plimsoll assess snapshot.json --format json -o result.json\n  plimsoll assess docker:ssh://build-07\n  plimsoll assess ./deploy\n  plimsoll assess k8s node1.json node2.json",
	}
	f.collectFlags.register(cmd)
	f.registerProbe(cmd)
	f.decisionFlags.register(cmd)
	f.outputFlags.register(cmd)
	f.screenFlags.register(cmd)
	f.viewFlags.register(cmd)
	f.gateFlags.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		filter, err := f.filter()
		if err != nil {
			return err
		}
		src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args, f.onScreen() && !f.gated())
		if err != nil {
			return err
		}
		if src.result != nil {
			return usage("%s is a result; assess takes a snapshot, and plimsoll threats shows a result", src.file)
		}
		r, _, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), nil)
		if err != nil {
			return err
		}
		if err := f.judge(a, r); err != nil {
			return err
		}
		a.filterFindings(r, filter)
		err = a.emit(f.outputFlags, f.screenFlags, func(w io.Writer, o text.Options) error {
			if err := announce(w, src); err != nil {
				return err
			}
			o.Target = src.target
			return text.Assess(w, r, o)
		}, func(w io.Writer) error { return report.Encode(w, r) })
		return joined(err, src.partial, verdict(r))
	}
	return cmd
}

const targetHelp = "A TARGET is docker (the engine that the docker command uses now), docker:CONTEXT-OR-URL, host (this machine),\n" +
	"k8s (the cluster that kubectl uses now) or k8s:CONTEXT, and beside it snapshots that were saved on its nodes,\n" +
	"image:REF-OR-FILE (an image of the engine, else of the registry that REF names, or a docker save file or OCI layout),\n" +
	"registry:HOST[:PORT] (a registry, asked without a login), a folder, a compose file or a Dockerfile, a saved snapshot,\n" +
	"or - for one on standard input. Without one, only local evidence is collected: engines that\n" +
	"answer where they usually have their sockets, and this host. An engine whose socket is elsewhere is named and left out;\n" +
	"another machine is asked only when it is named."

// announce says on the page that it shows no real machine.
func announce(w io.Writer, src *source) error {
	if src.file != exampleName {
		return nil
	}
	_, err := io.WriteString(w, "EXAMPLE: no Docker engine answers on this machine.\nThis is the bundled example, not this machine.\n\n")
	return err
}

// filterFindings applies the view and says how much it hides.
func (a *app) filterFindings(r *report.Result, f report.Filter) {
	f.Apply(r)
	if n := r.Summary.Hidden; n > 0 {
		a.log.note("%d findings are hidden by --only or --skip; threats and the gate count them", n)
	}
}
