package compose

import (
	"cmp"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// build says how the image is made.
func (m *mapper) build(defs []place) *Build {
	b := m.svc.Build
	if b == nil {
		return nil
	}
	out := &Build{Context: bare(b.Context), Target: b.Target}
	for _, key := range []string{"build.context", "build"} {
		if at := m.places(defs, key); len(at) > 0 {
			out.Loc = at[0].loc()
			out.Unresolved = key == "build.context" && m.hangs(at[0].pair.Value) || at[0].pair.Value.Kind == yaml.Scalar && m.hangs(at[0].pair.Value)
			break
		}
	}
	if b.DockerfileInline == "" && filepath.IsAbs(b.Context) && !m.open(defs, "build.dockerfile") && !m.open(defs, "build.target") {
		out.Dockerfile = cmp.Or(b.Dockerfile, "Dockerfile")
		if !filepath.IsAbs(out.Dockerfile) {
			out.Dockerfile = filepath.Join(b.Context, out.Dockerfile)
		}
	}
	if at := m.places(defs, "build.dockerfile_inline"); b.DockerfileInline != "" && len(at) > 0 {
		text := at[0].pair.Value
		out.Inline = &Inline{
			Text: b.DockerfileInline, Unresolved: m.hangs(text), Block: text.Block,
			Loc: snapshot.Location{File: at[0].file, Line: text.Line, Column: text.Col},
		}
	}
	for _, s := range b.Secrets {
		out.Secrets = append(out.Secrets, cmp.Or(s.Source, s.Target))
	}
	m.buildArgs(defs, out)
	return out
}

// buildArgs keeps the arguments of a build. One without a value is taken from
// where docker compose is run.
func (m *mapper) buildArgs(defs []place, out *Build) {
	at := make(map[string]place)
	for _, p := range slices.Backward(m.places(defs, "build.args")) {
		for _, e := range p.pair.Value.Entries() {
			at[e.Key.Value] = place{p.file, e}
		}
		for _, i := range p.pair.Value.Items {
			name, _, _ := strings.Cut(i.Value, "=")
			at[name] = place{p.file, yaml.Pair{Key: i, Value: i}}
		}
	}
	out.Args = make(map[string]*string, len(at))
	maps.Copy(out.Args, m.svc.Build.Args)
	for name := range at {
		if _, ok := out.Args[name]; !ok {
			out.Args[name] = nil // the library leaves out what the environment does not set
		}
	}
	for _, name := range slices.Sorted(maps.Keys(out.Args)) {
		value, where := out.Args[name], at[name]
		if where.pair.Value != nil && m.hangs(where.pair.Value) {
			value = nil
		}
		out.Args[name] = value
		v := snapshot.BuildVar{Instruction: "build.args", Unresolved: value == nil, Var: snapshot.Conceal(name, "")}
		if value != nil {
			v.Var = snapshot.Conceal(name, *value)
		}
		if where.file == out.Loc.File && where.pair.Key != nil {
			v.Line = where.pair.Key.Line
		}
		out.Shapes = append(out.Shapes, v)
	}
}

// hangs reports whether a value hangs on a variable without a value.
func (m *mapper) hangs(n *yaml.Node) bool { return len(m.outcome(n).unresolved) > 0 }

// open reports whether the key of a service hangs on a variable without a value.
func (m *mapper) open(defs []place, key string) bool {
	at := m.places(defs, key)
	return len(at) > 0 && m.hangs(at[0].pair.Value)
}

// bare leaves credentials and query of a URL out.
func bare(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "a URL"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}
