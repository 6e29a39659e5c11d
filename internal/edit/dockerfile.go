package edit

import (
	"bytes"
	"regexp"
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
	start := 0
	for n := 1; n < line || line < 1; n++ {
		i := bytes.IndexByte(doc[start:], '\n')
		if i < 0 || line < 1 {
			at.Why = "there is no such line; collect again"
			return nil, at
		}
		start += i + 1
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

// firstLine returns the bytes before the first line feed.
func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}
