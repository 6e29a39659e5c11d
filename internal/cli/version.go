package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// catalogueVersion names the state of the catalogue of checks and threats.
const catalogueVersion = "2026.11"

// build is what the binary knows of its making.
type build struct {
	Version   string `json:"version"`
	Commit    string `json:"commit,omitempty"`
	Time      string `json:"time,omitempty"` // of the commit
	Modified  bool   `json:"modified,omitempty"`
	Go        string `json:"go"`
	Catalogue string `json:"catalogue"`
}

func buildInfo() build {
	b := build{Version: "unknown", Catalogue: catalogueVersion}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// toolName is what snapshots and results say they were made by.
func toolName() string { return "plimsoll " + buildInfo().Version }

func (a *app) versionCommand() *cobra.Command {
	var f outputFlags
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
	}
	f.registerFormat(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		asJSON, err := f.json()
		if err != nil {
			return err
		}
		b := buildInfo()
		if asJSON {
			return failure(encodeJSON(a.Out, b))
		}
		commit := ""
		if b.Commit != "" {
			commit = ", commit " + b.Commit
			if b.Modified {
				commit += " with changes"
			}
		}
		_, err = fmt.Fprintf(a.Out, "plimsoll %s%s, catalogue %s, %s\n", b.Version, commit, b.Catalogue, b.Go)
		return failure(err)
	}
	return cmd
}
