package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/collect/files"
	"plimsoll/internal/edit"
	"plimsoll/internal/harden"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

// targetEvidence collects for a command that works on a running engine, or on the
// files that a target names.
func (a *app) targetEvidence(ctx context.Context, cmd *cobra.Command, f *collectFlags, target string) (*source, error) {
	if folder, err := a.folder(target); err != nil || folder == "" {
		return a.engineEvidence(ctx, cmd, f, target)
	}
	src, err := a.evidence(ctx, cmd, f, []string{target}, false)
	if err == nil {
		err = src.partial
	}
	if err != nil {
		return nil, err
	}
	a.noteUnfinished(f)
	return src, nil
}

// folder returns the absolute path of a target that is a folder or file of
// compose and Docker files, "" when it is another one.
func (a *app) folder(target string) (string, error) {
	if target == "" {
		return "", nil
	}
	t, err := a.parseTargets([]string{target})
	if err != nil || len(t.live) != 1 || t.live[0].Kind != "files" {
		return "", err
	}
	path, err := filepath.Abs(a.path(t.live[0].Arg))
	if err != nil {
		return "", usage("%s has no absolute path: %v", quote(target), err)
	}
	return path, nil
}

// readFiles reads what the files of a folder define, for harden.
func (a *app) readFiles(ctx context.Context, root string, instead map[string][]byte) (*snapshot.Snapshot, error) {
	return files.Collect(ctx, files.Options{Path: root, Dir: a.Dir, Home: a.Home, Taken: a.now().UTC().Truncate(time.Second), Instead: instead, Memo: &a.memo})
}

// written returns the name that evidence had for a folder, when that still leads
// there: evidence of both times is then about the same scope.
func (a *app) written(before *snapshot.Snapshot, folder string) string {
	if before == nil {
		return folder
	}
	for _, sc := range before.Scopes {
		if path, err := filepath.Abs(a.path(filepath.FromSlash(sc.Name))); sc.Kind == snapshot.ScopeFiles && err == nil && path == folder {
			return filepath.FromSlash(sc.Name)
		}
	}
	return folder
}

// fileDiffs renders what becomes of files: the changed lines alone, since those
// around them may hold secrets.
func fileDiffs(target string, diffs []harden.FileDiff, single bool) string {
	var b strings.Builder
	dir := target
	if single {
		dir = filepath.Dir(target)
	}
	for _, d := range diffs {
		name := text.Clean(filepath.ToSlash(filepath.Join(dir, filepath.FromSlash(d.Path))))
		changed := edit.Diff(d.Before, d.After, 0)
		if changed == "" {
			continue
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", name, name)
		for line := range strings.Lines(changed) {
			b.WriteString(shown(strings.TrimRight(line, "\r\n")) + "\n")
		}
	}
	return b.String()
}

// shown is a line of a diff as it is printed: of a mapping in braces, which may
// hold anything, only the beginning.
func shown(line string) string {
	if i := strings.IndexByte(line, '{'); i >= 0 && !strings.HasPrefix(line, "@@") {
		line = line[:i] + "{…}"
	}
	if line == "" {
		return line
	}
	return line[:1] + text.Clean(line[1:])
}
