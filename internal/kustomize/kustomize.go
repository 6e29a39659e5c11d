// Package kustomize builds kustomizations of a folder, in memory and from its files
// alone: nothing is fetched, no plugin, function or program is run, and no path
// leads out of the folder. It is the only importer of kustomize.
package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// Names are the names of a kustomization file, in the order in which they are
// looked for.
var Names = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// Object is one that a build made.
type Object struct {
	YAML   []byte
	Origin string // file that it comes from, from the top of the folder; "" where none does
	Name   string // that it has there
	Kind   string
}

// ErrUnresolved is of a build that needs what the folder does not hold or what is
// not run here.
var ErrUnresolved = errors.New("is not built")

// Bounds of a build.
const (
	maxBytes  = 16 << 20 // of one file
	maxFolder = 500      // kustomizations that one draws on
	maxObject = 20_000
)

// building guards the schema of the API, which the library keeps in a global.
var building sync.Mutex

// Build builds the kustomization in a folder, named from the top with slashes.
func Build(top fs.FS, dir string) (out []Object, err error) {
	if err := resolvable(top, dir); err != nil {
		return nil, err
	}
	building.Lock()
	defer building.Unlock()
	defer func() {
		// The library is fed by strangers: should it break, the folder is refused.
		if r := recover(); r != nil {
			out, err = nil, errors.New("kustomize gave up on it")
		}
	}()
	disk := &folder{top: top, root: path.Join(mount, dir)}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, disk.root)
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(strings.ReplaceAll(err.Error(), mount+"/", ""), mount, "."))
	}
	if made.Size() > maxObject {
		return nil, fmt.Errorf("makes %d objects; at most %d are read", made.Size(), maxObject)
	}
	for _, r := range made.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("what it makes cannot be written: %w", err)
		}
		o := Object{YAML: text, Name: r.OrgId().Name, Kind: r.OrgId().Kind}
		if from, err := r.GetOrigin(); err == nil && from != nil && from.Repo == "" && from.Path != "" {
			if p := path.Join(dir, from.Path); fs.ValidPath(p) {
				o.Origin = p
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// Refs is what a kustomization draws on, by paths from the top of its folder.
type Refs struct {
	Dirs      []string // other kustomizations: resources, bases and components
	Files     []string // every other file that it names: part of what is built, and nothing by itself
	Outside   []string // what it names and the folder does not hold, as written
	Component bool     // it is for others to use, and nothing by itself
	Runs      string   // what it would run: helm, a plugin
}

// References reads a kustomization file without building it.
func References(top fs.FS, file string) (Refs, error) {
	data, err := read(top, file)
	if err != nil {
		return Refs{}, err
	}
	var k types.Kustomization
	if err := k.Unmarshal(data); err != nil {
		return Refs{}, errors.New(strings.TrimSpace(err.Error()))
	}
	k.FixKustomization()
	r := Refs{Component: k.Kind == types.ComponentKind}
	look := looker{top: top, dir: path.Dir(file), refs: &r}
	look.all(k.Resources, k.Components, k.Crds, k.Configurations, k.Generators, k.Transformers, k.Validators)
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // old files have it
		look.path(string(p))
	}
	for _, p := range append(slices.Clone(k.Patches), k.PatchesJson6902...) { //nolint:staticcheck // old files have it
		look.path(p.Path)
	}
	for _, p := range k.Replacements {
		look.path(p.Path)
	}
	look.path(k.OpenAPI["path"])
	for _, g := range k.ConfigMapGenerator {
		look.sources(g.KvPairSources)
	}
	for _, g := range k.SecretGenerator {
		look.sources(g.KvPairSources)
	}
	if len(k.HelmCharts) > 0 || len(k.HelmChartInflationGenerator) > 0 {
		r.Runs = "helm"
	}
	return r, nil
}

// looker sorts what a kustomization names.
type looker struct {
	top  fs.FS
	dir  string
	refs *Refs
}

func (l *looker) all(lists ...[]string) {
	for _, list := range lists {
		for _, p := range list {
			l.path(p)
		}
	}
}

func (l *looker) sources(s types.KvPairSources) {
	for _, f := range append(slices.Clone(s.FileSources), s.EnvSources...) {
		if _, file, ok := strings.Cut(f, "="); ok {
			f = file
		}
		l.path(f)
	}
	if s.EnvSource != "" {
		l.path(s.EnvSource)
	}
}

func (l *looker) path(p string) {
	if p == "" || strings.ContainsAny(p, "\n{") { // written in place
		return
	}
	at := path.Join(l.dir, p)
	fi, err := fs.Stat(l.top, at)
	switch {
	case path.IsAbs(p) || !fs.ValidPath(at) || err != nil:
		l.refs.Outside = append(l.refs.Outside, p)
	case fi.IsDir():
		l.refs.Dirs = append(l.refs.Dirs, at)
	default:
		l.refs.Files = append(l.refs.Files, at)
	}
}

// resolvable reports whether everything that a build would draw on is in the folder.
// What is not, the library would look for on the network.
func resolvable(top fs.FS, dir string) error {
	seen := map[string]bool{dir: true}
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		file, ok := File(top, queue[0])
		if !ok {
			return fmt.Errorf("%w: %s has no kustomization file", ErrUnresolved, queue[0])
		}
		refs, err := References(top, file)
		switch {
		case err != nil:
			return err
		case len(refs.Outside) > 0:
			return fmt.Errorf("%w: %s draws on %s, which the folder does not hold and nothing is fetched", ErrUnresolved, file, strings.Join(refs.Outside, ", "))
		case refs.Runs != "":
			return fmt.Errorf("%w: %s runs %s, and no program is run", ErrUnresolved, file, refs.Runs)
		}
		for _, f := range refs.Files {
			if remote(top, f) {
				return fmt.Errorf("%w: %s configures a plugin that draws on the network", ErrUnresolved, f)
			}
		}
		for _, d := range refs.Dirs {
			if !seen[d] {
				seen[d] = true
				queue = append(queue, d)
			}
		}
		if len(seen) > maxFolder {
			return fmt.Errorf("%w: it draws on more than %d kustomizations", ErrUnresolved, maxFolder)
		}
	}
	return nil
}

