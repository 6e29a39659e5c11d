package harden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"plimsoll/internal/step"
)

// filesState says which version the files of a step hold.
type filesState uint8

const (
	filesForeign filesState = iota // one is neither, or gone: somebody else changed it
	filesBefore                    // all as they were
	filesAfter                     // all as the step left them
	filesMixed                     // some as they were, some as the step left them
)

// stateOf reads the files of a step.
func stateOf(files []FileChange) (filesState, error) {
	before, after := 0, 0
	for _, f := range files {
		set, rel, err := openFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return filesForeign, nil
		}
		if err != nil {
			return filesForeign, err
		}
		b, err := set.content(rel)
		if err = errors.Join(err, set.root.Close()); err != nil {
			if refusal(err) != nil {
				return filesForeign, nil // it is another thing now
			}
			return filesForeign, err
		}
		switch digest(b) {
		case f.From:
			before++
		case f.To:
			after++
		}
	}
	switch n := len(files); {
	case before == n:
		return filesBefore, nil
	case after == n:
		return filesAfter, nil
	case before+after == n:
		return filesMixed, nil
	}
	return filesForeign, nil
}

// openFile opens the folder of one file.
func openFile(path string) (*fileSet, string, error) {
	dir, name := filepath.Split(path)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", err
	}
	return &fileSet{root: root, path: dir, dir: dir}, name, nil
}

// undoFiles puts the former contents back. Files that hold them already stay; one
// that somebody else changed is left alone.
func (r *runner) undoFiles(j *Journal, e *Entry) error {
	state, err := stateOf(e.Files)
	if err != nil {
		return err
	}
	if state == filesForeign {
		return fmt.Errorf("somebody else changed %s since", fileNames(e.Files))
	}
	for _, f := range e.Files {
		before, err := j.image(f.Image)
		if err != nil {
			return err
		}
		if digest(before) != f.From {
			return fmt.Errorf("%w: the before-image %s is not what the journal says", ErrJournal, f.Image)
		}
		set, rel, err := openFile(f.Path)
		if err != nil {
			return err
		}
		now, err := set.content(rel)
		if err == nil && digest(now) == f.To {
			r.reached(e.Step.ID, "before-write")
			err = set.replace(rel, e.Step.ID, before)
			r.reached(e.Step.ID, "written")
		}
		if err = errors.Join(err, set.sweep(rel, e.Step.ID), set.root.Close()); err != nil {
			return err
		}
	}
	if r.files != nil {
		r.files.seen = nil
	}
	if state, err = stateOf(e.Files); err == nil && state != filesBefore {
		err = fmt.Errorf("%s does not hold its former content", fileNames(e.Files))
	}
	return err
}

// sweep removes what a killed run left beside a file.
func (fs *fileSet) sweep(rel, stepID string) error {
	return ignoreGone(fs.root.Remove(filepath.FromSlash(temporary(rel, stepID))))
}

// recoverFiles brings an edit that was interrupted to a phase in which it may
// rest: a file is written whole or not at all.
func (r *runner) recoverFiles(ctx context.Context, w *writer, e *Entry) (Outcome, error) {
	for _, f := range e.Files {
		set, rel, err := openFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = errors.Join(set.sweep(rel, e.Step.ID), set.root.Close())
		}
		if err != nil {
			return Outcome{}, err
		}
	}
	state, err := stateOf(e.Files)
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case state == filesForeign:
		return Outcome{}, fmt.Errorf("%s is neither as before nor as planned: somebody else changed it", fileNames(e.Files))
	case state == filesBefore:
		return r.settle(w, e, step.UndoExact, "nothing had happened")
	case e.Phase == PhaseFailed || e.Phase == PhaseUndoing || state == filesMixed:
		return r.goBack(ctx, w, e)
	}
	err = r.record(w, Record{Phase: PhaseConfirmed, Step: e.Step.ID})
	return Outcome{State: StateApplied, Why: "the change had been made"}, err
}

// rollbackFiles takes an edit back when the files are as it left them.
func (r *runner) rollbackFiles(ctx context.Context, w *writer, all []*Journal, e *Entry) (Outcome, error) {
	out := Outcome{Step: e.Step, State: StateNotStarted}
	state, err := stateOf(e.Files)
	if err != nil {
		return out, err
	}
	switch state {
	case filesAfter:
		return r.takeDown(ctx, w, e, nil)
	case filesBefore:
		o, err := r.settle(w, e, step.UndoExact, "it was found as before")
		o.Step, o.State = e.Step, StateAlready
		return o, err
	case filesForeign, filesMixed:
	}
	refused := refuse("%s was changed since; nothing is taken back over someone else's change", fileNames(e.Files))
	if later := laterEdit(w.Journal, all, e); later != "" {
		refused = refuse("run %s edited %s later; roll that back first", later, fileNames(e.Files))
	}
	refused.Hand = byHandFiles(e, w.Journal)
	return out, refused
}

// laterEdit returns the ID of a later run in force that edited a file of the step.
func laterEdit(j *Journal, all []*Journal, e *Entry) string {
	later, found := false, ""
	for _, other := range all {
		if other.Path == j.Path {
			later = true
			continue
		}
		for _, o := range other.Entries {
			for _, f := range o.Files {
				for _, mine := range e.Files {
					if later && o.InForce() && f.Path == mine.Path {
						found = other.Header.ID
					}
				}
			}
		}
	}
	return found
}
