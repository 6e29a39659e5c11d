package files

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/checks/shared"
)

// taken returns the instructions that copy files of the build context into the
// image itself; what only an earlier stage gets does not count.
func (r recipe) taken(exposed []string) shared.Hits {
	var h shared.Hits
	look := func(source, instruction string, line int) {
		var got []string
		for _, e := range exposed {
			if covers(source, e) {
				got = append(got, e)
			}
		}
		if len(got) > 0 {
			h.Add(r.at(line, instruction+" "+source, strings.Join(got, " ")))
		}
	}
	for _, s := range slices.Backward(r.built()) {
		for _, c := range s.Copies {
			look(c.Source, "COPY", c.Line)
		}
		for _, a := range s.Adds {
			if a.Kind == "local" {
				look(a.Source, "ADD", a.Line)
			}
		}
	}
	return h
}

// covers reports whether a source of COPY takes a file of the context: it names
// the file, a folder around it, or matches one of these as a pattern.
func covers(source, file string) bool {
	source = strings.TrimPrefix(path.Clean("/"+source), "/")
	if source == "" {
		return true
	}
	for at := file; at != "."; at = path.Dir(at) {
		if ok, err := path.Match(source, at); err == nil && ok {
			return true
		}
	}
	return false
}
