package harden

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"plimsoll/internal/edit"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Files reads what the files of a folder define, with some contents in the place
// of those on disk, by their path from the folder with slashes. Whatever cannot be
// understood is in the evidence, not an error.
type Files func(ctx context.Context, root string, instead map[string][]byte) (*snapshot.Snapshot, error)

// FileChange is one file of an edit: what it was and what it became, by sha256 of
// its content. The contents are not in it.
type FileChange struct {
	Path  string `json:"path"`  // absolute
	From  string `json:"from"`  // hex digest
	To    string `json:"to"`    // hex digest
	Image string `json:"image"` // file name of the before-image
}

// maxFile bounds a file that is edited, in bytes.
const maxFile = 8 << 20

// filesPrefix begins the endpoint of a run that edits files; the folder or file
// that was named follows, absolute.
const filesPrefix = "files:"

// Folder returns the folder or file that a run edits below, "" for a run on an
// engine.
func (h Header) Folder() string {
	if path, ok := strings.CutPrefix(h.Endpoint, filesPrefix); ok && filepath.IsAbs(path) {
		return path
	}
	return ""
}

// draft is one file that a step edits.
type draft struct {
	rel           string // from the folder, with slashes
	before, after []byte
}

// fileSet is the folder of a run on files, opened.
type fileSet struct {
	root *os.Root
	path string // as it was named, absolute
	dir  string // the folder of it

	seen   *snapshot.Snapshot // what the files say now, with the drafts
	drafts map[string][]byte  // while several steps are only looked at
	shown  map[string]string  // digests that a person was shown, by path from the folder
}

// openFiles opens the folder that a path names or lies in.
func openFiles(path string) (*fileSet, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	fs := &fileSet{path: path, dir: path}
	if !fi.IsDir() {
		fs.dir = filepath.Dir(path)
	}
	fs.root, err = os.OpenRoot(fs.dir)
	return fs, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// collect reads what the files say, with the drafts and one more set of contents.
func (r *runner) collectFiles(ctx context.Context, more map[string][]byte) (*snapshot.Snapshot, error) {
	if r.opts.Files == nil {
		return nil, errors.New("files cannot be read here")
	}
	instead := make(map[string][]byte)
	for _, m := range []map[string][]byte{r.files.drafts, more} {
		maps.Copy(instead, m)
	}
	return r.opts.Files(ctx, r.files.path, instead)
}

// readyFiles makes the edits of a step in memory and refuses the step when what
// the files would then say is not exactly what the step states.
func (r *runner) readyFiles(ctx context.Context, s step.Step) (*subject, error) {
	if r.files == nil {
		return nil, refuse("it edits a file; name its folder with --target")
	}
	var err error
	if r.files.seen == nil {
		if r.files.seen, err = r.collectFiles(ctx, nil); err != nil {
			return nil, fmt.Errorf("read the files: %w", err)
		}
	}
	scope, err := inScope(r.files.seen, s)
	if err != nil {
		return nil, err
	}
	want := snapshot.NewOverlay(r.files.seen)
	if err := scope.Simulate(want); err != nil {
		return nil, refuse("it changed since the step was made, or is gone; collect again")
	}
	drafts, err := r.draft(scope)
	if err != nil {
		return nil, err
	}
	more := make(map[string][]byte)
	for _, d := range drafts {
		more[d.rel] = d.after
	}
	got, err := r.collectFiles(ctx, more)
	if err != nil {
		return nil, fmt.Errorf("read the files as they would be: %w", err)
	}
	if why := otherThan(want.Snapshot(), got); why != "" {
		return nil, refuse("%s", why)
	}
	if r.files.drafts != nil {
		maps.Copy(r.files.drafts, more)
		r.files.seen = got
	}
	return &subject{drafts: drafts}, nil
}

// inScope returns the step with the scope that the folder has here: it is named
// by how the user wrote the path.
func inScope(seen *snapshot.Snapshot, s step.Step) (step.Step, error) {
	for _, sc := range seen.Scopes {
		if sc.Kind == snapshot.ScopeFiles {
			s.Target.Scope = sc.ID
			if _, err := snapshot.NewOverlay(seen).Get(s.Target.Kind, sc.ID, s.Target.Key, s.Set[0].Field); err == nil {
				return s, nil
			}
		}
	}
	return s, refuse("its file no longer defines it; collect again")
}

// draft makes the edits of a step.
func (r *runner) draft(s step.Step) ([]draft, error) {
	var out []draft
	for _, c := range s.Set {
		at, err := placeOf(r.files.seen, s.Target, c.Field)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(r.files.dir, at.File)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, refuse("it is set in %s, outside of the folder; name that with --target", printable(at.String()))
		}
		rel = filepath.ToSlash(rel)
		i := slices.IndexFunc(out, func(d draft) bool { return d.rel == rel })
		if i < 0 {
			b, err := r.files.content(rel)
			if err != nil {
				return nil, err
			}
			_, ours := r.files.drafts[rel]
			if was, ok := r.files.shown[rel]; ok && !ours && was != digest(b) {
				return nil, refuse("%s changed since its changes were shown; look again", printable(rel))
			}
			out = append(out, draft{rel, b, b})
			i = len(out) - 1
		}
		switch s.Target.Kind {
		case snapshot.KindFile:
			out[i].after, err = editRecipe(out[i].after, at.Line, c)
		case snapshot.KindRegistry:
			out[i].after, err = edit.SetYAML(out[i].after, snapshot.RegistryPath(c.Field), snapshot.RegistryFields[c.Field].Of(c.To))
		case snapshot.KindPodSpec:
			out[i].after, err = edit.SetManifest(out[i].after, edit.Object{Line: at.Line, Root: templateRoot(r.files.seen, s.Target)}, c.Field, c.To)
		default:
			out[i].after, err = edit.SetService(out[i].after, s.Target.Name, c.Field, c.To)
		}
		if err != nil {
			return nil, r.files.explain(rel, err)
		}
	}
	return out, nil
}

