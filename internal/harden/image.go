package harden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The kinds of images beside a journal, by the end of their names.
const (
	beforeImage = ".before.json" // the engine's description of a container that gives way
	afterImage  = ".after.json"  // what can be changed of its successor, as it was made
	fileImage   = ".before.file" // the content of a file that is edited
)

// base is the beginning of the names of a journal's images.
func (j *Journal) base() string { return strings.TrimSuffix(filepath.Base(j.Path), ".jsonl") }

// saveImage stores what the engine said of a container and returns the file's
// name. It may hold secrets and is for its owner only, until [Journal.sweep].
func (w *writer) saveImage(tag, kind string, raw []byte) (string, error) {
	dir := filepath.Dir(w.Path)
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.%s.%d%s", w.base(), tag, n, kind)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("store an image of the container: %w", err)
		}
		_, err = f.Write(raw)
		if err = errors.Join(err, f.Sync(), f.Close(), syncDir(dir)); err != nil {
			return "", fmt.Errorf("store an image of the container: %w", err)
		}
		return name, nil
	}
}

// image reads an image of the journal back.
func (j *Journal) image(name string) ([]byte, error) {
	if name == "" || name != filepath.Base(name) {
		return nil, fmt.Errorf("%w: image %q is not a plain file name", ErrJournal, printable(name))
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(j.Path), name))
	if err != nil {
		return nil, fmt.Errorf("%w: read an image: %w", ErrJournal, err)
	}
	return b, nil
}

// needs lists the images that the steps which are not settled may still need.
func (j *Journal) needs() []string {
	var names []string
	for _, e := range j.Entries {
		if e.Phase == PhaseUndone || e.Phase == PhaseCommitted {
			continue
		}
		names = append(names, e.Image, e.After)
		for _, f := range e.Files {
			names = append(names, f.Image)
		}
		for _, s := range []*Swap{e.Swap, e.Undoing} {
			if s != nil {
				names = append(names, s.Image)
			}
		}
	}
	return names
}

// sweep removes the images that nothing needs any more, those too that a killed
// run had no time to remove or to refer to.
func (j *Journal) sweep() error {
	dir := filepath.Dir(j.Path)
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for images to remove: %w", err)
	}
	needed := j.needs()
	for _, f := range files {
		name := f.Name()
		is := strings.HasPrefix(name, j.base()+".") && slices.ContainsFunc([]string{beforeImage, afterImage, fileImage}, func(end string) bool { return strings.HasSuffix(name, end) })
		if !is || slices.Contains(needed, name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an image that may hold secrets and is not needed any more; delete it by hand: %w", err)
		}
	}
	return nil
}
