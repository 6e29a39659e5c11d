package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// digest is the ID of a snapshot: the sha256 of its JSON as [Encode] writes it,
// line end included, with an empty id.
func digest(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// receivedID is the ID that a received file should state. It is taken of the
// bytes that came, not of what this version understands of them, so that the
// files of older and newer versions verify too. Space between values and the
// way of writing <, >, & and what [Inert] escapes do not count; the order of members does.
func receivedID(b []byte) (string, error) {
	var compact, canonical bytes.Buffer
	compact.Grow(len(b))
	if err := json.Compact(&compact, b); err != nil {
		return "", fmt.Errorf("decode snapshot: %w", err)
	}
	canonical.Grow(compact.Len() + 1)
	json.HTMLEscape(&canonical, compact.Bytes())
	canonical.WriteByte('\n')
	c := Inert(canonical.Bytes())
	if start, end, ok := topID(c); ok {
		c = append(c[:start], c[end:]...)
	}
	return digest(c), nil
}

// topID finds what is between the quotes of the member "id" of a compact JSON
// object, not of an object inside it.
func topID(b []byte) (start, end int, ok bool) {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if depth == 1 && bytes.HasPrefix(b[i:], []byte(`"id":"`)) {
				start = i + len(`"id":"`)
				return start, stringEnd(b, start), true
			}
			i = stringEnd(b, i+1)
		}
	}
	return 0, 0, false
}

// stringEnd returns the position of the quote that ends the string whose
// content starts at i.
func stringEnd(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(b))
}
