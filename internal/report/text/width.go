package text

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is how many columns a terminal gives text: none to a style's sequence or
// a combining mark, two to the wide letters of East Asia and to pictures.
func columns(s string) int {
	n := 0
	for _, taken := range cells(s) {
		n += taken
	}
	return n
}

// cells gives where each character or style's sequence of a text ends, and how
// many columns it takes.
func cells(s string) iter.Seq2[int, int] {
	return func(yield func(end, columns int) bool) {
		for i := 0; i < len(s); {
			n := 0
			if skip := styleLen(s[i:]); skip > 0 {
				i += skip
			} else {
				r, size := utf8.DecodeRuneInString(s[i:])
				n, i = runeColumns(r), i+size
			}
			if !yield(i, n) {
				return
			}
		}
	}
}

// styleLen is the length of the style sequence that text starts with, or 0.
func styleLen(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	return strings.IndexByte(s, 'm') + 1
}

// wide are the ranges that Unicode's East Asian Width calls wide or full-width,
// rounded to whole blocks.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x2e80, 0x303e, 1},
		{0x3041, 0xa4cf, 1},
		{0xa960, 0xa97f, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff01, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{
		{0x16fe0, 0x18dff, 1},
		{0x1b000, 0x1b2ff, 1},
		{0x1f004, 0x1f004, 1},
		{0x1f18e, 0x1f19a, 1},
		{0x1f200, 0x1f64f, 1},
		{0x1f680, 0x1f6ff, 1},
		{0x1f900, 0x1faff, 1},
		{0x20000, 0x3fffd, 1},
	},
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// prefix is the longest start of text that takes no more than width columns.
func prefix(s string, width int) string {
	n, whole := 0, 0
	for end, taken := range cells(s) {
		if n += taken; n > width {
			break
		}
		whole = end
	}
	return s[:whole]
}

// fold breaks text at spaces, and words that are too long after a mark or
// anywhere, so that no line is wider than width.
func fold(s string, width int) []string {
	width = max(width, 2) // what any character takes
	var lines []string
	cur, taken := "", 0
	for w := range strings.FieldsSeq(s) {
		n := columns(w)
		if cur != "" && taken+1+n <= width {
			cur, taken = cur+" "+w, taken+1+n
			continue
		}
		if cur != "" {
			lines = append(lines, cur)
		}
		for ; n > width; n = columns(w) {
			part := prefix(w, width)
			if i := strings.LastIndexAny(part, "/|,;=:-"); i > len(part)/2 {
				part = part[:i+1]
			}
			lines = append(lines, part)
			w = w[len(part):]
		}
		cur, taken = w, n
	}
	if cur != "" {
		lines = append(lines, cur)
	}
	return lines
}

// pad fills text to a width in columns, cutting what is longer.
func pad(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}

// cut shortens text without styles to a width, marking the cut.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width <= 1 {
		return strings.Repeat("…", max(0, width))
	}
	return prefix(s, width-1) + "…"
}
