package cli

import (
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"plimsoll/internal/report/text"
)

// screenFlags say how pages for people look.
type screenFlags struct {
	color string
	plain bool
}

func (f *screenFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.color, "color", "auto", "colours: auto, always or never")
	cmd.Flags().BoolVar(&f.plain, "plain", false, "linear ASCII without boxes and colours")
	fixed(cmd, "color", "auto", "always", "never")
}

// fixed offers the values of a flag to shell completion.
func fixed(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // fails only for an unknown flag
}

// options decides from flags, environment and terminal what a page may use.
func (f *screenFlags) options(a *app, w io.Writer) (text.Options, error) {
	o := text.Options{Plain: f.plain, Width: a.width(w)}
	switch f.color {
	case "always":
		o.Color = true
	case "never":
	case "auto":
		o.Color = a.wantsColor(w)
	default:
		return o, unknownName("--color value", f.color, []string{"auto", "always", "never"}, "it is auto, always or never")
	}
	return o, nil
}

// wantsColor follows no-color.org and bixense.com/clicolors.
func (a *app) wantsColor(w io.Writer) bool {
	if a.Env("NO_COLOR") != "" {
		return false
	}
	if force := a.Env("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return a.isTerminal(w) && a.Env("TERM") != "dumb"
}

const (
	defaultWidth = 80
	maxWidth     = 160 // wider lines are hard to read
)

func (a *app) width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return min(n, maxWidth)
		}
	}
	if n, err := strconv.Atoi(a.Env("COLUMNS")); err == nil && n > 0 {
		return min(n, maxWidth)
	}
	return defaultWidth
}

func (a *app) isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
