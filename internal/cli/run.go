// Package cli is the command line: flags, targets, streams and exit codes. It
// decides nothing: every command collects or reads evidence, hands it to the
// packages that do, and prints what they say.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/check"
	"plimsoll/internal/checks"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/collect/files"
	"plimsoll/internal/collect/host"
	"plimsoll/internal/collect/survey"
	"plimsoll/internal/example"
	"plimsoll/internal/harden"
	"plimsoll/internal/snapshot"
)

// Stdio is what a run touches of its process.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
	Home     string // the user's home folder
	Dir      string // what relative paths start from
}

// System returns the streams, environment and folders of this process.
func System() Stdio {
	s := Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Dir: "."}
	if home, err := os.UserHomeDir(); err == nil {
		s.Home = home
	}
	return s
}

// Run executes one command line and returns its exit code. Cancelling the
// context interrupts it.
func Run(ctx context.Context, args []string, s Stdio) int {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // where the HTTP library logs what a broken server sends
	return newApp(s).run(ctx, args)
}

// app is one run. Its functions are the ways to the world, so that tests can
// take other ones.
type app struct {
	Stdio
	args    []string // of the command line
	log     *logger
	suite   []*check.Check
	planned []check.Planned // rows of the catalogue without a check yet
	now     func() time.Time
	collect func(context.Context, survey.Options) (*snapshot.Snapshot, error)
	example func() (*snapshot.Snapshot, error)
	connect connector
	memo    files.Memo // of folders that harden edits
	machine func() harden.Machine
}

func newApp(s Stdio) *app {
	suite := slices.Clone(checks.Suite)
	planned := slices.DeleteFunc(slices.Clone(docker.Planned()), func(p check.Planned) bool {
		return slices.ContainsFunc(suite, func(c *check.Check) bool { return c.ID == p.ID })
	})
	return &app{
		Stdio: s, log: &logger{w: s.Err}, suite: suite, planned: planned, now: time.Now,
		collect: survey.Run, example: example.Example, connect: dial,
		machine: func() harden.Machine { return host.Open("") },
	}
}

func (a *app) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if v := recover(); v != nil {
			a.log.fail(fmt.Sprintf("internal error: %v; please report it with the lines below", v))
			fmt.Fprintf(a.Err, "%s\n", debug.Stack())
			code = exitNoResult
		}
	}()
	a.args = args
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for the process's own
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = interrupted(err)
	}
	for _, line := range messages(err) {
		a.log.fail(line)
	}
	return exitCode(err)
}

// root assembles the commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "plimsoll",
		Short: "Threat model of a running Docker host, from evidence",
		Long: "Plimsoll builds a STRIDE threat model of a running Docker host from evidence, says which threats\n" +
			"are open, plans the few steps that remove the most risk, applies them so that they can be undone,\n" +
			"and proves the result.\n\nStart with: plimsoll assess",
		SilenceErrors: true, SilenceUsage: true, Args: cobra.ArbitraryArgs,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownName("command", args[0], commandNames(cmd), "plimsoll --help lists them")
		},
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%v; %s --help lists the flags", err, cmd.CommandPath())
	})
	root.AddCommand(
		a.assessCommand(), a.collectCommand(), a.benchCommand(), a.threatsCommand(), a.explainCommand(),
		a.planCommand(), a.hardenCommand(), a.verifyCommand(), a.rollbackCommand(), a.guardCommand(),
		a.doctorCommand(), a.policyCommand(), a.schemaCommand(), a.versionCommand(), a.completionCommand(), a.manCommand(),
	)
	return root
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// path resolves a file name that the user gave.
func (s Stdio) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}
