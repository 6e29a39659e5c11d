package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// hardenFlags are the flags of harden.
type hardenFlags struct {
	collectFlags
	decisionFlags
	choiceFlags
	plan               string
	target             string
	apply, yes, commit bool
	wait               span
}

func (a *app) hardenCommand() *cobra.Command {
	var f hardenFlags
	cmd := &cobra.Command{
		Use:   "harden MEASURE...|--plan FILE|--commit [JOURNAL]",
		Short: "Show what measures would change; with --apply, change it reversibly",
		Long: "Harden collects afresh and shows, line by line, what the measures would change and what that disturbs. Nothing is\n" +
			"changed without --apply. With it, every step is journaled, performed, read back and confirmed; the first that fails\n" +
			"is taken back and stops the run. What the engine shows to be impossible is refused beforehand and keeps nothing else\n" +
			"from being applied. Containers that compose, Swarm or Kubernetes own are left to their source.\n\n" +
			"With a folder or file as --target, compose files and Dockerfiles are edited where they stand: only the lines that must\n" +
			"change, shown as a diff. What is edited takes effect when you run docker compose up -d or kubectl apply, or build again.\n\n" +
			"A re-created container's predecessor is kept, stopped, for plimsoll rollback, until --commit removes it.\n\n" +
			"Exit codes: 0 shown, or something was applied and all of it holds; 2 usage; 4 engine unreachable, or another run holds\n" +
			"the lock; 5 nothing could be applied, a target changed since the plan, or a step failed and was rolled back; 6 a\n" +
			"rollback is incomplete: what to do by hand is printed; 130 interrupted, with no step left half done.",
		Example: "  plimsoll harden container-memory-limit --on web\n  plimsoll harden --plan plan.json --apply\n  plimsoll harden container-no-new-privileges --target ./shop --apply\n  plimsoll harden --commit 5f1c9a2e",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.measureIDs(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.collectFlags.register(cmd)
	f.decisionFlags.register(cmd)
	f.choiceFlags.register(cmd)
	cmd.Flags().StringVar(&f.plan, "plan", "", "take the measures and values of a saved plan")
	cmd.Flags().StringVar(&f.target, "target", "", "the engine, docker or docker:CONTEXT-OR-URL (default the one on this machine), or the folder or file of compose and Docker files to edit")
	cmd.Flags().BoolVar(&f.apply, "apply", false, "make the changes")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().Var(&f.wait, "wait", "how long a new container's health test may take (default as long as its own settings give it, at most 30m)")
	cmd.Flags().BoolVar(&f.commit, "commit", false, "remove the containers that a run keeps for its rollback (default the latest run)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case f.commit && (f.apply || f.plan != ""):
			return usage("--commit settles a run that is over; give it without --apply and --plan")
		case f.commit:
			return a.commit(cmd.Context(), &f, args)
		case f.plan != "" && len(args) > 0:
			return usage("give measures or --plan, not both; %s is a measure beside the plan", quote(args[0]))
		case f.plan == "" && len(args) == 0:
			return usage("nothing to do; name measures, or a plan with --plan FILE (plimsoll plan shows what is on offer)")
		case f.yes && !f.apply:
			return usage("--yes confirms --apply or --commit, which is missing")
		}
		return a.harden(cmd, &f, args)
	}
	return cmd
}

// confirm asks a person. Without a terminal there is nobody to ask.
func (a *app) confirm(ctx context.Context, question string, yes bool) error {
	if yes {
		return nil
	}
	if !a.isTerminal(a.In) || !a.isTerminal(a.Err) {
		return usage("there is no terminal to ask for confirmation on; give --yes to go ahead without")
	}
	return a.ask(ctx, question)
}

// ask puts a question and waits for yes. An interrupt is an answer, too: the read
// itself cannot be cut off and is left behind.
func (a *app) ask(ctx context.Context, question string) error {
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	given := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.In).ReadString('\n') // what there is of an answer
		given <- answer
	}()
	answer := ""
	select {
	case <-ctx.Done():
	case answer = <-given:
	}
	if !strings.HasSuffix(answer, "\n") {
		fmt.Fprint(a.Err, "\n")
	}
	if ctx.Err() != nil { // also when an answer came with it
		return interrupted(errors.New("nothing was changed"))
	}
	if answer == "" {
		return usage("no answer; nothing was changed")
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return usage("not confirmed; nothing was changed")
}
