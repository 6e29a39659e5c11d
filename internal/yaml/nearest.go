package yaml

import (
	"strings"
	"unicode/utf8"
)

// longestName bounds the work of a comparison: longer names get no suggestion.
const longestName = 80

// Nearest returns the candidate that a mistyped name most likely means, or ""
// when none is close: at most a third of its characters differ. The first of
// equals wins. Case is ignored.
func Nearest(name string, candidates []string) string {
	if len(name) > longestName {
		return ""
	}
	name = strings.ToLower(name)
	best, least := "", max(2, utf8.RuneCountInString(name)/3)+1
	for _, c := range candidates {
		if len(c) > longestName || len(c)-len(name) >= least*utf8.UTFMax {
			continue
		}
		if d := distance([]rune(name), []rune(strings.ToLower(c))); d < least && d < utf8.RuneCountInString(c) {
			best, least = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance: insertions, deletions and replacements.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replaced := diagonal
			if x != y {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
