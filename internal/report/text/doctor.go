package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Doctor prints what was not seen with the command that would show it, and what
// the program reads and sends.
func Doctor(w io.Writer, s *snapshot.Snapshot, reads, sends []string, o Options) error {
	p := newPage(w, o)
	p.line(p.bold("NOT SEEN"))
	missing := slices.DeleteFunc(slices.Clone(s.Parts), func(p snapshot.PartStatus) bool {
		return p.State == snapshot.Observed || p.State == snapshot.Absent
	})
	for _, alike := range grouped(missing) {
		p.unseen(s, alike)
	}
	if len(missing) == 0 {
		p.line("  nothing: every part was seen, or proved absent")
	}
	p.linef("  %d of %d parts were seen or proved absent", len(s.Parts)-len(missing), len(s.Parts))
	p.line("")
	p.line(p.bold("READ, when it is there"))
	for _, line := range reads {
		p.line("  " + Clean(line))
	}
	p.line("")
	p.line(p.bold("SENT"))
	p.line("  reads only, unless --probe is given with registry:HOST[:PORT]; then to that registry, without a login of yours:")
	for _, line := range sends {
		p.line("  " + Clean(line))
	}
	return p.err
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

// unseen says what was not seen of a scope, why, and what would grant it.
func (p *page) unseen(s *snapshot.Snapshot, alike []snapshot.PartStatus) {
	var names []string
	for _, part := range alike {
		name := string(part.Part)
		if part.Item != "" {
			name += " of " + part.Item
		}
		names = append(names, Clean(name))
	}
	first := alike[0]
	where := first.Scope
	if sc := s.Scope(first.Scope); sc != nil && sc.Name != "" {
		where = sc.Name
	}
	reason := first.State.String()
	if first.Reason != "" {
		reason = string(first.Reason)
	}
	line := fmt.Sprintf("  %s on %s: %s", strings.Join(names, ", "), Clean(where), Clean(reason))
	if first.Detail != "" {
		line += ", " + Clean(first.Detail)
	}
	p.line(line)
	if first.Grant != "" {
		p.line("      " + Clean(first.Grant))
	}
}
