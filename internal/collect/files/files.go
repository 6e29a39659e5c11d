// Package files collects evidence from compose files, Dockerfiles and Kubernetes
// manifests below a folder, or from one such file. It reads inside that folder only, follows no
// symbolic link out of it, and runs, builds and fetches nothing.
package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/collect"
	"plimsoll/internal/collect/manifest"
	"plimsoll/internal/snapshot"
)

// Options say what to look at.
type Options struct {
	Path  string // folder or file, as the user named it; evidence names files below it
	Dir   string // directory that a relative Path starts at; "" is the process's own
	Home  string // the user's home, which is too wide for a build context
	Taken time.Time

	// Instead holds contents that stand in the place of those of files, by their
	// path from the folder with slashes: what an edit would make of them.
	Instead map[string][]byte
	Memo    *Memo // of earlier collections of the folder; nil is none

	Values []manifest.Values // for Helm charts, instead of the files of values beside them
}

type collector struct {
	Options
	base  string // absolute path of the folder, symbolic links resolved
	shown string // the folder as the user would write it
	root  *os.Root
	scope string

	out     *snapshot.Snapshot
	builder *collect.Builder
	keys    map[string]bool
	recipes map[string]string // Dockerfile, from base -> its build context, absolute; "" is not known
	found   found

	inlines  map[string]inline  // Dockerfiles in compose files, by path
	readings map[string]reading // by Dockerfile, from base
	head     []byte             // of the file that is sniffed
}

// Collect returns a scope of files with its evidence. It fails only when the
// path itself cannot be read; whatever else goes wrong is in the coverage.
func Collect(ctx context.Context, o Options) (*snapshot.Snapshot, error) {
	c := &collector{Options: o, out: &snapshot.Snapshot{Taken: o.Taken, Complete: true}, keys: make(map[string]bool), recipes: make(map[string]string), readings: make(map[string]reading), inlines: make(map[string]inline)}
	c.builder = collect.NewBuilder(c.out)
	single, err := c.open()
	if err != nil {
		return nil, err
	}
	defer c.root.Close() //nolint:errcheck // it was only read
	c.scope = "files:" + filepath.ToSlash(filepath.Clean(o.Path))
	if single != "" {
		c.found.take(single, c.sniff)
		if c.found.none() {
			return nil, fmt.Errorf("%s is none of a compose file, a Dockerfile, a daemon.json and a configuration of the Docker command or of a registry; compose.yaml, docker-compose.yml, Dockerfile, NAME.Dockerfile, daemon.json, ~/.docker/config.json, the config.yml of a registry and YAML or JSON with Kubernetes objects are", o.Path)
		}
	} else if c.walk(ctx); c.found.none() && !c.found.cut {
		err := fmt.Errorf("%s holds no compose file, no Dockerfile, no daemon.json, no Kubernetes manifest and no configuration of the Docker command or of a registry", o.Path)
		if note := c.found.note(); note != "" {
			err = fmt.Errorf("%w; seen there: %s", err, note)
		}
		return nil, err
	}
	c.daemons()
	c.clients(single != "")
	c.registries()
	if err := c.cluster(ctx); err != nil {
		return nil, err
	}
	alone := len(c.found.daemons)+len(c.found.clients)+len(c.found.registries)+len(c.out.Clusters) > 0 && single != ""
	if !alone && (len(c.out.Clusters) == 0 || len(c.found.compose)+len(c.found.dockerfiles) > 0) {
		c.folder(ctx, single != "")
	}
	if err := c.out.Validate(); err != nil {
		return nil, fmt.Errorf("what was collected is not valid, which is a defect: %w", err)
	}
	return c.out, nil
}

// folder adds the scope of everything but engines' settings.
func (c *collector) folder(ctx context.Context, single bool) {
	c.out.Scopes = append(c.out.Scopes, snapshot.Scope{ID: c.scope, Kind: snapshot.ScopeFiles, Name: filepath.ToSlash(filepath.Clean(c.Path)), Taken: c.Taken})
	c.preread()
	c.projects(ctx, c.found.projects(single))
	c.dockerfiles(ctx)
	c.coverage()
}

// open opens the folder; single is the name of the file when one was named.
func (c *collector) open() (single string, err error) {
	path := c.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, path)
	}
	fi, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	c.shown = filepath.Clean(c.Path)
	if !fi.IsDir() {
		path, single, c.shown = filepath.Dir(path), filepath.Base(path), filepath.Dir(c.shown)
		if m := contextName.FindStringSubmatch(filepath.ToSlash(filepath.Join(path, single))); m != nil { // its certificates are beside it
			single = m[2] + "/" + single
			for range strings.Count(single, "/") {
				path, c.shown = filepath.Dir(path), filepath.Join(c.shown, "..")
			}
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	if c.base, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	c.root, err = os.OpenRoot(c.base)
	return single, err
}

// coverage says what became of each part.
func (c *collector) coverage() {
	part := func(p snapshot.Part, n int, what string) {
		st := snapshot.PartStatus{Scope: c.scope, Part: p, State: snapshot.Observed}
		if n == 0 {
			st.State, st.Detail = snapshot.Absent, "there is no "+what
			if c.found.cut {
				st.State, st.Reason, st.Detail = snapshot.Failed, snapshot.ReasonPartial, "no "+what+" was found before the search ended"
			}
		}
		c.out.Parts = append(c.out.Parts, st)
	}
	part(snapshot.PartEngineContainers, len(c.found.compose), "compose file")
	part(snapshot.PartEngineNetworks, len(c.found.compose), "compose file")
	part(snapshot.PartDockerfiles, len(c.out.Dockerfiles), "Dockerfile")
	if note := c.found.note(); note != "" {
		c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
			Scope: c.scope, Part: snapshot.PartOtherFiles, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: note,
		})
	}
	if c.found.cut {
		c.out.Complete = false
		c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
			Scope: c.scope, Part: snapshot.PartOtherFiles, Item: "walk", State: snapshot.Failed, Reason: snapshot.ReasonPartial,
			Detail: fmt.Sprintf("the search ended after %d entries; name a smaller folder", maxEntries),
		})
	}
}

// fail notes that one document could not be understood.
func (c *collector) fail(p snapshot.Part, rel string, err error) {
	c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
		Scope: c.scope, Part: p, Item: "file/" + rel, State: snapshot.Failed, Reason: snapshot.ReasonUnparsable, Detail: strings.ReplaceAll(err.Error(), c.base, c.shown),
	})
}

// rel returns an absolute path from the folder, with slashes; ok is false when it
// lies outside.
func (c *collector) rel(path string) (rel string, ok bool) {
	rel, err := filepath.Rel(c.base, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// show returns an absolute path as a person would open it.
func (c *collector) show(path string) string {
	if rel, ok := c.rel(path); ok {
		return filepath.ToSlash(filepath.Join(c.shown, rel))
	}
	return path
}

// file returns a path from the folder as a person would open it.
func (c *collector) file(rel string) string {
	return c.show(filepath.Join(c.base, filepath.FromSlash(rel)))
}

// key returns a key that no other service has: the file is added to one that is
// taken already.
func (c *collector) key(key, rel string) string {
	for c.keys[key] {
		key += "@" + rel
	}
	c.keys[key] = true
	return key
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
