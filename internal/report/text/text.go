// Package text prints results for people at a terminal. Everything that came
// from outside passes [Clean] on its way; nothing else may write to the
// terminal.
package text

import (
	"fmt"
	"io"
	"strings"
)

// Options say what the terminal can show.
type Options struct {
	Width int  // columns; 0 is 80
	Color bool // ANSI colours
	Plain bool // linear ASCII: no box drawing, no colour

	// Target is the engine that the evidence was asked of by name: printed commands
	// name it too. Where it is empty, the evidence tells.
	Target string
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

// line prints one line. What is wider than the terminal is broken, and the rest
// indented.
func (p *page) line(s string) {
	s = strings.TrimRight(p.form(s), " ")
	if columns(s) <= p.o.Width {
		p.write(s)
		return
	}
	text := strings.TrimLeft(s, " ")
	indent := s[:len(s)-len(text)]
	p.hang(indent, indent+"  ", text)
}

func (p *page) linef(format string, a ...any) { p.line(fmt.Sprintf(format, a...)) }

// wrap prints a paragraph, broken at spaces: the first line after the indent,
// the others after as many spaces.
func (p *page) wrap(indent, s string) {
	p.hang(indent, strings.Repeat(" ", columns(p.form(indent))), s)
}

const narrowest = 20 // columns that are left for text whatever the terminal

// hang prints a paragraph after one indent, its further lines after another.
func (p *page) hang(first, others, s string) {
	first, s = p.form(first), p.form(s)
	width := max(narrowest, p.o.Width-max(columns(first), columns(others)))
	for _, l := range fold(s, width) {
		p.write(first + l)
		first = others
	}
}

// form makes text what the terminal can show.
func (p *page) form(s string) string {
	if p.o.Plain {
		return ascii(s)
	}
	return s
}

func (p *page) write(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, strings.TrimRight(s, " ")+"\n")
	}
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

// count words a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var asciiForms = strings.NewReplacer(
	"─", "-", "═", "=", "│", "|", "┌", "+", "┐", "+", "└", "+", "┘", "+", "▶", ">", "·", "-", "…", "~", "→", "->", "×", "x",
)

func ascii(s string) string { return asciiForms.Replace(s) }
