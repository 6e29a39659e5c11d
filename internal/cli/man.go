package cli

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) manCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write the manual pages into a folder",
		Example: "  plimsoll man /usr/local/share/man/man1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("man takes the folder to write manual pages to")
			}
			return nil
		},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := a.path(args[0])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return failure(err)
		}
		// The date is that of the build, so that the same binary writes the same pages.
		date, err := time.Parse(time.RFC3339, buildInfo().Time)
		if err != nil {
			date = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		}
		cmd.Root().DisableAutoGenTag = true
		return failure(doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "PLIMSOLL", Section: "1", Source: toolName(), Date: &date}, dir))
	}
	return cmd
}
