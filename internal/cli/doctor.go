package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/collect/survey"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

func (a *app) doctorCommand() *cobra.Command {
	var f collectFlags
	var role bool
	cmd := &cobra.Command{
		Use:   "doctor [TARGET...]",
		Short: "Say what cannot be seen and the command that would grant it",
		Long: "Doctor collects, then lists every part that was not seen with the reason and the command that would make it\n" +
			"visible, everything that plimsoll reads, and what it sends.\n\n" + targetHelp,
		Example: "  plimsoll doctor\n  plimsoll doctor snapshot.json\n  plimsoll doctor k8s --role | kubectl apply -f -",
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&role, "role", false, "print only the ClusterRole that lets its holder see every part of a cluster, and change nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		src, err := a.evidence(cmd.Context(), cmd, &f, args, false)
		if err != nil {
			return err
		}
		if src.snapshot == nil {
			return usage("%s is a %s; doctor takes %s", src.file, src.kind(), accepted)
		}
		if role {
			return joined(failure(writeRole(a.Out, src.snapshot, true)), src.partial)
		}
		return joined(failure(writeDoctor(a.Out, src.snapshot)), failure(writeRole(a.Out, src.snapshot, false)), src.partial)
	}
	return cmd
}

func writeDoctor(w io.Writer, s *snapshot.Snapshot) error {
	var b strings.Builder
	b.WriteString("NOT SEEN\n")
	missing := slices.DeleteFunc(slices.Clone(s.Parts), func(p snapshot.PartStatus) bool {
		return p.State == snapshot.Observed || p.State == snapshot.Absent
	})
	for _, alike := range grouped(missing) {
		writeParts(&b, s, alike)
	}
	if len(missing) == 0 {
		b.WriteString("  nothing: every part was seen, or proved absent\n")
	}
	fmt.Fprintf(&b, "  %d of %d parts were seen or proved absent\n", len(s.Parts)-len(missing), len(s.Parts))
	b.WriteString("\nREAD, when it is there\n")
	for _, line := range survey.Reads() {
		b.WriteString("  " + text.Clean(line) + "\n")
	}
	b.WriteString("\nSENT\n  reads only, unless --probe is given with registry:HOST[:PORT]; then to that registry, without a login of yours:\n")
	for _, line := range survey.Sends() {
		b.WriteString("  " + text.Clean(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped puts parts of a scope that were not seen for one reason together, in
// the order of the first of each, so that the reason is said once.
func grouped(parts []snapshot.PartStatus) [][]snapshot.PartStatus {
	var out [][]snapshot.PartStatus
	at := make(map[snapshot.PartStatus]int)
	for _, p := range parts {
		reason := p
		reason.Part, reason.Item = "", ""
		i, ok := at[reason]
		if !ok {
			i = len(out)
			at[reason] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

// writeParts says what was not seen of a scope, why, and what would grant it.
func writeParts(b *strings.Builder, s *snapshot.Snapshot, alike []snapshot.PartStatus) {
	var names []string
	for _, p := range alike {
		name := string(p.Part)
		if p.Item != "" {
			name += " of " + p.Item
		}
		names = append(names, text.Clean(name))
	}
	p := alike[0]
	where := p.Scope
	if sc := s.Scope(p.Scope); sc != nil && sc.Name != "" {
		where = sc.Name
	}
	reason := p.State.String()
	if p.Reason != "" {
		reason = string(p.Reason)
	}
	fmt.Fprintf(b, "  %s on %s: %s", strings.Join(names, ", "), text.Clean(where), text.Clean(reason))
	if p.Detail != "" {
		b.WriteString(", " + text.Clean(p.Detail))
	}
	b.WriteString("\n")
	if p.Grant != "" {
		b.WriteString("      " + text.Clean(p.Grant) + "\n")
	}
}

// joined is errors.Join that keeps a single error as it is.
func joined(errs ...error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