// editRecipe makes one change of a Dockerfile.
func editRecipe(doc []byte, line int, c step.Change) ([]byte, error) {
	switch {
	case c.Field == snapshot.SyntaxField:
		return edit.SetSyntax(doc, line, c.From, c.To)
	case strings.HasPrefix(c.Field, snapshot.StageBase):
		return edit.SetBase(doc, line, c.From, c.To)
	case c.To != "":
		return nil, refuse("what a RUN does not verify can only be taken away")
	}
	var err error
	for how := range strings.SplitSeq(c.From, ", ") {
		program, option, _ := strings.Cut(how, " ")
		if doc, err = edit.DropOption(doc, line, program, option); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// placeOf returns where a property is set; where it is not, the file in which
// the target is defined.
func placeOf(seen *snapshot.Snapshot, t step.Target, field string) (snapshot.Location, error) {
	for i := range seen.Dockerfiles {
		d := &seen.Dockerfiles[i]
		if t.Kind != snapshot.KindFile || d.Scope != t.Scope || "dockerfile/"+d.Path != t.Key {
			continue
		}
		if f, ok := d.Field(field); ok {
			return snapshot.Location{File: d.File, Line: f.Line}, nil
		}
	}
	for _, r := range seen.Registries {
		if t.Kind == snapshot.KindRegistry && r.Scope == t.Scope {
			return snapshot.Location{File: r.Config.V.Path}, nil
		}
	}
	if w := workload(seen, t); w != nil && w.Loc != nil {
		return *w.Loc, nil
	}
	for _, c := range seen.Containers {
		if t.Kind != snapshot.KindContainer || c.Scope != t.Scope || c.Key != t.Key || c.Loc == nil {
			continue
		}
		for _, f := range c.Fields {
			if f.Field == field || strings.HasPrefix(field, f.Field+".") {
				return f.Loc, nil
			}
		}
		return *c.Loc, nil
	}
	return snapshot.Location{}, refuse("the file that defines it was not found; collect again")
}

// workload returns the workload of a manifest that a step is about, or nil.
func workload(seen *snapshot.Snapshot, t step.Target) *snapshot.Workload {
	if t.Kind != snapshot.KindPodSpec {
		return nil
	}
	x := snapshot.NewIndex(seen)
	for i := range seen.Workloads {
		if s := &x.Subjects[x.WorkloadSubject(i)]; s.Scope == t.Scope && s.Key == t.Key {
			return &seen.Workloads[i]
		}
	}
	return nil
}

// templateRoot is where the specification of the pods is in the object.
func templateRoot(seen *snapshot.Snapshot, t step.Target) string {
	if w := workload(seen, t); w != nil {
		if root, ok := w.Root(); ok {
			return root
		}
	}
	return "spec."
}

// templates are the pod specifications by the keys of their workloads.
func templates(s *snapshot.Snapshot) map[string]snapshot.PodSpec {
	x, m := snapshot.NewIndex(s), make(map[string]snapshot.PodSpec, len(s.Workloads))
	for i := range s.Workloads {
		m[x.Subjects[x.WorkloadSubject(i)].Key] = s.PodSpecs[s.Workloads[i].Spec]
	}
	return m
}

// explain words why a file cannot be edited, with the place, and where a
// variable that decides the value has it.
func (fs *fileSet) explain(rel string, err error) error {
	var e *edit.Error
	if !errors.As(err, &e) {
		return err
	}
	place := snapshot.Location{File: rel, Line: e.Line}
	return refuse("%s", printable(place.String()+": "+e.Why+fs.valueOf(e.Var, filepath.Join(filepath.Dir(rel), ".env"))))
}

// valueOf says on which line of an env file a variable has its value, where it
// has one there.
func (fs *fileSet) valueOf(variable, env string) string {
	env = filepath.ToSlash(env)
	b, err := fs.content(env)
	if err != nil || variable == "" {
		return ""
	}
	said := ""
	for n, line := range strings.Split(string(b), "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if strings.TrimSpace(name) == variable { // the last one counts
			said = fmt.Sprintf(" (it has its value in %s:%d)", env, n+1)
		}
	}
	return said
}

// unplaced makes Dockerfiles in compose files comparable, whose lines an edit
// above them moves.
func unplaced(d snapshot.Dockerfile) snapshot.Dockerfile {
	if d.Inline && len(d.Stages) > 0 {
		first := d.Stages[0].Line
		d = d.Moved(func(line int) int { return line - first })
	}
	return d
}

// unsettled leaves out where a registry's configuration sets what: an edit adds
// places and moves others.
func unsettled(r snapshot.Registry) snapshot.Registry {
	r.Config.V.Fields = nil
	return r
}

// otherThan says in which way the files would say something else than what was
// simulated; "" when they say exactly that.
func otherThan(want, got *snapshot.Snapshot) string {
	for _, p := range got.Parts {
		if p.State == snapshot.Failed && !slices.Contains(want.Parts, p) {
			return "with the edit " + printable(p.Detail)
		}
	}
	specs := func(s *snapshot.Snapshot) map[string]snapshot.ContainerSpec {
		m := make(map[string]snapshot.ContainerSpec)
		for _, c := range s.Containers {
			m[c.Key] = s.ContainerSpecs[c.Spec]
		}
		return m
	}
	w, g := specs(want), specs(got)
	var off []string
	for key, spec := range w {
		if is, ok := g[key]; !ok || !reflect.DeepEqual(spec, is) {
			off = append(off, key)
		}
	}
	pods := templates(got)
	for key, spec := range templates(want) {
		if is, ok := pods[key]; !ok || !reflect.DeepEqual(spec, is) {
			off = append(off, key)
		}
	}
	for _, d := range want.Dockerfiles {
		i := slices.IndexFunc(got.Dockerfiles, func(o snapshot.Dockerfile) bool { return o.Path == d.Path })
		if i < 0 || !reflect.DeepEqual(unplaced(d), unplaced(got.Dockerfiles[i])) {
			off = append(off, "dockerfile/"+d.Path)
		}
	}
	for i, r := range want.Registries {
		if i >= len(got.Registries) || !reflect.DeepEqual(unsettled(r), unsettled(got.Registries[i])) {
			off = append(off, r.Address)
		}
	}
	if len(w) != len(g) || len(want.Workloads) != len(got.Workloads) || len(want.Registries) != len(got.Registries) || len(want.Dockerfiles) != len(got.Dockerfiles) {
		off = append(off, "what is defined at all")
	}
	if len(off) == 0 {
		return ""
	}
	slices.Sort(off)
	return "an edit of its lines would change or leave otherwise than meant: " + printable(strings.Join(off[:min(4, len(off))], ", ")) + "; change it by hand"
}
