package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is how many columns a terminal gives text: none to a style's sequence or
// a combining mark, two to the wide letters of East Asia and to pictures.
func columns(s string) int {
	n := 0
	for len(s) > 0 {
		if skip := styleLen(s); skip > 0 {
			s = s[skip:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		n += runeColumns(r)
		s = s[size:]
	}
	return n
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
		{Lo: 0x1100, Hi: 0x115f, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff01, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe0, Hi: 0x18dff, Stride: 1},
		{Lo: 0x1b000, Hi: 0x1b2ff, Stride: 1},
		{Lo: 0x1f004, Hi: 0x1f004, Stride: 1},
		{Lo: 0x1f18e, Hi: 0x1f19a, Stride: 1},
		{Lo: 0x1f200, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
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
	n, i := 0, 0
	for i < len(s) {
		if skip := styleLen(s[i:]); skip > 0 {
			i += skip
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if n += runeColumns(r); n > width {
			break
		}
		i += size
	}
	return s[:i]
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
