package manifest

import (
	"slices"
	"strings"
)

// maxAlign bounds the work of laying a rendered text beside its template.
const maxAlign = 4_000_000

// align returns for each rendered line the line of the template that gave it, 0
// where that cannot be told. It is the longest common order of lines that could be
// of one another.
func align(text, source []string) []int {
	out := make([]int, len(text))
	if len(text)*len(source) > maxAlign {
		return out
	}
	heads := make([]head, len(source))
	for i, s := range source {
		heads[i] = headOf(s)
	}
	best := make([][]int32, len(text)+1)
	for i := range best {
		best[i] = make([]int32, len(source)+1)
	}
	for i, line := range slices.Backward(text) {
		line = strings.TrimSpace(line)
		for j := len(source) - 1; j >= 0; j-- {
			n := max(best[i+1][j], best[i][j+1])
			if w := heads[j].gives(line); w > 0 {
				n = max(n, best[i+1][j+1]+w)
			}
			best[i][j] = n
		}
	}
	for i, j := 0, 0; i < len(text) && j < len(source); {
		w := heads[j].gives(strings.TrimSpace(text[i]))
		switch {
		case w > 0 && best[i][j] == best[i+1][j+1]+w:
			out[i] = j + 1
			i, j = i+1, j+1
		case best[i][j] == best[i+1][j]:
			i++
		default:
			j++
		}
	}
	return out
}

// head is what of a template's line stands in what it gives.
type head struct {
	text  string // up to the first action
	whole bool   // there is no action
}

func headOf(line string) head {
	line = strings.TrimSpace(line)
	before, _, action := strings.Cut(line, "{{")
	return head{strings.TrimRight(before, " \t\"'"), !action}
}

// gives weighs how well a rendered line could come from the template's: 0 not at
// all.
func (h head) gives(line string) int32 {
	switch {
	case line == "" || h.text == "" && h.whole:
		return 0
	case h.whole && h.text == strings.TrimRight(line, "\"'"):
		return 4
	case !h.whole && h.text != "" && h.text != "-" && strings.HasPrefix(line, h.text):
		return 3
	}
	return 0
}
