package dockerfile

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"plimsoll/internal/snapshot"
)

// maxWord bounds a text in which arguments are replaced, and the result.
const maxWord = 4096

// vars are variables with values; one that is declared without a value is
// missing.
type vars map[string]string

func (v vars) Get(name string) (string, bool) { s, ok := v[name]; return s, ok }

// Keys lists the names; the library asks for them.
func (v vars) Keys() []string { return slices.Sorted(maps.Keys(v)) }

type reader struct {
	lex   *shell.Lex
	args  []instructions.ArgCommand
	given Args
	meta  vars
}

func newReader(escape rune, args []instructions.ArgCommand, given Args) *reader {
	return &reader{lex: shell.NewLex(escape), args: args, given: given, meta: make(vars)}
}

// expand replaces arguments and returns the names of those without a value.
func (r *reader) expand(word string, v vars) (string, []string) {
	if len(word) > maxWord {
		return cut(word), []string{"…"}
	}
	res, err := r.lex.ProcessWordWithMatches(word, v)
	if err != nil || len(res.Result) > maxWord {
		return cut(word), []string{"…"}
	}
	missing := slices.Sorted(maps.Keys(res.Unmatched))
	if len(missing) > 0 && strings.Contains(word, ":-") {
		missing = slices.DeleteFunc(missing, func(n string) bool { return strings.Contains(word, "${"+n+":-") })
	}
	if len(missing) > 0 {
		return cut(word), missing
	}
	return cut(res.Result), nil
}

func (r *reader) stages(d *snapshot.Dockerfile, stages []instructions.Stage) {
	for i := range r.args {
		d.Args = append(d.Args, r.arg(&r.args[i], r.meta, nil)...)
	}
	names := make(map[string]int)
	inherited := make([]vars, len(stages))
	for i := range stages {
		in := &stages[i]
		st := snapshot.Stage{Name: cut(in.Name), From: -1, Line: line(in.Location)}
		st.Base, st.Unresolved = r.expand(in.BaseName, r.meta)
		env := make(vars)
		if j, ok := names[strings.ToLower(st.Base)]; ok && len(st.Unresolved) == 0 {
			st.From = j
			maps.Copy(env, inherited[j])
		}
		r.commands(&st, in.Commands, env)
		inherited[i] = env
		if in.Name != "" {
			names[strings.ToLower(in.Name)] = i
		}
		d.Stages = append(d.Stages, st)
	}
}

// commands reads the instructions of a stage. env is what ENV has set so far,
// and holds at the end what a stage built on this one finds.
func (r *reader) commands(st *snapshot.Stage, list []instructions.Command, env vars) {
	seen := maps.Clone(env) // and arguments, which end with the stage
	dated := false
	for _, c := range list {
		at := line(c.Location())
		if on, ok := c.(*instructions.OnbuildCommand); ok {
			if c = later(on); c == nil {
				continue
			}
		}
		switch c := c.(type) {
		case *instructions.ArgCommand:
			st.Vars = append(st.Vars, r.arg(c, seen, r.meta)...)
		case *instructions.EnvCommand:
			r.env(st, c, env, seen, at)
		case *instructions.UserCommand:
			user, missing := r.expand(c.User, seen)
			st.User = &snapshot.Located{Value: user, Unresolved: len(missing) > 0, Line: at}
		case *instructions.HealthCheckCommand:
			if c.Health != nil && len(c.Health.Test) > 0 {
				st.Health = &snapshot.Located{Value: cut(c.Health.Test[0]), Line: at}
			}
		case *instructions.AddCommand:
			for _, src := range c.SourcePaths {
				st.Adds = append(st.Adds, r.add(c, src, seen, at))
			}
		case *instructions.CopyCommand:
			for _, src := range c.SourcePaths {
				if c.From == "" {
					source, missing := r.expand(src, seen)
					st.Copies = append(st.Copies, snapshot.Copy{Source: source, Unresolved: len(missing) > 0, Line: at})
				}
			}
		case *instructions.RunCommand:
			run := r.run(c, seen, at)
			dated = dated || run.dated
			if dated {
				for i := range run.Installs {
					run.Installs[i].Locked = run.Installs[i].Locked || run.Installs[i].Manager == "apt"
				}
			}
			st.Runs = append(st.Runs, run.Run)
		}
	}
}

