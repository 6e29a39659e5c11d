package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/config"
	"plimsoll/internal/report/text"
)

func (a *app) policyCommand() *cobra.Command {
	policy := &cobra.Command{
		Use:   "policy",
		Short: "Show the thresholds and lists that checks use",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownName("command policy", args[0], commandNames(cmd), "it is policy show")
		},
	}
	policy.AddCommand(a.policyShowCommand())
	return policy
}

func (a *app) policyShowCommand() *cobra.Command {
	var f struct {
		decisionFlags
		outputFlags
	}
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show every parameter, its value and where the value comes from",
		Example: "  plimsoll policy show\n  plimsoll policy show --policy plimsoll.yaml --format json",
		Args:    noArguments,
	}
	f.registerPolicy(cmd)
	f.registerFormat(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		asJSON, err := f.json()
		if err != nil {
			return err
		}
		d, err := f.load(a, time.Time{})
		if err != nil {
			return err
		}
		rows := config.Show(d.policy, a.suite)
		if asJSON {
			return failure(encodeJSON(a.Out, rows))
		}
		return failure(writePolicy(a.Out, rows))
	}
	return cmd
}

func writePolicy(w io.Writer, rows []config.ParamRow) error {
	var b strings.Builder
	for _, r := range rows {
		value := strings.Join(r.Value, ",")
		if value == "" {
			value = "(empty)"
		}
		fmt.Fprintf(&b, "%s.%s = %s\n    %s; %s, %s\n", r.Check, r.Param, text.Clean(value), r.Meaning, r.Unit, r.Origin)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments; %s is one too many", cmd.CommandPath(), quote(args[0]))
	}
	return nil
}
