package cli

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"plimsoll/internal/collect/survey"
	"plimsoll/internal/report/text"
)

func (a *app) doctorCommand() *cobra.Command {
	var f collectFlags
	var screen screenFlags
	var role, agent bool
	var image string
	cmd := &cobra.Command{
		Use:   "doctor [TARGET...]",
		Short: "Say what cannot be seen and the command that would grant it",
		Long: "Doctor collects, then lists every part that was not seen with the reason and the command that would make it\n" +
			"visible, everything that plimsoll reads, and what it sends.\n\n" + targetHelp,
		Example: "  plimsoll doctor\n  plimsoll doctor snapshot.json\n  plimsoll doctor k8s --role | kubectl apply -f -",
	}
	f.register(cmd)
	screen.register(cmd)
	cmd.Flags().BoolVar(&role, "role", false, "print only the ClusterRole that lets its holder see every part of a cluster, and change nothing")
	cmd.Flags().BoolVar(&agent, "node-agent", false, "print only the manifest of a DaemonSet that looks at each node of a cluster once, and says how to fetch what it saw")
	cmd.Flags().StringVar(&image, "image", "plimsoll:latest", "image of plimsoll that the cluster's nodes can pull, for --node-agent")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if agent {
			return failure(writeAgent(a.Out, image))
		}
		o, err := screen.options(a, a.Out)
		if err != nil {
			return err
		}
		src, err := a.evidence(cmd.Context(), cmd, &f, args, false)
		if err != nil {
			return err
		}
		if src.snapshot == nil {
			return usage("%s is a %s; doctor takes %s", src.file, src.kind(), accepted)
		}
		if role {
			return joined(failure(writeRole(a.Out, src.snapshot, true)), src.partial)
		}
		page := text.Doctor(a.Out, src.snapshot, survey.Reads(), survey.Sends(), o)
		return joined(failure(page), failure(writeRole(a.Out, src.snapshot, false)), src.partial)
	}
	return cmd
}

// joined is errors.Join that keeps a single error as it is.
func joined(errs ...error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
