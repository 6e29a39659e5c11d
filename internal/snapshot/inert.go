package snapshot

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Inert returns valid JSON that means the same and is safe to look at: characters
// that act on a terminal, reorder text or do not show are written as escapes.
// [encoding/json] escapes the other control characters itself. Every writer of
// JSON passes its bytes through here.
func Inert(b []byte) []byte {
	i := bytes.IndexFunc(b, acts)
	if i < 0 {
		return b
	}
	var out bytes.Buffer
	out.Grow(len(b) + len(b)/64)
	done := 0 // of b; what follows is copied when the next escape is found
	for i < len(b) {
		if b[i] < utf8.RuneSelf && b[i] != 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if acts(r) {
			out.Write(b[done:i])
			fmt.Fprintf(&out, `\u%04x`, r)
			done = i + size
		}
		i += size
	}
	out.Write(b[done:])
	return out.Bytes()
}

// acts reports DEL, the C1 controls, marks and isolates of direction, line and
// paragraph separators, and what has no width. All take four hexadecimal digits.
func acts(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r <= 0x9f, r == 0x061c, r == 0xfeff:
		return true
	}
	return r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f
}
