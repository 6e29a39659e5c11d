package compose

import (
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/yaml"
)

var dotted = regexp.MustCompile(`[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+`)

const maxReason = 240 // bytes of the library's words

// explain turns an error of the library into one with a place. The library
// repeats values in its errors, so that whatever may be one is left out.
func (s *sources) explain(err error) *yaml.Error {
	if e := asYAML(err); e != nil {
		return e
	}
	msg := strings.Join(strings.Fields(s.conceal(err.Error())), " ")
	e := &yaml.Error{File: s.Files[0]}
	for _, path := range dotted.FindAllString(err.Error(), -1) {
		if file, n := s.resolve(path); n != nil {
			e.File, e.Line, e.Column = file, n.Line, n.Col
			break
		}
	}
	msg = strings.ReplaceAll(msg, "false schema", "is no key that it knows")
	for _, f := range s.order {
		msg = strings.ReplaceAll(msg, f, "it")
	}
	if len(msg) > maxReason {
		msg = strings.ToValidUTF8(msg[:maxReason], "") + "…"
	}
	e.Msg = "docker compose would refuse it: " + strings.Trim(yaml.Printable(msg), `"`)
	return e
}

// resolve finds the longest part of a dotted path that stands in a file.
func (s *sources) resolve(path string) (string, *yaml.Node) {
	keys := strings.Split(path, ".")
	for _, file := range slices.Backward(s.order) {
		for _, d := range s.trees[file] {
			at, depth := d, 0
			for _, k := range keys {
				next := at.Get(k)
				if next == nil {
					break
				}
				at, depth = next, depth+1
			}
			if depth >= 2 {
				return file, at
			}
		}
	}
	return "", nil
}

// conceal takes values of the files out of a message. Keys stay.
func (s *sources) conceal(msg string) string {
	for _, file := range s.order {
		for _, d := range s.trees[file] {
			msg = s.concealIn(msg, d)
		}
	}
	return msg
}

func (s *sources) concealIn(msg string, n *yaml.Node) string {
	if n.Kind == yaml.Scalar && len(n.Value) >= 4 && !slices.Contains([]string{"true", "false", "null"}, n.Value) {
		msg = strings.ReplaceAll(msg, n.Value, "…")
	}
	for _, i := range n.Items {
		msg = s.concealIn(msg, i)
	}
	for _, p := range n.Pairs {
		msg = s.concealIn(msg, p.Value)
	}
	return msg
}
