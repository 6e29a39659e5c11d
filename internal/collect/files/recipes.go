package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/dockerfile"
	"plimsoll/internal/snapshot"
)

func (c *collector) dockerfiles(ctx context.Context) {
	slices.Sort(c.found.dockerfiles)
	for _, rel := range slices.Compact(c.found.dockerfiles) {
		if ctx.Err() != nil {
			c.out.Complete = false
			return
		}
		d := c.dockerfile(rel)
		if in, ok := c.inlines[rel]; ok {
			*d = d.Moved(in.line)
			d.Inline = true
		}
		d.Scope, d.Path, d.File = c.scope, rel, c.fileOf(rel)
		d.Ignore = c.ignore(rel)
		c.out.Dockerfiles = append(c.out.Dockerfiles, *d)
	}
}

// dockerfile reduces a Dockerfile to facts by its own defaults.
func (c *collector) dockerfile(rel string) *snapshot.Dockerfile {
	r, err := c.readRecipe(rel)
	if err == nil {
		var d *snapshot.Dockerfile
		if d, err = r.Facts(nil); err == nil {
			return d
		}
	}
	file, at := c.fileOf(rel), func(line int) int { return line }
	if in, ok := c.inlines[rel]; ok {
		at = in.line
	}
	if errors.Is(err, errHangs) {
		return &snapshot.Dockerfile{Parsed: snapshot.Missing[bool](snapshot.Failed, snapshot.ReasonUnresolved, file)}
	}
	if e, ok := errors.AsType[*dockerfile.Error](err); ok && e.Line > 0 {
		err = fmt.Errorf("%s:%d:1: %s", file, at(e.Line), e.Msg)
	} else {
		err = fmt.Errorf("%s: %w", file, err)
	}
	c.fail(snapshot.PartDockerfiles, rel, err)
	return &snapshot.Dockerfile{Parsed: snapshot.Missing[bool](snapshot.Failed, snapshot.ReasonUnparsable, "BuildKit's parser")}
}

// reading is a Dockerfile that was read, or why it could not be.
type reading struct {
	recipe *dockerfile.Recipe
	err    error
}

// readRecipe reads a Dockerfile once, however many services build it.
func (c *collector) readRecipe(rel string) (*dockerfile.Recipe, error) {
	if r, ok := c.readings[rel]; ok {
		return r.recipe, r.err
	}
	r := c.parse(rel)
	c.readings[rel] = r
	return r.recipe, r.err
}

func (c *collector) parse(rel string) (r reading) {
	data, err := c.read(rel, dockerfile.MaxBytes)
	if r.err = err; err == nil {
		r.recipe, r.err = dockerfile.Read(data)
	}
	return r
}

// maxPreread is how many Dockerfiles are held parsed at once.
const maxPreread = 512

// preread parses Dockerfiles, some at a time.
func (c *collector) preread() {
	names := c.found.dockerfiles[:min(len(c.found.dockerfiles), maxPreread)]
	done := make([]reading, len(names))
	spread(len(names), func(i int) { done[i] = c.parse(names[i]) })
	for i, name := range names {
		c.readings[name] = done[i]
	}
}

const maxIgnore = 256 << 10 // bytes of an ignore file

// ignore reads what keeps files out of the context of a Dockerfile. Where no
// service names the context, it is taken to be the Dockerfile's folder.
func (c *collector) ignore(rel string) snapshot.IgnoreFile {
	context := path.Dir(rel)
	if abs, ok := c.recipes[rel]; ok {
		inside := false
		if context, inside = c.rel(abs); !inside {
			return snapshot.IgnoreFile{State: snapshot.Skipped}
		}
	}
	out := snapshot.IgnoreFile{State: snapshot.Absent, Context: context}
	var ignored func(string) bool
	for _, name := range []string{rel + ".dockerignore", path.Join(context, ".dockerignore")} {
		data, err := c.read(name, maxIgnore)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			ignored, err = dockerfile.Ignored(data)
		}
		if err != nil {
			c.fail(snapshot.PartDockerfiles, name, fmt.Errorf("%s: %w", name, err))
			return snapshot.IgnoreFile{State: snapshot.Failed, Path: name, Context: context}
		}
		out.State, out.Path = snapshot.Observed, name
		break
	}
	out.Exposed = c.exposed(context, ignored)
	return out
}

const (
	maxContext = 20_000 // entries of a build context looked at
	maxExposed = 16
)

// exposed lists files of the context that hold history, settings or keys and are
// not kept out.
func (c *collector) exposed(context string, ignored func(string) bool) []string {
	var out []string
	entries := 0
	walked := fs.WalkDir(c.root.FS(), context, func(p string, d fs.DirEntry, err error) error {
		if entries++; entries > maxContext || len(out) == maxExposed {
			return errEnough
		}
		if err != nil {
			return fs.SkipDir
		}
		inside := strings.TrimPrefix(strings.TrimPrefix(p, context), "/")
		if context == "." {
			inside = p
		}
		private := secretFile(d.Name(), d.IsDir())
		if private && inside != "" && p != context && (ignored == nil || !ignored(inside)) {
			out = append(out, inside)
		}
		if d.IsDir() && p != context && (private || slices.Contains(skipped, d.Name())) {
			return fs.SkipDir
		}
		return nil
	})
	if walked != nil && !errors.Is(walked, errEnough) {
		return nil
	}
	return out
}

// secretFile reports whether a name is one that history, settings or keys go by.
func secretFile(name string, dir bool) bool {
	if dir {
		return name == ".git" || name == ".ssh" || name == ".aws" || name == ".kube"
	}
	switch name {
	case ".env", ".npmrc", ".pypirc", ".netrc", ".git-credentials", ".htpasswd", "id_rsa", "id_ecdsa", "id_ed25519", "id_dsa", "credentials.json":
		return true
	}
	switch path.Ext(name) {
	case ".pem", ".key", ".p12", ".pfx", ".jks", ".kdbx":
		return true
	}
	return strings.HasPrefix(name, ".env.") && !strings.HasSuffix(name, ".example") && !strings.HasSuffix(name, ".sample") && !strings.HasSuffix(name, ".template")
}
