package edit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/yaml"
)

var fromLine = regexp.MustCompile(`(?i)^[ \t]*FROM(?:[ \t]+--[a-z]+=[^ \t]+)*[ \t]+([^ \t\r\n#]+)`)

// SetBase returns a Dockerfile with another base image in the FROM instruction of
// a line, counted from 1. The error is an [*Error] when another image stands
// there, or an argument decides it.
func SetBase(doc []byte, line int, from, to string) ([]byte, error) {
	at := &Error{Line: line}
	if !plainText.MatchString(to) {
		at.Why = "the image " + yaml.Quote(to) + " cannot be written; change it by hand"
		return nil, at
	}
	start, ok := lineStart(doc, line)
	if !ok {
		at.Why = "there is no such line; collect again"
		return nil, at
	}
	m := fromLine.FindSubmatchIndex(firstLine(doc[start:]))
	if m == nil {
		at.Why = "no image stands on the line of FROM; change it by hand"
		return nil, at
	}
	base := string(doc[start+m[2] : start+m[3]])
	switch name := variable(base); {
	case base == to:
		return doc, nil
	case name != "":
		at.Var, at.Why = name, "the base is set by the argument "+name+"; change its default"
		return nil, at
	case base != from || strings.HasSuffix(base, `\`):
		at.Why = "another image stands there; collect again, or change it by hand"
		return nil, at
	}
	return splice(doc, start+m[2], start+m[3], to), nil
}

var syntaxLine = regexp.MustCompile(`(?i)^[ \t]*(?:#|//)[ \t]*syntax[ \t]*=[ \t]*([^ \t\r\n]+)[ \t]*\r?$`)

// SetSyntax returns a Dockerfile with another frontend in the syntax line, which
// is the line, counted from 1.
func SetSyntax(doc []byte, line int, from, to string) ([]byte, error) {
	at := &Error{Line: line, Why: "no such frontend stands there; collect again, or change it by hand"}
	start, ok := lineStart(doc, line)
	if !ok || !plainText.MatchString(to) {
		return nil, at
	}
	m := syntaxLine.FindSubmatchIndex(firstLine(doc[start:]))
	if m == nil || string(doc[start+m[2]:start+m[3]]) != from {
		return nil, at
	}
	return splice(doc, start+m[2], start+m[3], to), nil
}

// DropOption returns a Dockerfile in which an option of a program is gone from
// the RUN instruction that begins in a line, counted from 1. It must stand there
// as a word of its own, and nowhere in the instruction for another program.
func DropOption(doc []byte, line int, program, option string) ([]byte, error) {
	at := &Error{Line: line, Why: "the option " + yaml.Quote(option) + " of " + yaml.Quote(program) + " does not stand there as a word of its own; change it by hand"}
	start, ok := lineStart(doc, line)
	if !ok || option == "" || option[0] != '-' || strings.ContainsAny(option, " \t") {
		return nil, at
	}
	end := instructionEnd(doc, start)
	word := regexp.MustCompile(`[ \t]+` + regexp.QuoteMeta(option) + `([ \t\r\n;&|)]|$)`)
	found := 0
	for from := start; ; found++ {
		m := word.FindSubmatchIndex(doc[from:end])
		if m == nil {
			break
		}
		before := doc[start : from+m[0]]
		if i := bytes.LastIndexAny(before, ";&|()"); i >= 0 {
			before = before[i+1:]
		}
		calls := slices.ContainsFunc(strings.Fields(string(before)), func(w string) bool { return w[strings.LastIndexByte(w, '/')+1:] == program })
		if !calls {
			return nil, at
		}
		gone := m[2] - m[0]
		doc = splice(doc, from+m[0], from+m[2], "")
		from, end = from+m[0], end-gone
	}
	if found == 0 {
		return nil, at
	}
	return doc, nil
}

// instructionEnd is where an instruction ends that begins at start: at the first
// line that is not continued. Comments within do not end it.
func instructionEnd(doc []byte, start int) int {
	for end := start; ; {
		line := firstLine(doc[end:])
		text := bytes.TrimSpace(line)
		end = min(end+len(line)+1, len(doc))
		comment := end > start && bytes.HasPrefix(text, []byte("#"))
		if end == len(doc) || !comment && !bytes.HasSuffix(text, []byte(`\`)) {
			return end
		}
	}
}

// lineStart is where a line begins, counted from 1.
func lineStart(doc []byte, line int) (int, bool) {
	start := 0
	for n := 1; n < line; n++ {
		i := bytes.IndexByte(doc[start:], '\n')
		if i < 0 {
			return 0, false
		}
		start += i + 1
	}
	return start, line > 0
}

// firstLine returns the bytes before the first line feed.
func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}
