package yaml

import (
	"bytes"
)

// Document is one document of a stream: its text, and the line of the stream at
// which that begins.
type Document struct {
	Text []byte
	Line int // from 1
}

var bom = []byte("\ufeff")

// Split takes a stream apart at its lines ---, so that a broken document is the
// matter of that one only. A byte order mark is dropped. Documents of nothing but
// blanks, comments and directives are left out.
func Split(data []byte) []Document {
	data = bytes.TrimPrefix(data, bom)
	var out []Document
	begin, line := 0, 1
	first := 1
	flush := func(end int) {
		if text := data[begin:end]; !hollow(text) {
			out = append(out, Document{text, first})
		}
	}
	for at := 0; at < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if isMark(data[at:end]) {
			flush(at)
			begin, first = at, line
		}
		at, line = end, line+1
	}
	flush(len(data))
	return out
}

// isMark reports whether a line begins a document.
func isMark(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r')
}

// hollow reports whether a document says nothing.
func hollow(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if isMark(line) {
			line = bytes.TrimSpace(line[3:])
		}
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !bytes.Equal(line, []byte("...")) {
			return false
		}
	}
	return true
}

// ParseDocument reads one document of a stream; lines are counted from where it
// begins there. nil without an error is a document that says nothing.
func ParseDocument(d Document, file string, limits Limits) (*Node, error) {
	docs, err := parseAll(d.Text, file, limits, d.Line-1)
	switch {
	case err != nil:
		return nil, err
	case len(docs) == 0:
		return nil, nil
	case len(docs) > 1:
		return nil, &Error{File: file, Line: docs[1].Line, Column: docs[1].Col, Msg: "begins another document without a line ---"}
	}
	return docs[0], nil
}
