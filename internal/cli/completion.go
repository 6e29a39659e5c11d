package cli

import "github.com/spf13/cobra"

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	cmd := &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Print a completion script for a shell",
		Example:   "  source <(plimsoll completion bash)",
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("completion takes the name of one shell: bash, zsh or fish")
			}
			return nil
		},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		root := cmd.Root()
		switch args[0] {
		case "bash":
			return failure(root.GenBashCompletionV2(a.Out, true))
		case "zsh":
			return failure(root.GenZshCompletion(a.Out))
		case "fish":
			return failure(root.GenFishCompletion(a.Out, true))
		}
		return unknownName("shell", args[0], shells, "it is bash, zsh or fish")
	}
	return cmd
}