// remote reports whether a file configures one of the built-in plugins with an
// address: these load what they are given from wherever it is.
func remote(top fs.FS, file string) bool {
	data, err := read(top, file)
	if err != nil || !strings.Contains(string(data), "apiVersion: builtin") && !strings.Contains(string(data), "HelmChartInflationGenerator") {
		return false
	}
	return strings.Contains(string(data), "://") || strings.Contains(string(data), "HelmChartInflationGenerator")
}

// File returns the kustomization file of a folder.
func File(top fs.FS, dir string) (string, bool) {
	for _, n := range Names {
		f := path.Join(dir, n)
		if fi, err := fs.Stat(top, f); err == nil && fi.Mode().IsRegular() {
			return f, true
		}
	}
	return "", false
}

// prepared is a kustomization as the library gets it: with the deprecated fields,
// of which it would warn, in their present form, and for the one that is built with
// the wish to be told where each object comes from.
func (f *folder) prepared(name string, data []byte) []byte {
	var k types.Kustomization
	if err := k.Unmarshal(data); err != nil {
		return data
	}
	k.FixKustomization()
	if err := k.FixKustomizationPreMarshalling(&folder{top: f.top, root: f.root, dir: path.Dir(name)}); err != nil {
		return data
	}
	if path.Dir(name) == f.root && !slices.Contains(k.BuildMetadata, types.OriginAnnotations) {
		k.BuildMetadata = append(k.BuildMetadata, types.OriginAnnotations)
	}
	out, err := yaml.Marshal(&k)
	if err != nil {
		return data
	}
	return out
}
