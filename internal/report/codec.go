package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"plimsoll/internal/snapshot"
)

// ErrNotResult says that the input is JSON of another kind.
var ErrNotResult = errors.New("not a plimsoll result")

// Encode writes the result as JSON: a line for every member and for every item
// of its lists and maps, so that two results can be compared line by line.
func Encode(w io.Writer, r *Result) error {
	d, err := NewDocument(r)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	if _, err := w.Write(layOut(snapshot.Inert(b))); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// layOut breaks compact JSON into lines at its two outermost levels and ends it
// with a line end.
func layOut(b []byte) []byte {
	const levels = 2
	var out bytes.Buffer
	out.Grow(len(b) + len(b)/16)
	line := func(depth int) {
		out.WriteByte('\n')
		for range depth {
			out.WriteByte(' ')
		}
	}
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case inString && c == '\\':
			out.WriteByte(c)
			i++
			c = b[i] // valid JSON never ends in a backslash
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			if depth <= levels && b[i+1] != c+2 { // in ASCII the closing one is two further
				out.WriteByte(c)
				line(depth)
				continue
			}
		case c == '}' || c == ']':
			if depth <= levels && b[i-1] != c-2 {
				line(depth - 1)
			}
			depth--
		case c == ',' && depth <= levels:
			out.WriteByte(c)
			line(depth)
			continue
		}
		out.WriteByte(c)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// Decode reads a result that may come from a stranger: whatever refers to
// something else in it is checked.
func Decode(b []byte) (*Result, error) {
	if len(b) > snapshot.MaxBytes {
		return nil, fmt.Errorf("result is larger than %d bytes", snapshot.MaxBytes)
	}
	d := new(Document)
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("decode result: %w", err)
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("%w: schema is %.60q, want %q", ErrNotResult, d.Schema, Schema)
	}
	return d.expand()
}
