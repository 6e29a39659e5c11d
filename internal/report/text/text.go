// Package text prints results for people at a terminal. Everything that came
// from outside passes [Clean] on its way; nothing else may write to the
// terminal.
package text

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Options say what the terminal can show.
type Options struct {
	Width int  // columns; 0 is 80
	Color bool // ANSI colours
	Plain bool // linear ASCII: no box drawing, no colour
}

const defaultWidth = 80

// page collects output and keeps the first error, so that printing code reads
// as text.
type page struct {
	o   Options
	w   io.Writer
	err error
}

func newPage(w io.Writer, o Options) *page {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	if o.Plain {
		o.Color = false
	}
	return &page{o: o, w: w}
}

func (p *page) line(s string) {
	if p.err != nil {
		return
	}
	if p.o.Plain {
		s = ascii(s)
	}
	_, p.err = io.WriteString(p.w, strings.TrimRight(s, " ")+"\n")
}

func (p *page) linef(format string, a ...any) { p.line(fmt.Sprintf(format, a...)) }

// wrap prints a paragraph, broken at spaces: the first line after the indent,
// the others after as many spaces.
func (p *page) wrap(indent, s string) {
	width := max(20, p.o.Width-utf8.RuneCountInString(indent))
	for _, l := range fold(s, width) {
		p.line(indent + l)
		indent = strings.Repeat(" ", utf8.RuneCountInString(indent))
	}
}

// fold breaks text at spaces so that no line is wider than width, unless one
// word is.
func fold(s string, width int) []string {
	var lines []string
	var cur string
	for w := range strings.FieldsSeq(s) {
		switch {
		case cur == "":
			cur = w
		case utf8.RuneCountInString(cur)+1+utf8.RuneCountInString(w) <= width:
			cur += " " + w
		default:
			lines = append(lines, cur)
			cur = w
		}
	}
	if cur != "" {
		lines = append(lines, cur)
	}
	return lines
}

// style wraps text in an ANSI style.
func (p *page) style(code, s string) string {
	if !p.o.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *page) bold(s string) string { return p.style("1", s) }
func (p *page) dim(s string) string  { return p.style("2", s) }

// band colours text by a risk band or severity; the letter always says it too.
func (p *page) band(band, s string) string {
	switch band {
	case "critical":
		return p.style("1;35", s)
	case "high":
		return p.style("31", s)
	case "medium":
		return p.style("33", s)
	case "low":
		return p.style("36", s)
	}
	return s
}

// letter is the one-letter form of a band.
func letter(band string) string {
	if band == "" || band == "none" {
		return "-"
	}
	return strings.ToUpper(band[:1])
}

// pad fills text to a width in columns, cutting what is longer.
func pad(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", width-columns(s))
}

// cut shortens text to a width, marking the cut.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width <= 1 {
		return strings.Repeat("…", max(0, width))
	}
	n := 0
	for i := range s {
		if n == width-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

func columns(s string) int { return utf8.RuneCountInString(s) }

// count words a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var asciiForms = strings.NewReplacer(
	"─", "-", "═", "=", "│", "|", "┌", "+", "┐", "+", "└", "+", "┘", "+", "▶", ">", "·", "-", "…", "...", "→", "->", "×", "x",
)

func ascii(s string) string { return asciiForms.Replace(s) }
