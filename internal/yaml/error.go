package yaml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is what is wrong at one place of a file. Its parts hold no control
// characters, whatever the file held.
type Error struct {
	File   string
	Line   int // from 1; 0 when the error is about the whole file
	Column int // from 1; 0 is unknown
	Msg    string
}

// Error returns file:line:column: message.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(Printable(e.File))
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Msg)
	return b.String()
}

// Errors is everything that is wrong with a file, in file order.
type Errors []*Error

// Error returns one line an error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As access to each of them.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

func (es Errors) sort() {
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// quoteLimit is how many bytes of a value an error repeats.
const quoteLimit = 80

// Quote returns a value from a file in quotes, shortened, with everything that
// a terminal would obey escaped.
func Quote(s string) string {
	short := shorten(s, quoteLimit)
	if len(short) == len(s) {
		return strconv.Quote(s)
	}
	return strconv.Quote(short) + "…"
}

// shorten cuts s to at most limit bytes, between characters.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// Printable returns s as it is when a terminal can show it, else in quotes.
func Printable(s string) string {
	if q := strconv.Quote(s); len(q) != len(s)+2 {
		return q
	}
	return s
}
