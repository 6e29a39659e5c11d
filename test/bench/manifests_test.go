package bench_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"plimsoll/internal/collect/files"
)

// manifestsLimit is how much longer than parsing alone everything from finding the
// manifests to their evidence may take.
const manifestsLimit = 1.5

// manifestFolders hold manifests as they are. What charts and kustomizations cost
// is what Helm and kustomize do.
var manifestFolders = []string{"badPods", "k8s-examples", "kube-prometheus/manifests"}

// BenchmarkManifests reads folders of manifests: those of PLIMSOLL_CORPORA where it
// is set, else a small one that is kept here.
func BenchmarkManifests(b *testing.B) {
	roots := []string{filepath.Join("testdata", "manifests")}
	if corpora := os.Getenv("PLIMSOLL_CORPORA"); corpora != "" {
		roots = nil
		for _, f := range manifestFolders {
			roots = append(roots, filepath.Join(corpora, f))
		}
	}
	var paths []string
	for _, root := range roots {
		paths = append(paths, manifestsBelow(b, root)...)
	}
	documents := 0
	every := func(f func(context.Context, string) error) func() error {
		return func() error {
			for _, root := range roots {
				if err := f(b.Context(), root); err != nil {
					return err
				}
			}
			return nil
		}
	}
	results := compare(b, []contender{
		{"parse", here(func() error { documents = parseManifests(b, paths); return nil }), 0},
		{"collect", here(every(func(ctx context.Context, root string) error { _, err := collectFiles(ctx, root); return err })), manifestsLimit},
		{"assess", here(every(assessFiles)), 0},
	})
	b.ReportMetric(float64(documents)/results[1].median.Seconds(), "manifests/s")
}

// manifestsBelow lists the files that may hold objects.
func manifestsBelow(b *testing.B, root string) []string {
	b.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return err
		}
		if text, err := os.ReadFile(path); err == nil && files.Manifest(text, false) {
			out = append(out, path)
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		b.Fatalf("%s: %d files, %v", root, len(out), err)
	}
	return out
}

var documentMark = regexp.MustCompile(`(?m)^---`)

// parseManifests is the floor: each file is read, and each document of it parsed
// once by the library that Kubernetes reads its manifests with.
func parseManifests(b *testing.B, paths []string) int {
	b.Helper()
	n := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		for _, text := range documentMark.Split(string(data), -1) {
			var o map[string]any
			if yaml.Unmarshal([]byte(text), &o) == nil && o["kind"] != nil {
				n++
			}
		}
	}
	return n
}
