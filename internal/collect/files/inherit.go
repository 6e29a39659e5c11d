package files

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/compose"
	"plimsoll/internal/dockerfile"
	"plimsoll/internal/snapshot"
)

// inherit gives a service what the Dockerfile it builds says and the compose
// file leaves open, as an engine shows a container with what its image brings:
// user, health test and variables, each with its line.
func (c *collector) inherit(s *compose.Service, project string) {
	if s.Build == nil || s.Build.Unresolved && s.Build.Inline == nil {
		return
	}
	rel, ok := c.recipeOf(s)
	if !ok {
		return
	}
	recipe, err := c.readRecipe(rel)
	if err != nil {
		return // the Dockerfile is a subject of its own, which says why
	}
	d, err := recipe.Facts(dockerfile.Args(s.Build.Args))
	if err != nil {
		return
	}
	if in, ok := c.inlines[rel]; ok {
		*d = d.Moved(in.line)
	}
	stages, ok := chain(d, s.Build.Target)
	if !ok {
		loc := s.Build.Loc
		loc.File = c.show(loc.File)
		c.fail(snapshot.PartEngineContainers, project, fmt.Errorf("%s: build.target of %s names a stage that %s does not have", loc, strconv.Quote(s.Name), c.fileOf(rel)))
		return
	}
	h := heir{spec: &s.Spec, fields: &s.Fields, file: c.fileOf(rel)}
	h.user(stages)
	h.health(stages)
	h.env(stages)
	slices.Sort(s.Spec.Unread)
	s.Spec.Unread = slices.Compact(s.Spec.Unread)
}

// chain returns the stages that make an image: the target, by name or number,
// and those it is built on, the target first.
func chain(d *snapshot.Dockerfile, target string) ([]*snapshot.Stage, bool) {
	at := len(d.Stages) - 1
	if target != "" {
		at = slices.IndexFunc(d.Stages, func(st snapshot.Stage) bool { return strings.EqualFold(st.Name, target) })
		if n, err := strconv.Atoi(target); at < 0 && err == nil && n >= 0 && n < len(d.Stages) {
			at = n
		}
		if at < 0 {
			return nil, false
		}
	}
	var out []*snapshot.Stage
	for ; at >= 0; at = d.Stages[at].From {
		out = append(out, &d.Stages[at])
	}
	return out, true
}

// heir takes what a chain of stages gives.
type heir struct {
	spec   *snapshot.ContainerSpec
	fields *[]snapshot.FieldLoc
	file   string
}

// place puts a field into a line of the Dockerfile.
func (h *heir) place(field, path string, line int, unresolved ...string) {
	f := snapshot.FieldLoc{Field: field, Loc: snapshot.Location{File: h.file, Line: line, Column: 1}, Unresolved: unresolved}
	if path != "" {
		f.Paths = []string{path}
	}
	*h.fields = append(slices.DeleteFunc(*h.fields, func(o snapshot.FieldLoc) bool { return o.Field == field }), f)
	if len(unresolved) > 0 && path != "" {
		h.spec.Unread = append(h.spec.Unread, path)
	}
}

func (h *heir) user(stages []*snapshot.Stage) {
	if h.spec.User != "" || slices.Contains(h.spec.Unread, "user") {
		return
	}
	for _, st := range stages {
		switch {
		case st.User == nil:
			continue
		case st.User.Unresolved:
			h.place("Config.User", "user", st.User.Line, st.User.Value)
		default:
			h.spec.User = st.User.Value
			h.place("Config.User", "user", st.User.Line)
		}
		return
	}
	base := stages[len(stages)-1]
	if base.Base == "scratch" {
		h.spec.User = "0" // an empty image names none, which is root
	}
	h.place("Config.User", "user", base.Line)
}

func (h *heir) health(stages []*snapshot.Stage) {
	if h.spec.Health.Test != "" || slices.Contains(h.spec.Unread, "health") {
		return
	}
	for _, st := range stages {
		if st.Health != nil {
			h.spec.Health.Test = st.Health.Value
			h.place("Config.Healthcheck", "health", st.Health.Line)
			return
		}
	}
	base := stages[len(stages)-1]
	if base.Base == "scratch" {
		h.spec.Health.Proved = true
	}
	h.place("Config.Healthcheck", "health", base.Line)
}

// env adds the variables that ENV sets and the service does not set itself.
func (h *heir) env(stages []*snapshot.Stage) {
	have := make(map[string]bool, len(h.spec.Env))
	for _, v := range h.spec.Env {
		have[v.Name] = true
	}
	for _, st := range stages {
		for _, v := range slices.Backward(st.Vars) {
			if v.Instruction != "ENV" || have[v.Var.Name] {
				continue
			}
			have[v.Var.Name] = true
			h.spec.Env = append(h.spec.Env, v.Var)
			h.place("Config.Env "+v.Var.Name, "", v.Line)
			if v.Unresolved {
				h.open("env", v)
			}
		}
	}
	slices.SortStableFunc(h.spec.Env, func(a, b snapshot.Secretish) int { return strings.Compare(a.Name, b.Name) })
}

// open marks the variables as hanging on a build argument without a value.
func (h *heir) open(path string, v snapshot.BuildVar) {
	h.spec.Unread = append(h.spec.Unread, path)
	i := slices.IndexFunc(*h.fields, func(f snapshot.FieldLoc) bool { return f.Field == "Config.Env" })
	if i < 0 {
		i = len(*h.fields)
		*h.fields = append(*h.fields, snapshot.FieldLoc{Field: "Config.Env", Paths: []string{path}, Loc: snapshot.Location{File: h.file, Line: v.Line, Column: 1}})
	}
	(*h.fields)[i].Unresolved = append((*h.fields)[i].Unresolved, v.Var.Name)
}
