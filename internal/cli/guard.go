package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/check"
	"plimsoll/internal/checks"
	"plimsoll/internal/guard"
	"plimsoll/internal/podspec"
	"plimsoll/internal/policy"
)

func (a *app) guardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "guard",
		Short: "Write policies that keep out what checks would find",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownName("command guard", args[0], commandNames(cmd), "it is guard k8s")
		},
	}
	cmd.AddCommand(a.guardKubeCommand())
	return cmd
}

// guardFlags say which guards are written, and how.
type guardFlags struct {
	decisionFlags
	mode, level, selector, version, output string
	list                                   bool
}

func (a *app) guardKubeCommand() *cobra.Command {
	var f guardFlags
	cmd := &cobra.Command{
		Use:   "k8s [CHECK…]",
		Short: "Write ValidatingAdmissionPolicies and their bindings",
		Long: "Guard k8s writes a ValidatingAdmissionPolicy and a binding for each check that one object decides, for\n" +
			"Kubernetes 1.30 and later. It contacts nothing: apply the file, at first with --mode warn or audit.\n" +
			"Without names it writes the guards that the Pod Security Standards ask for at a level.\n" +
			"Thresholds and lists are those of the policy. What is there already stays until its specification changes.",
		Example: "  plimsoll guard k8s --mode audit | kubectl apply -f -\n  plimsoll guard k8s pod-memory-limit image-pinned-digest --namespace-selector team=shop -o guards.yaml\n" +
			"  plimsoll guard k8s --level all -o guards/",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return guardNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.registerPolicy(cmd)
	cmd.Flags().StringVar(&f.mode, "mode", "deny", "what becomes of an object that is not let through: deny, audit or warn")
	cmd.Flags().StringVar(&f.level, "level", "restricted", "guards that are written: baseline, restricted or all")
	cmd.Flags().StringVar(&f.selector, "namespace-selector", "", "labels of the namespaces they are for, as kubectl takes them (default every namespace but those of Kubernetes)")
	cmd.Flags().StringVar(&f.version, "kubernetes", podspec.Newest.String(), "version of the cluster, which decides what the standards allow")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write to this file, or into this folder one file for each guard, instead of to the standard output")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the checks that have a guard, with the level that asks for it")
	fixed(cmd, "mode", modeNames()...)
	fixed(cmd, "level", guard.Levels...)
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.guard(&f, args) }
	return cmd
}

func modeNames() []string {
	var out []string
	for _, m := range guard.Modes {
		out = append(out, string(m))
	}
	return out
}

func guardNames() []string {
	var out []string
	for i := range checks.Guards {
		out = append(out, checks.Guards[i].Check.ID)
	}
	return out
}

func (a *app) guard(f *guardFlags, names []string) error {
	if f.list {
		return failure(listGuards(a.Out))
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	guards, err := guard.Choose(checks.Guards, f.level, names)
	if err != nil {
		return usage("%v", err)
	}
	d, err := f.load(a, time.Time{})
	if err != nil {
		return err
	}
	guards = a.answerable(guards, d.policy)
	return a.writeGuards(f.output, guard.Write(guards, d.policy, o))
}

func (f *guardFlags) options() (guard.Options, error) {
	o := guard.Options{Mode: guard.Mode(f.mode), Namespaces: guard.System}
	if !slices.Contains(guard.Modes, o.Mode) {
		return o, unknownName("--mode", f.mode, modeNames(), "it is deny, audit or warn")
	}
	minor, ok := podspec.ParseMinor(f.version)
	if !ok || minor < guard.Oldest {
		return o, usage("--kubernetes takes a version such as %s, from 1.%d on, which has such policies; %s is none", podspec.Newest, guard.Oldest, quote(f.version))
	}
	o.Minor = int(minor)
	if f.selector == "" {
		return o, nil
	}
	var err error
	if o.Namespaces, err = guard.ParseSelector(f.selector); err != nil {
		return o, usage("--namespace-selector: %v", err)
	}
	return o, nil
}

// answerable leaves out the guards of checks whose question is a list that nobody
// declared: they would refuse everything.
func (a *app) answerable(guards []check.Guard, p *policy.Policy) []check.Guard {
	return slices.DeleteFunc(guards, func(g check.Guard) bool {
		for _, param := range g.Check.Params {
			if _, declared := p.Declared(g.Check.ID, param.Name); param.Question && !declared {
				a.log.warn("%s is left out: declare parameters.%s.%s in plimsoll.yaml", g.Check.ID, g.Check.ID, param.Name)
				return true
			}
		}
		return false
	})
}

func (a *app) writeGuards(output string, docs []guard.Document) error {
	stream := func(w io.Writer) error {
		_, err := io.WriteString(w, guard.Join(docs))
		return err
	}
	if output == "" {
		return failure(stream(a.Out))
	}
	info, err := os.Stat(a.path(output))
	if !strings.HasSuffix(output, "/") && (err != nil || !info.IsDir()) {
		return a.save(output, stream)
	}
	if err := os.MkdirAll(a.path(output), 0o755); err != nil {
		return failure(err)
	}
	for _, d := range docs {
		if err := a.save(filepath.Join(output, d.Name+".yaml"), func(w io.Writer) error {
			_, err := io.WriteString(w, d.YAML)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func listGuards(w io.Writer) error {
	for i := range checks.Guards {
		g := &checks.Guards[i]
		level := g.Level
		if level == "" {
			level = "all"
		}
		if _, err := fmt.Fprintf(w, "%-11s %-38s %s\n", level, g.Check.ID, g.Check.Title); err != nil {
			return err
		}
	}
	return nil
}
