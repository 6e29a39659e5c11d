// Package helm renders charts, in memory and from their files alone: nothing is
// fetched, no cluster is asked, and what a template may take of time and memory is
// bounded. It is the only importer of Helm.
package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/ignore"
)

// Bounds of a chart.
const (
	maxFiles  = 5_000
	maxFile   = 5 << 20
	maxChart  = 64 << 20 // of all its files
	maxOutput = 64 << 20 // of all that it renders
)

// patience is how long a chart may render.
const patience = 10 * time.Second

// Release is the name that a chart is rendered for, as that of helm template, and
// Namespace stands for the namespace that it is installed into, which only who
// installs it says.
const (
	Release   = "release-name"
	Namespace = "release-namespace"
)

// ErrUnresolved is of a chart that needs what the folder does not hold.
var ErrUnresolved = errors.New("is not rendered")

// Chart is a chart that was read.
type Chart struct {
	Name, Version string
	files         []*archive.BufferedFile
	patience      time.Duration
}

// Rendered is what one template gave.
type Rendered struct {
	Template string // its path from the chart, as in templates/web.yaml or charts/db/templates/db.yaml
	Text     string
	Source   string // the template's own text
}

// quiet silences what the library says through the standard logger of what is in
// values.
var quiet = sync.OnceFunc(func() { log.SetOutput(io.Discard) })

// Read reads the chart in a folder, named from the top with slashes.
func Read(top fs.FS, dir string) (*Chart, error) {
	quiet()
	rules := ignore.Empty()
	if data, err := fs.ReadFile(top, path.Join(dir, ".helmignore")); err == nil {
		if r, err := ignore.Parse(strings.NewReader(string(data))); err == nil {
			rules = r
		}
	}
	rules.AddDefaults()
	c := &Chart{patience: patience}
	total := 0
	err := fs.WalkDir(top, dir, func(name string, d fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		if dir == "." {
			rel = name
		}
		if err != nil || rel == "" || rel == "." {
			return err
		}
		fi, err := fs.Stat(top, name) // of what a link leads to, within the folder
		switch {
		case err != nil:
			return nil //nolint:nilerr // a link to nowhere is no part of the chart
		case d.IsDir() && (rules.Ignore(rel, fi) || d.Name() == ".git"):
			return fs.SkipDir
		case !fi.Mode().IsRegular() || rules.Ignore(rel, fi):
			return nil
		case fi.Size() > maxFile:
			return fmt.Errorf("%s is larger than the %d bytes that are read", name, maxFile)
		}
		if total += int(fi.Size()); total > maxChart || len(c.files) >= maxFiles {
			return fmt.Errorf("the chart has more than %d files or %d bytes", maxFiles, maxChart)
		}
		data, err := fs.ReadFile(top, name)
		c.files = append(c.files, &archive.BufferedFile{Name: rel, Data: data})
		return err
	})
	if err != nil {
		return nil, err
	}
	made, err := c.load()
	if err != nil {
		return nil, err
	}
	c.Name, c.Version = made.Name(), made.Metadata.Version
	return c, nil
}

// load makes a chart of the files. The library takes it apart while rendering, so
// each rendering has its own.
func (c *Chart) load() (made *chart.Chart, err error) {
	defer guard(&err)
	files := make([]*archive.BufferedFile, len(c.files))
	for i, f := range c.files {
		files[i] = &archive.BufferedFile{Name: f.Name, Data: f.Data}
	}
	return loader.LoadFiles(files)
}

// guard turns a panic of the library, which is fed by strangers, into an error.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = errors.New("helm gave up on it")
	}
}

// Library reports whether a chart is for others to use and renders nothing by
// itself.
func (c *Chart) Library() bool {
	made, err := c.load()
	return err == nil && made.Metadata.Type == "library"
}

// Render renders the chart with its own values and those of a file over them.
func (c *Chart) Render(ctx context.Context, values []byte) ([]Rendered, error) {
	made, err := c.load()
	if err != nil {
		return nil, err
	}
	if missing := absent(made); len(missing) > 0 {
		return nil, fmt.Errorf("%w: its dependencies %s are not in charts/, and nothing is fetched", ErrUnresolved, strings.Join(missing, ", "))
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	return c.render(ctx, made, values)
}

func (c *Chart) render(ctx context.Context, made *chart.Chart, values []byte) (out []Rendered, err error) {
	defer guard(&err)
	vals, err := common.ReadValues(values)
	if err != nil {
		return nil, fmt.Errorf("the values cannot be read: %w", err)
	}
	if err := chartutil.ProcessDependencies(made, vals); err != nil {
		return nil, err
	}
	all, err := util.ToRenderValuesWithSchemaValidation(made, vals, common.ReleaseOptions{
		Name: Release, Namespace: Namespace, Revision: 1, IsInstall: true,
	}, common.DefaultCapabilities, true)
	if err != nil {
		return nil, err
	}
	leash := newLeash(ctx)
	defer leash.stop()
	sources := make(map[string]string)
	leash.tie(made, made.Name(), sources)
	texts, err := engine.Engine{CustomTemplateFuncs: leash.functions()}.RenderWithContext(ctx, made, all)
	if err != nil {
		if broken := leash.broken(); broken != nil {
			err = broken
		}
		return nil, short(err)
	}
	size := 0
	for name, text := range texts {
		if size += len(text); size > maxOutput {
			return nil, fmt.Errorf("renders more than the %d bytes that are read", maxOutput)
		}
		if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" || ext == ".json" || ext == ".tpl" {
			out = append(out, Rendered{strings.TrimPrefix(name, made.Name()+"/"), text, sources[name]})
		}
	}
	for _, crd := range made.CRDObjects() {
		out = append(out, Rendered{strings.TrimPrefix(crd.Filename, made.Name()+"/"), string(crd.File.Data), string(crd.File.Data)})
	}
	slices.SortFunc(out, func(a, b Rendered) int { return cmp.Compare(a.Template, b.Template) })
	return out, nil
}

// Bounds of what is repeated of an error: where it begins and what it comes to.
const errorHead, errorTail = 200, 200

// short cuts the middle out of an error: templates that call one another give one
// of each call.
func short(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) <= errorHead+errorTail {
		return errors.New(text)
	}
	return errors.New(strings.ToValidUTF8(text[:errorHead], "") + " … " + strings.ToValidUTF8(text[len(text)-errorTail:], ""))
}

// absent lists the dependencies that a chart names and does not bring along.
func absent(c *chart.Chart) []string {
	var out []string
	for _, d := range c.Metadata.Dependencies {
		if d != nil && !slices.ContainsFunc(c.Dependencies(), func(s *chart.Chart) bool { return s.Name() == d.Name }) {
			out = append(out, d.Name)
		}
	}
	return out
}
