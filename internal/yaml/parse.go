// Package yaml reads YAML from strangers into a small tree with positions. It
// bounds size, depth and expansion, refuses duplicate keys, and reports every
// error with file, line and column. It is the only importer of the YAML library.
package yaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	goyaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits bound what a file may cost. A field of zero takes its default.
type Limits struct {
	Bytes int // size of the file; default 8 MiB
	Depth int // levels of nesting, expanded; default 100
	Nodes int // values and keys, expanded; default 200,000; memory follows it at about 1 KiB a node
}

func (l Limits) orDefault() Limits {
	return Limits{cmp.Or(l.Bytes, 8<<20), cmp.Or(l.Depth, 100), cmp.Or(l.Nodes, 200_000)}
}

// Parse reads a file of exactly one document. file names it in errors, which
// are always *[Error].
func Parse(data []byte, file string, limits Limits) (*Node, error) {
	docs, err := ParseAll(data, file, limits)
	if err != nil {
		return nil, err
	}
	switch len(docs) {
	case 0:
		return nil, &Error{File: file, Line: 1, Column: 1, Msg: "is empty"}
	case 1:
		return docs[0], nil
	}
	return nil, &Error{
		File: file, Line: docs[1].Line, Column: docs[1].Col,
		Msg: "begins a second document; this file must hold one, so remove the line --- before it",
	}
}

// ParseAll reads every document of a file; none is no error. Errors are always
// *[Error].
func ParseAll(data []byte, file string, limits Limits) ([]*Node, error) {
	return parseAll(data, file, limits, 0)
}

// parseAll reads a text before which a file has some lines.
func parseAll(data []byte, file string, limits Limits, shift int) (docs []*Node, err error) {
	limits = limits.orDefault()
	if e := precheck(data, limits); e != nil {
		if e.File = file; e.Line > 0 {
			e.Line += shift
		}
		return nil, e
	}
	defer func() {
		// The library is fed by strangers: should it break, the file is refused.
		if r := recover(); r != nil {
			docs, err = nil, &Error{File: file, Msg: "is not valid YAML: the reader gave up on it"}
		}
	}()
	loader, err := goyaml.NewLoader(bytes.NewReader(data), goyaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(limits.Depth))))
	if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	x := expander{limits: limits, shift: shift, active: make(map[*goyaml.Node]bool)}
	for {
		var raw goyaml.Node
		if err := loader.Load(&raw); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, syntaxError(err, file, limits, shift)
		}
		doc, e := x.document(&raw)
		if e != nil {
			e.File = file
			return nil, e
		}
		docs = append(docs, doc)
	}
}

// precheck refuses what the library should not be given at all.
func precheck(data []byte, limits Limits) *Error {
	if len(data) > limits.Bytes {
		return &Error{Msg: fmt.Sprintf("has %d bytes; at most %d are read", len(data), limits.Bytes)}
	}
	line, col := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &Error{Line: line, Column: col, Msg: "is not UTF-8 text"}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return &Error{
				Line: line, Column: col,
				Msg: fmt.Sprintf(`holds the control character %U; a string in double quotes may hold it as \x%02x`, r, r),
			}
		}
		i, col = i+size, col+1
		if r == '\n' {
			line, col = line+1, 1
		}
	}
	if marks(data) > limits.Nodes {
		return tooMany(limits)
	}
	return nil
}

// marks counts the characters that can begin a value or a token, which bounds
// what the library allocates before a tree exists that could be counted.
func marks(data []byte) int {
	n := 0
	blank := func(i int) bool {
		return i < 0 || i >= len(data) || data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t'
	}
	for i, c := range data {
		switch c {
		case ',', '[', '{':
			n++
		case ':', '-', '?':
			if blank(i + 1) {
				n++
			}
		case '.': // the end of a document is three
			if i > 1 && data[i-1] == '.' && blank(i+1) {
				n++
			}
		case '&', '!', '*':
			if blank(i - 1) {
				n++
			}
		}
	}
	return n
}

func tooMany(limits Limits) *Error {
	return &Error{Msg: fmt.Sprintf("holds more than %d values once its aliases are expanded", limits.Nodes)}
}

// syntaxError puts an error of the library into our form and words.
func syntaxError(err error, file string, limits Limits, shift int) *Error {
	var le *goyaml.LoadError
	if !errors.As(err, &le) {
		return &Error{File: file, Msg: "is not valid YAML: " + Quote(err.Error())}
	}
	at := le.Mark
	if at.Line == 0 {
		at = le.ContextMark
	}
	e := &Error{File: file, Line: at.Line, Column: at.Column}
	if e.Line > 0 {
		e.Line += shift
	}
	if le.Message == fmt.Sprintf("exceeded max depth of %d", limits.Depth) {
		e.Msg = tooDeep(limits)
		return e
	}
	e.Msg = "is not valid YAML: " + Printable(shorten(le.Message, 2*quoteLimit))
	if le.ContextMsg != "" {
		e.Msg += ", " + Printable(shorten(le.ContextMsg, 2*quoteLimit))
		if c := le.ContextMark.Line; c > 0 && c != at.Line {
			e.Msg += fmt.Sprintf(" that begins at line %d", c+shift)
		}
	}
	return e
}

func tooDeep(limits Limits) string {
	return fmt.Sprintf("is nested deeper than %d levels", limits.Depth)
}