// env sets variables, for the stage and for what is built on it.
func (r *reader) env(st *snapshot.Stage, c *instructions.EnvCommand, env, seen vars, at int) {
	for _, kv := range c.Env {
		value, missing := r.expand(kv.Value, seen)
		if len(missing) == 0 {
			env[kv.Key], seen[kv.Key] = value, value
		} else {
			value = kv.Value
			delete(env, kv.Key)
			delete(seen, kv.Key)
		}
		n := len(st.Vars)
		st.Vars = appendVar(st.Vars, "ENV", kv.Key, kv.Value, value, at)
		if len(st.Vars) > n {
			st.Vars[n].Unresolved = len(missing) > 0
		}
	}
}

// later returns the instruction that ONBUILD puts off to a build on this image,
// as far as it takes something in or lets something out; else nil.
func later(on *instructions.OnbuildCommand) instructions.Command {
	result, err := parser.Parse(strings.NewReader(on.Expression))
	if err != nil || len(result.AST.Children) != 1 {
		return nil
	}
	c, err := instructions.ParseCommand(result.AST.Children[0])
	if err != nil {
		return nil
	}
	switch c.(type) {
	case *instructions.RunCommand, *instructions.AddCommand, *instructions.CopyCommand:
		return c
	}
	return nil
}

// arg declares arguments. One without a default takes that of before the first
// stage.
func (r *reader) arg(c *instructions.ArgCommand, into, outer vars) []snapshot.BuildVar {
	var out []snapshot.BuildVar
	for _, a := range c.Args {
		value := ""
		if a.Value != nil {
			value = *a.Value
		}
		if v, ok := r.given[a.Key]; ok {
			delete(into, a.Key)
			if v != nil {
				into[a.Key] = *v
			}
		} else if a.Value != nil {
			if v, missing := r.expand(value, into); len(missing) == 0 {
				into[a.Key] = v
			} else {
				delete(into, a.Key)
			}
		} else if v, ok := outer[a.Key]; ok {
			into[a.Key] = v
		}
		out = appendVar(out, "ARG", a.Key, value, value, line(c.Location()))
	}
	return out
}

// appendVar notes a variable as it is written and with its value, which is the
// same where it hangs on nothing. A switch such as true is no secret whatever its
// name and is left out.
func appendVar(list []snapshot.BuildVar, instruction, name, written, value string, at int) []snapshot.BuildVar {
	value = strings.Trim(value, `"'`)
	switch strings.ToLower(value) {
	case "true", "false", "yes", "no", "on", "off", "0", "1":
		return list
	}
	v := snapshot.BuildVar{Instruction: instruction, Var: snapshot.Conceal(cut(name), value), Line: at}
	if ref, ok := strings.CutPrefix(strings.Trim(written, `"{}`), "$"); ok {
		if ref = strings.Trim(ref, "{}"); !strings.ContainsAny(ref, "$:/ -") {
			v.From = cut(ref)
		}
	}
	return append(list, v)
}

// add classifies one source of ADD.
func (r *reader) add(c *instructions.AddCommand, src string, v vars, at int) snapshot.Add {
	src, missing := r.expand(src, v)
	a := snapshot.Add{Source: src, Checksum: c.Checksum != "", Unresolved: len(missing) > 0, Line: at}
	lower := strings.ToLower(src)
	repo, fragment, _ := strings.Cut(src, "#")
	switch {
	case strings.HasPrefix(lower, "git@"), strings.HasPrefix(lower, "git://"), strings.HasPrefix(lower, "ssh://"),
		strings.HasPrefix(lower, "http") && strings.HasSuffix(repo, ".git"):
		a.Kind = "git"
		commit, _, _ := strings.Cut(fragment, ":")
		a.Checksum = a.Checksum || (len(commit) == 40 || len(commit) == 64) && strings.Trim(commit, "0123456789abcdef") == ""
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		a.Kind = "url"
	case archive(lower):
		a.Kind = "archive"
	default:
		a.Kind = "local"
	}
	a.Source = bare(a.Source)
	return a
}

func archive(name string) bool {
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"} {
		if strings.HasSuffix(path.Base(name), ext) {
			return true
		}
	}
	return false
}

// bare leaves credentials and query of a URL out.
func bare(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	authority, tail, slash := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	if slash {
		authority += "/" + tail
	}
	authority, _, _ = strings.Cut(authority, "?")
	return scheme + "://" + authority
}

func line(loc []parser.Range) int {
	if len(loc) == 0 {
		return 0
	}
	return loc[0].Start.Line
}
