package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"plimsoll/internal/config"
	"plimsoll/internal/schema"
)

func (a *app) schemaCommand() *cobra.Command {
	names := schemaNames()
	cmd := &cobra.Command{
		Use:       "schema [snapshot|result|plan|policy|waivers]",
		Short:     "Print the JSON Schema of a file that plimsoll reads or writes",
		Long:      "Schema prints the JSON Schema (draft 2020-12) of a kind of file; without an argument it lists the kinds.",
		Example:   "  plimsoll schema result > result.schema.json",
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("schema prints one schema at a time; %s is one too many", quote(args[1]))
			}
			return nil
		},
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			for _, n := range names {
				if _, err := fmt.Fprintln(a.Out, n); err != nil {
					return failure(err)
				}
			}
			return nil
		}
		b, err := schemaOf(args[0], names)
		if err != nil {
			return err
		}
		_, err = a.Out.Write(b)
		return failure(err)
	}
	return cmd
}

func schemaNames() []string {
	var names []string
	for _, d := range schema.Documents() {
		names = append(names, d.Name)
	}
	return append(names, "policy", "waivers")
}

func schemaOf(name string, names []string) ([]byte, error) {
	switch name {
	case "policy":
		return []byte(config.PolicySchema()), nil
	case "waivers":
		return []byte(config.WaiversSchema()), nil
	}
	for _, d := range schema.Documents() {
		if d.Name == name {
			b, err := schema.Generate(d)
			return b, failure(err)
		}
	}
	return nil, unknownName("schema", name, names, "plimsoll schema lists them")
}
