package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxField bounds what one outside value may print.
const maxField = 300

// Clean makes outside text inert on a terminal: control characters, escape
// sequences, characters that reorder or hide text and invalid UTF-8 become
// visible escapes, and an overlong value is cut.
func Clean(s string) string {
	if len(s) <= maxField && !strings.ContainsFunc(s, unsafe) {
		return s
	}
	var sb strings.Builder
	n := 0
	for i := 0; i < len(s); {
		if n >= maxField {
			sb.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&sb, `\x%02x`, s[i])
		case unsafe(r) && r < 0x100:
			fmt.Fprintf(&sb, `\x%02x`, r)
		case unsafe(r):
			fmt.Fprintf(&sb, `\u{%x}`, r)
		default:
			sb.WriteRune(r)
		}
		i += size
		n++
	}
	return sb.String()
}

// unsafe reports characters that act instead of showing.
func unsafe(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || unicode.Is(unicode.Mn, r)
}
