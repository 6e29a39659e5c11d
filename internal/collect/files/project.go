package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"plimsoll/internal/compose"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

const partOther = snapshot.PartOtherFiles

// projects groups the compose files: in each folder the one that docker compose
// takes by itself, with its override file, and every other file alone. Those of
// folders nearer to the root come first.
func (f *found) projects(single bool) [][]string {
	if single && len(f.compose) > 0 {
		return [][]string{f.compose}
	}
	byDir := make(map[string][]string)
	for _, rel := range f.compose {
		byDir[path.Dir(rel)] = append(byDir[path.Dir(rel)], rel)
	}
	dirs := sortedKeys(byDir)
	slices.SortStableFunc(dirs, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	var out [][]string
	for _, dir := range dirs {
		files := byDir[dir]
		has := func(name string) bool { return slices.Contains(files, path.Join(dir, name)) }
		used := make(map[string]bool)
		if i := slices.IndexFunc(mainNames, has); i >= 0 {
			main := []string{path.Join(dir, mainNames[i])}
			for _, o := range files {
				if overrideName.MatchString(path.Base(o)) && len(main) == 1 {
					main = append(main, o)
				}
			}
			for _, m := range main {
				used[m] = true
			}
			out = append(out, main)
		}
		for _, rel := range files {
			if !used[rel] {
				out = append(out, []string{rel})
			}
		}
	}
	return out
}

// batch is how many files are parsed before what they say is added: enough for
// every processor, and few enough to be held at once.
const batch = 32

// loaded is a project that was parsed.
type loaded struct {
	files   []string
	project *compose.Project
	err     error
}

// projects parses the projects, some at a time, and adds them in their order.
func (c *collector) projects(ctx context.Context, all [][]string) {
	for group := range slices.Chunk(all, batch) {
		done := make([]loaded, len(group))
		spread(len(group), func(i int) { done[i] = c.load(ctx, group[i]) })
		for i := range done {
			if ctx.Err() != nil {
				c.out.Complete = false
				return
			}
			c.project(&done[i])
		}
	}
}

// spread calls f for every number below n, on all processors.
func spread(n int, f func(int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// load parses one project.
func (c *collector) load(ctx context.Context, files []string) loaded {
	dir := c.dir(files)
	var seen []reads
	o := compose.Options{Dir: dir, Name: filepath.Base(dir), Read: watched(c.readAbs, &seen)}
	for _, f := range files {
		o.Files = append(o.Files, filepath.Join(c.base, filepath.FromSlash(f)))
	}
	if l, ok := c.Memo.recall(memoKey(o), c.readAbs); ok {
		return l
	}
	p, err := compose.Load(ctx, o)
	if named := c.replacedBeside(o.Files, seen); named != "" {
		p, err = nil, fmt.Errorf("%s extends or includes %s, which others may do too; change that by hand", files[0], named)
	}
	l := loaded{files, p, err}
	if ctx.Err() == nil {
		c.Memo.keep(memoKey(o), seen, l)
	}
	return l
}

// replacedBeside returns a file that is read for a project beside its own ones
// and has another content in the place of its own. The library reads such files
// itself, so that what they would say cannot be tried.
func (c *collector) replacedBeside(own []string, seen []reads) string {
	for _, r := range seen {
		if rel, ok := c.rel(r.path); ok && !slices.Contains(own, r.path) {
			if _, is := c.Instead[rel]; is && path.Base(rel) != ".env" {
				return rel
			}
		}
	}
	return ""
}

// dir is the folder of a project.
func (c *collector) dir(files []string) string {
	return filepath.Dir(filepath.Join(c.base, filepath.FromSlash(files[0])))
}

// project adds the services of one project.
func (c *collector) project(l *loaded) {
	files, p, dir := l.files, l.project, c.dir(l.files)
	if l.err != nil {
		c.broken(files[0], l.err)
		return
	}
	state := c.builder.AddRuntime(snapshot.Runtime{})
	for i := range p.Services {
		s := &p.Services[i]
		c.localise(s)
		c.inline(s)
		c.inherit(s, files[0])
		c.out.Containers = append(c.out.Containers, snapshot.Container{
			Scope: c.scope, Key: c.key(compose.Key(p.Name, s.Name), files[0]), Name: s.Name, Spec: c.builder.AddSpec(s.Spec), Runtime: state,
			Owner: &snapshot.Owner{Kind: "compose", Name: p.Name + "/" + s.Name, Sources: []string{s.Loc.File}},
			Loc:   &s.Loc, Fields: s.Fields, Build: c.build(s, dir),
		})
		if s.Build != nil {
			c.recipe(s.Build)
		}
	}
	for _, w := range p.Networks {
		w.Scope = c.scope
		if w.Loc != nil {
			w.Loc.File = c.show(w.Loc.File)
		}
		if !slices.ContainsFunc(c.out.Networks, func(o snapshot.Network) bool { return o.Name == w.Name }) {
			c.out.Networks = append(c.out.Networks, w)
		}
	}
	for _, v := range p.Volumes {
		v.Scope, v.Device = c.scope, c.mounted(v.Device)
		if !slices.ContainsFunc(c.out.Volumes, func(o snapshot.Volume) bool { return o.Name == v.Name }) {
			c.out.Volumes = append(c.out.Volumes, v)
		}
	}
}

// broken keeps a file that could not be understood as a subject of which nothing
// is known, so that it is unknown rather than forgotten.
func (c *collector) broken(rel string, err error) {
	loc := &snapshot.Location{File: c.file(rel)}
	if e, ok := errors.AsType[*yaml.Error](err); ok {
		loc = &snapshot.Location{File: c.show(e.File), Line: e.Line, Column: e.Column}
	}
	c.fail(snapshot.PartEngineContainers, rel, err)
	c.out.Containers = append(c.out.Containers, snapshot.Container{
		Scope: c.scope, Key: c.key("file/"+rel, rel), Name: rel, Loc: loc,
		Spec: c.builder.AddSpec(snapshot.ContainerSpec{Unread: []string{snapshot.AllUnread}}), Runtime: c.builder.AddRuntime(snapshot.Runtime{}),
	})
}

// readAbs reads a file by its absolute path, inside the folder only.
func (c *collector) readAbs(path string, limit int) ([]byte, error) {
	rel, ok := c.rel(path)
	if !ok {
		return nil, fmt.Errorf("lies outside of the folder that is assessed; name a folder that holds it")
	}
	return c.read(rel, limit)
}

// localise writes paths so that evidence is the same wherever the folder lies.
func (c *collector) localise(s *compose.Service) {
	s.Loc.File = c.show(s.Loc.File)
	for i := range s.Fields {
		s.Fields[i].Loc.File = c.show(s.Fields[i].Loc.File)
	}
	for i := range s.Spec.Mounts {
		s.Spec.Mounts[i].Source = c.mounted(s.Spec.Mounts[i].Source)
	}
}

// mounted writes a source inside the folder from the folder.
func (c *collector) mounted(source string) string {
	if rel, ok := c.rel(source); ok && filepath.IsAbs(source) && c.base != "/" {
		return "./" + rel
	}
	return source
}

func (c *collector) build(s *compose.Service, dir string) *snapshot.Build {
	b := s.Build
	if b == nil {
		return nil
	}
	out := &snapshot.Build{Context: b.Context, Target: b.Target, Unresolved: b.Unresolved, Args: b.Shapes, Secrets: b.Secrets, Loc: b.Loc}
	out.Loc.File = c.show(b.Loc.File)
	out.Dockerfile, _ = c.recipeOf(s)
	if !filepath.IsAbs(b.Context) {
		return out
	}
	out.Wide = c.wide(filepath.Clean(b.Context), dir)
	if rel, ok := c.rel(b.Context); ok {
		out.Context = rel
	}
	return out
}

// recipe notes a Dockerfile that a service names, and the context it gets.
func (c *collector) recipe(b *compose.Build) {
	rel, ok := c.rel(b.Dockerfile)
	if !ok || b.Dockerfile == "" || b.Unresolved {
		return
	}
	if _, known := c.recipes[rel]; !known {
		c.recipes[rel] = b.Context
	}
	if !slices.Contains(c.found.dockerfiles, rel) {
		if _, err := c.root.Stat(filepath.FromSlash(rel)); err == nil {
			c.found.dockerfiles = append(c.found.dockerfiles, rel)
		}
	}
}

// wide says what of the machine a build context reaches beyond its project.
func (c *collector) wide(context, project string) string {
	switch {
	case context == "/":
		return "root"
	case context == c.Home || context == "/root" || path.Dir(context) == "/home":
		return "home"
	}
	if repo := c.repository(project); repo != context && strings.HasPrefix(repo, context+"/") {
		return "ancestor"
	}
	return ""
}

// repository returns the nearest folder with version-control data, or the folder
// that is assessed.
func (c *collector) repository(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if rel, ok := c.rel(at); ok {
			if _, err := c.root.Stat(filepath.Join(filepath.FromSlash(rel), ".git")); err == nil {
				return at
			}
		}
		if at == c.base || at == filepath.Dir(at) {
			return c.base
		}
	}
}
