package edit

import (
	"fmt"
	"strings"
)

// Diff returns the lines that differ between two versions of a file, in the
// unified form with some lines around them, without the two lines that name the
// files; "" when they are equal. An edit touches few lines, so that lines are
// compared greedily, each with the next that is equal.
func Diff(a, b []byte, around int) string {
	old, now := splitLines(a), splitLines(b)
	var out strings.Builder
	for _, h := range hunks(old, now, around) {
		fmt.Fprintf(&out, "@@ -%s +%s @@\n", h.span(h.a), h.span(h.b))
		for _, l := range h.lines {
			out.WriteString(l)
			if !strings.HasSuffix(l, "\n") {
				out.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	return out.String()
}

func splitLines(b []byte) []string {
	lines := strings.SplitAfter(string(b), "\n")
	if n := len(lines); lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}

// hunk is a group of changed lines; a and b are where it begins, from 0, and how
// many lines it has in each version.
type hunk struct {
	a, b  [2]int
	lines []string
}

func (h hunk) span(p [2]int) string {
	start := p[0] + 1
	if p[1] == 0 {
		start = p[0]
	}
	if p[1] == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, p[1])
}

// hunks finds the changes.
func hunks(old, now []string, around int) []hunk {
	var out []hunk
	var open *hunk
	i, j, quiet := 0, 0, 0
	begin := func() {
		if open != nil {
			return
		}
		lead := min(around, i, j)
		out = append(out, hunk{a: [2]int{i - lead, lead}, b: [2]int{j - lead, lead}})
		open = &out[len(out)-1]
		for _, l := range old[i-lead : i] {
			open.lines = append(open.lines, " "+l)
		}
	}
	for i < len(old) || j < len(now) {
		if i < len(old) && j < len(now) && old[i] == now[j] {
			if quiet++; open != nil && quiet <= around {
				open.lines = append(open.lines, " "+old[i])
				open.a[1]++
				open.b[1]++
			}
			if quiet > 2*around {
				open = nil
			}
			i, j = i+1, j+1
			continue
		}
		if open != nil && quiet > around { // show what was skipped between
			for _, l := range old[i-quiet+around : i] {
				open.lines = append(open.lines, " "+l)
				open.a[1]++
				open.b[1]++
			}
		}
		begin()
		quiet = 0
		di, dj := apart(old[i:], now[j:])
		for _, l := range old[i : i+di] {
			open.lines = append(open.lines, "-"+l)
		}
		for _, l := range now[j : j+dj] {
			open.lines = append(open.lines, "+"+l)
		}
		open.a[1] += di
		open.b[1] += dj
		i, j = i+di, j+dj
	}
	return out
}

// apart returns how many lines of each version to leave behind until both go on
// alike: as few as possible together.
func apart(a, b []string) (int, int) {
	for n := 1; n < len(a)+len(b); n++ {
		for i := max(0, n-len(b)); i <= min(n, len(a)); i++ {
			if j := n - i; i < len(a) && j < len(b) && a[i] == b[j] {
				return i, j
			}
		}
		if n > 200 {
			break // too different to be an edit; what is left is shown as changed
		}
	}
	return len(a), len(b)
}
