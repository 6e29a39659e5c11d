package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"plimsoll/internal/collect"

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

// ReadValues reads a file of values for Helm charts. dir is where a relative path
// starts.
func ReadValues(name, dir string) (manifest.Values, error) {
	at := name
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, at)
	}
	f, err := os.Open(at)
	if err != nil {
		return manifest.Values{}, fmt.Errorf("values %s: %w", name, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, manifest.MaxFile+1))
	if err == nil && len(data) > manifest.MaxFile {
		err = fmt.Errorf("is larger than the %d bytes that are read", manifest.MaxFile)
	}
	if err != nil {
		return manifest.Values{}, fmt.Errorf("values %s: %w", name, cause(err))
	}
	return manifest.Values{Name: filepath.ToSlash(name), Data: data}, nil
}

// streamName is what objects of the standard input come from.
const streamName = "(standard input)"

// CollectStream returns a scope with what the manifests of a stream define.
func CollectStream(ctx context.Context, in io.Reader, o Options) (*snapshot.Snapshot, error) {
	data, err := io.ReadAll(io.LimitReader(in, streamLimit+1))
	if err != nil {
		return nil, fmt.Errorf("the standard input cannot be read: %w", err)
	}
	f := manifest.Collect(ctx, manifest.Options{
		Scope: "files:-#kubernetes", Name: streamName, Taken: o.Taken, Files: []string{streamName},
		Read: func(_ string, limit int) ([]byte, error) {
			if len(data) > limit {
				return nil, fmt.Errorf("is larger than the %d bytes that are read", limit)
			}
			return data, nil
		},
		Show: func(rel string) string { return rel },
	})
	if f == nil {
		return nil, errors.New("the standard input holds no Kubernetes object")
	}
	out := &snapshot.Snapshot{Taken: o.Taken, Complete: true}
	if err := collect.NewBuilder(out).Join(f); err != nil {
		return nil, err
	}
	return out, out.Validate()
}

// streamLimit is how much of a stream is read.
const streamLimit = manifest.MaxFile
