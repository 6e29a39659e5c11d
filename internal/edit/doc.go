// Package edit changes single values in the text of configuration files and
// leaves every other byte alone: comments, order, indentation, line endings. Its
// functions go from bytes to bytes, so they can be tried on anything; who writes
// the result, and how it is taken back, is not its concern.
//
// An edit that would change more than was meant is refused with the line and the
// reason, and what a person would do instead.
package edit

import (
	"bytes"
	"fmt"
)

// Error says why a document cannot be edited, and where.
type Error struct {
	Line, Column int // from 1; 0 where the whole document is meant
	Why          string
}

// Error implements error. The caller, which knows the file, prefixes its name.
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Why
	case e.Column == 0:
		return fmt.Sprintf("%d: %s", e.Line, e.Why)
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Why)
}

// refuseAt returns an Error at a position in bytes.
func refuseAt(doc []byte, at int, format string, args ...any) *Error {
	at = min(max(at, 0), len(doc))
	start := bytes.LastIndexByte(doc[:at], '\n') + 1
	return &Error{Line: 1 + bytes.Count(doc[:at], []byte("\n")), Column: 1 + at - start, Why: fmt.Sprintf(format, args...)}
}

// newline returns the line ending that the document uses: that of its first
// line.
func newline(doc []byte) string {
	if i := bytes.IndexByte(doc, '\n'); i > 0 && doc[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// splice returns the document with the bytes from start to end replaced.
func splice(doc []byte, start, end int, by string) []byte {
	out := make([]byte, 0, len(doc)+len(by))
	out = append(out, doc[:start]...)
	out = append(out, by...)
	return append(out, doc[end:]...)
}

// indentOf returns the blanks that begin the line of a position.
func indentOf(doc []byte, at int) string {
	start := bytes.LastIndexByte(doc[:at], '\n') + 1
	end := start
	for end < len(doc) && (doc[end] == ' ' || doc[end] == '\t') {
		end++
	}
	return string(doc[start:end])
}
