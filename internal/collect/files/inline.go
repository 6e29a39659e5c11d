package files

import (
	"errors"

	"plimsoll/internal/compose"
	"plimsoll/internal/dockerfile"
)

// inline is where a Dockerfile stands in a compose file.
type inline struct {
	file string // as a person would open it
	at   int    // line of its text
	flow bool   // its lines are not those of the file
}

// line is the line of the compose file that has a line of the Dockerfile, as far
// as that can be told.
func (i inline) line(n int) int {
	if i.flow {
		return i.at
	}
	return i.at + n
}

var errHangs = errors.New("hangs on a variable without a value")

// inline takes the Dockerfile that a service states itself for one of the folder.
func (c *collector) inline(s *compose.Service) {
	if s.Build == nil || s.Build.Inline == nil {
		return
	}
	in := s.Build.Inline
	rel, ok := c.rel(in.Loc.File)
	if !ok {
		return
	}
	rel += "#" + s.Name
	if _, taken := c.readings[rel]; taken { // the same lines, by way of another project
		return
	}
	r := reading{err: errHangs}
	if !in.Unresolved {
		r.recipe, r.err = dockerfile.Read([]byte(in.Text))
	}
	c.readings[rel], c.recipes[rel] = r, s.Build.Context
	c.inlines[rel] = inline{file: c.show(in.Loc.File), at: in.Loc.Line, flow: !in.Block}
	c.found.dockerfiles = append(c.found.dockerfiles, rel)
}

// recipeOf returns the path of the Dockerfile that a service is built from,
// unless it lies outside.
func (c *collector) recipeOf(s *compose.Service) (string, bool) {
	switch b := s.Build; {
	case b.Inline != nil:
		rel, ok := c.rel(b.Inline.Loc.File)
		rel += "#" + s.Name
		_, known := c.inlines[rel]
		return rel, ok && known
	case b.Dockerfile != "":
		return c.rel(b.Dockerfile)
	}
	return "", false
}

// fileOf returns the file that has a Dockerfile, as a person would open it.
func (c *collector) fileOf(rel string) string {
	if in, ok := c.inlines[rel]; ok {
		return in.file
	}
	return c.file(rel)
}
