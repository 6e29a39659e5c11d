package harden

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// content returns a file as it is, or as the drafts have it.
func (fs *fileSet) content(rel string) ([]byte, error) {
	if b, ok := fs.drafts[rel]; ok {
		return b, nil
	}
	name := filepath.FromSlash(rel)
	fi, err := fs.root.Lstat(name)
	switch {
	case err != nil:
		return nil, refuse("%s cannot be read: %v", printable(rel), plainCause(err))
	case fi.Mode()&os.ModeSymlink != 0:
		return nil, refuse("%s is a symbolic link; name the folder of the file that it leads to", printable(rel))
	case !fi.Mode().IsRegular():
		return nil, refuse("%s is no regular file", printable(rel))
	case fi.Size() > maxFile:
		return nil, refuse("%s is larger than %d bytes", printable(rel), maxFile)
	case names(fi) > 1:
		return nil, refuse("%s has several names (hard links), of which replacing it would keep one; change it by hand", printable(rel))
	}
	f, err := fs.root.Open(name)
	if err != nil {
		return nil, refuse("%s cannot be read: %v", printable(rel), plainCause(err))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", printable(rel), plainCause(err))
	}
	return b, nil
}

// plainCause is an error of the system without the path that it repeats.
func plainCause(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}

// temporary is where new content is written before it takes the place of a file.
// It is the same for a step each time, so that what a killed run left is found.
func temporary(rel, stepID string) string {
	return path.Join(path.Dir(rel), ".plimsoll-"+stepID+"-"+path.Base(rel)+".tmp")
}

// replace puts content in the place of a file, whole or not at all. Mode and
// owner stay.
func (fs *fileSet) replace(rel, stepID string, content []byte) error {
	name, tmp := filepath.FromSlash(rel), filepath.FromSlash(temporary(rel, stepID))
	fi, err := fs.root.Lstat(name)
	if err != nil {
		return fmt.Errorf("replace %s: %w", printable(rel), plainCause(err))
	}
	_ = fs.root.Remove(tmp) // of a run that was killed
	f, err := fs.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write beside %s: %w", printable(rel), plainCause(err))
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	err = errors.Join(err, giveOwner(f, fi), f.Chmod(fi.Mode()), f.Sync(), f.Close())
	if err == nil {
		err = fs.root.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", printable(rel), plainCause(err)), ignoreGone(fs.root.Remove(tmp)))
	}
	dir, err := fs.root.Open(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("replace %s: %w", printable(rel), plainCause(err))
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// writeFiles performs an edit that was drafted.
func (r *runner) writeFiles(e *Entry, drafts []draft) error {
	for i, d := range drafts {
		now, err := r.files.content(d.rel)
		if err != nil {
			return err
		}
		if digest(now) != e.Files[i].From {
			return fmt.Errorf("%s changed while the step was performed", printable(d.rel))
		}
		r.reached(e.Step.ID, "before-write")
		if err := r.files.replace(d.rel, e.Step.ID, d.after); err != nil {
			return err
		}
		if _, ok := r.files.shown[d.rel]; ok {
			r.files.shown[d.rel] = e.Files[i].To
		}
		r.reached(e.Step.ID, "written")
	}
	return nil
}

// confirmFiles reads the files again: they hold what was written, and say what
// the step states.
func (r *runner) confirmFiles(ctx context.Context, e *Entry) error {
	state, err := stateOf(e.Files)
	if err != nil {
		return err
	}
	if state != filesAfter {
		return errors.New("a file does not hold what was written")
	}
	if r.files == nil || r.opts.Files == nil {
		return nil
	}
	r.files.seen = nil
	checks, err := r.checkFiles(ctx, e)
	if err != nil {
		return err
	}
	for _, c := range checks {
		if !c.Holds {
			return fmt.Errorf("the file was written, but %s is %q", c.Field, printable(c.Got))
		}
	}
	return nil
}

// checkFiles reads the values of a step from the files.
func (r *runner) checkFiles(ctx context.Context, e *Entry) ([]Check, error) {
	seen, err := r.collectFiles(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read the files: %w", err)
	}
	r.files.seen = seen
	var out []Check
	here, err := inScope(seen, e.Step)
	for _, c := range e.Step.Set {
		ch := Check{Step: e.Step, Field: c.Field, Want: c.To}
		if err != nil {
			ch.Why = "its file no longer defines it"
		} else if ch.Got, err = snapshot.NewOverlay(seen).Get(here.Target.Kind, here.Target.Scope, here.Target.Key, c.Field); err != nil {
			ch.Why = err.Error()
		}
		ch.Holds = ch.Why == "" && ch.Got == c.To
		out = append(out, ch)
	}
	return out, nil
}

// keepFiles stores before-images and says what the step will make of the files.
func (w *writer) keepFiles(s step.Step, dir string, drafts []draft) ([]FileChange, error) {
	var out []FileChange
	for _, d := range drafts {
		image, err := w.saveImage(s.ID, fileImage, d.before)
		if err != nil {
			return nil, err
		}
		out = append(out, FileChange{Path: filepath.Join(dir, filepath.FromSlash(d.rel)), From: digest(d.before), To: digest(d.after), Image: image})
	}
	return out, nil
}

// byHandFiles says how a person restores the files of a step.
func byHandFiles(e *Entry, j *Journal) []string {
	var hand []string
	for _, f := range e.Files {
		hand = append(hand, fmt.Sprintf("%s was as in %s; compare them and keep what you want", printable(f.Path), filepath.Join(filepath.Dir(j.Path), f.Image)))
	}
	return hand
}

// fileNames lists the files of a step, for messages.
func fileNames(files []FileChange) string {
	var names []string
	for _, f := range files {
		names = append(names, printable(f.Path))
	}
	return strings.Join(names, ", ")
}
