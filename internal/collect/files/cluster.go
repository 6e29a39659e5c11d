package files

import (
	"context"
	"path/filepath"

	"plimsoll/internal/collect/manifest"
	"plimsoll/internal/snapshot"
)

// cluster adds what the Kubernetes manifests define, as a scope of its own: it is
// of a cluster, and none of the services beside it need run there.
func (c *collector) cluster(ctx context.Context) error {
	if !c.found.kubernetes() {
		return nil
	}
	name := filepath.ToSlash(filepath.Clean(c.Path))
	f := manifest.Collect(ctx, manifest.Options{
		Scope: "files:" + name + "#kubernetes", Name: name, Taken: c.Taken, FS: c.root.FS(), Read: c.read, Show: c.file, Values: c.Values,
		Files: c.found.manifests, Kustomized: c.found.kustomized, Charts: c.found.charts,
	})
	if f == nil {
		return nil
	}
	if note := c.found.note(); note != "" && len(c.found.compose)+len(c.found.dockerfiles) == 0 {
		f.Parts = append(f.Parts, snapshot.PartStatus{
			Scope: f.Scopes[0].ID, Part: partOther, Item: "folder", State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: note,
		})
	}
	return c.builder.Join(f)
}
