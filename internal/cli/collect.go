package cli

import (
	"io"

	"github.com/spf13/cobra"

	"plimsoll/internal/snapshot"
)

func (a *app) collectCommand() *cobra.Command {
	var f struct {
		collectFlags
		output string
		scrub  bool
	}
	cmd := &cobra.Command{
		Use:   "collect [TARGET...]",
		Short: "Save the evidence, to be assessed elsewhere or later",
		Long: "Collect writes a snapshot: typed evidence without secrets, on the standard output or into a file of mode 0600.\n" +
			"Assessing it gives the same result as assessing directly.\n\n" + targetHelp,
		Example: "  sudo plimsoll collect -o snapshot.json && plimsoll assess snapshot.json\n  plimsoll collect --scrub snapshot.json -o public.json",
	}
	f.register(cmd)
	f.registerProbe(cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write to this file, mode 0600, whole or not at all")
	cmd.Flags().BoolVar(&f.scrub, "scrub", false, "replace names of hosts, users, containers, projects, networks, volumes, namespaces, objects of clusters and private images, and addresses, each by the same stand-in throughout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args, false)
		if err != nil {
			return err
		}
		s := src.snapshot
		if s == nil {
			return usage("%s is a %s; collect takes %s", src.file, src.kind(), accepted)
		}
		if f.scrub {
			if s, err = snapshot.Scrub(s); err != nil {
				return failure(err)
			}
		}
		write := func(w io.Writer) error { return snapshot.Encode(w, s) }
		if f.output != "" {
			return joined(a.save(f.output, write), src.partial)
		}
		if a.isTerminal(a.Out) {
			return usage("a snapshot is not for reading on a terminal; write it to a file with -o FILE")
		}
		return joined(failure(write(a.Out)), src.partial)
	}
	return cmd
}
