package bench_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/sirupsen/logrus"

	"plimsoll/internal/assess"
	checks "plimsoll/internal/checks/docker"
	filechecks "plimsoll/internal/checks/files"
	"plimsoll/internal/collect/files"
	"plimsoll/internal/snapshot"
)

// filesLimit is how much longer than the parsers alone everything from finding
// the files to their findings may take.
const filesLimit = 1.5

// BenchmarkFiles judges a folder of files: that of PLIMSOLL_CORPORA where it is
// set, else a small one that is kept here.
func BenchmarkFiles(b *testing.B) {
	root := os.Getenv("PLIMSOLL_CORPORA")
	if root == "" {
		root = filepath.Join("testdata", "files")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		b.Fatal(err)
	}
	logrus.SetOutput(io.Discard) // the library warns of what is in the files
	paths := judgedBelow(b, root)
	results := compare(b, []contender{
		{"parse", here(func() error { parseAlone(b.Context(), paths); return nil }), 0},
		{"collect", here(func() error { _, err := collectFiles(b.Context(), root); return err }), 0},
		{"assess", here(func() error { return assessFiles(b.Context(), root) }), filesLimit},
	})
	b.ReportMetric(float64(len(paths))/results[2].median.Seconds(), "files/s")
}

// judgedBelow lists the files that are judged.
func judgedBelow(b *testing.B, root string) []string {
	b.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && files.Judged(d.Name()) {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		b.Fatalf("%s: %d files, %v", root, len(out), err)
	}
	return out
}

// parseAlone is the floor: each file is read and parsed once by the library that
// knows its form, and the result is thrown away.
func parseAlone(ctx context.Context, paths []string) {
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if strings.HasSuffix(path, ".yml") || strings.HasSuffix(path, ".yaml") {
			parseCompose(ctx, path, data)
			continue
		}
		if result, err := parser.Parse(bytes.NewReader(data)); err == nil {
			_, _, _ = instructions.Parse(result.AST, nil)
		}
	}
}

// parseCompose loads one file. One that is not valid by itself, or names files
// that are not there, is parsed as far as that.
func parseCompose(ctx context.Context, path string, data []byte) {
	details := types.ConfigDetails{
		WorkingDir: filepath.Dir(path), Environment: map[string]string{},
		ConfigFiles: []types.ConfigFile{{Filename: path, Content: data}},
	}
	_, _ = loader.LoadWithContext(ctx, details, func(o *loader.Options) {
		o.SetProjectName("bench", true)
		o.Profiles = []string{"*"}
		o.SkipResolveEnvironment = true
	})
}

func collectFiles(ctx context.Context, root string) (*snapshot.Snapshot, error) {
	return files.Collect(ctx, files.Options{Path: root, Home: "/home/bench", Taken: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
}

func assessFiles(ctx context.Context, root string) error {
	s, err := collectFiles(ctx, root)
	if err != nil {
		return err
	}
	suite := append(append(checks.Suite[:0:0], checks.Suite...), filechecks.Suite...)
	_, err = assess.Assess(assess.Inputs{Snapshot: s, Suite: suite, Planned: checks.Planned(), Now: s.Taken})
	return err
}
