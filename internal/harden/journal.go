package harden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"plimsoll/internal/step"
)

// Schema is the version of the journal. Within it, fields are only added.
const Schema = "plimsoll.journal/v1"

// Bounds of what a journal reader accepts: a line holds one step, a journal
// the steps of one run.
const (
	maxLine    = 1 << 20
	maxJournal = 64 << 20
)

// Phase is how far a step has come. Each is on disk before what follows it is
// done.
type Phase string

// The phases of a step.
const (
	PhaseIntent    Phase = "intent"    // the engine is about to be asked
	PhaseCreated   Phase = "created"   // recreate: the new container exists, its ID is noted
	PhaseApplied   Phase = "applied"   // every call succeeded
	PhaseConfirmed Phase = "confirmed" // the engine reports the new values
	PhaseFailed    Phase = "failed"    // a call failed or a value did not take
	PhaseUndoing   Phase = "undoing"   // it is about to be taken back
	PhaseUndone    Phase = "undone"    // the engine reports the old values, or equivalent ones
	PhaseCommitted Phase = "committed" // recreate: the old container is removed for good
)

// Header is the first line of a journal.
type Header struct {
	Schema   string    `json:"schema"`
	ID       string    `json:"id"`
	Tool     string    `json:"tool"`
	Started  time.Time `json:"started"` // UTC
	Endpoint string    `json:"endpoint"`
	Engine   string    `json:"engine"`           // the engine's own ID
	Before   string    `json:"before,omitempty"` // file of the snapshot that the steps were planned on
	Plan     string    `json:"plan,omitempty"`   // digest of the plan
}

// Record is one line of a journal after the header.
type Record struct {
	At    time.Time  `json:"at"` // UTC
	Phase Phase      `json:"phase"`
	Step  string     `json:"step"`            // the step's ID
	Body  *step.Step `json:"body,omitempty"`  // with intent
	Image string     `json:"image,omitempty"` // recreate, with intent: file name of the before-image
	After string     `json:"after,omitempty"` // recreate, with applied or confirmed: file name of the after-image
	Swap  *Swap      `json:"swap,omitempty"`  // recreate: who replaces whom

	Files []FileChange `json:"files,omitempty"` // file-edit, with intent
	Undo  step.Undo    `json:"undo,omitempty"`  // with undone: how well it was taken back
	Why   string       `json:"why,omitempty"`
}

// Swap is one container taking the place of another.
type Swap struct {
	Name    string `json:"name"`              // the name both claim
	Old     string `json:"old"`               // ID of the container that gives way
	Kept    string `json:"kept"`              // the name it is kept under
	New     string `json:"new,omitempty"`     // ID of its successor, once it exists
	Start   bool   `json:"start"`             // whether the one that holds the name at the end must run
	Image   string `json:"image"`             // file name of Old's before-image
	Reverse bool   `json:"reverse,omitempty"` // rollback after commit: New is made from Old with the changes taken back
}

// Entry is what a journal knows of one step.
type Entry struct {
	Step    step.Step
	Phase   Phase
	Began   time.Time // when its replacement, or the one that takes it back, last went on
	Image   string    // before-image of a target that was re-created
	After   string    // after-image of its successor
	Swap    *Swap     // the replacement that the step made
	Files   []FileChange
	Undoing *Swap // the replacement that takes the step back, after commit
	Undo    step.Undo
	Why     string
}

// Keeps reports whether the replaced container is certainly out of the way
// under its kept name, as far as the journal knows.
func (e *Entry) Keeps() bool {
	return e.Swap != nil && (e.Phase == PhaseCreated || e.Phase == PhaseApplied || e.Phase == PhaseConfirmed)
}

// Unfinished reports whether the run ended in the middle of the step.
func (e *Entry) Unfinished() bool {
	switch e.Phase {
	case PhaseConfirmed, PhaseUndone, PhaseCommitted:
		return false
	case PhaseIntent, PhaseCreated, PhaseApplied, PhaseFailed, PhaseUndoing:
	}
	return true
}

// InForce reports whether the step is applied as far as the journal knows.
func (e *Entry) InForce() bool { return e.Phase == PhaseConfirmed || e.Phase == PhaseCommitted }

// Journal is the record of one run.
type Journal struct {
	Path    string
	Header  Header
	Entries []*Entry // in the order the steps were begun
	whole   int64    // bytes up to the last complete line
}

// Entry returns the entry of a step, or nil.
func (j *Journal) Entry(id string) *Entry {
	for _, e := range j.Entries {
		if e.Step.ID == id {
			return e
		}
	}
	return nil
}

// ReadJournal reads a journal. A last line without its newline was being
// written when the run ended: nothing that depends on it was done, and it is
// ignored. Anything else that is not as it should be is an error.
func ReadJournal(r io.Reader) (*Journal, error) {
	j := &Journal{}
	br := bufio.NewReaderSize(io.LimitReader(r, maxJournal+1), 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(br)
		if errors.Is(err, io.EOF) {
			return j, nil
		}
		if err == nil {
			if j.whole += int64(len(line)) + 1; j.whole > maxJournal {
				err = fmt.Errorf("longer than %d bytes", maxJournal)
			} else {
				err = j.take(n, line)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrJournal, n, err)
		}
	}
}

// readLine returns a complete line without its newline, or io.EOF.
func readLine(br *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		}
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func (j *Journal) take(n int, line []byte) error {
	if n == 1 {
		if err := strict(line, &j.Header); err != nil {
			return err
		}
		if j.Header.Schema != Schema {
			return fmt.Errorf("schema is %q, this version reads %q", printable(j.Header.Schema), Schema)
		}
		return nil
	}
	var rec Record
	if err := strict(line, &rec); err != nil {
		return err
	}
	return j.note(&rec)
}

func strict(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// note moves the entry that a record speaks of.
func (j *Journal) note(rec *Record) error {
	e := j.Entry(rec.Step)
	if rec.Phase == PhaseIntent {
		if rec.Body == nil || rec.Body.ID != rec.Step {
			return errors.New("an intent needs the step")
		}
		if rec.Swap != nil && rec.Swap.Image == "" {
			return errors.New("a re-creation needs a before-image")
		}
		if (rec.Body.Kind == step.FileEdit) != (len(rec.Files) > 0) || slices.ContainsFunc(rec.Files, func(f FileChange) bool { return !filepath.IsAbs(f.Path) || f.Image == "" }) {
			return errors.New("an edit needs its files, each with a whole path and a before-image")
		}
		if e != nil {
			return fmt.Errorf("step %q begins twice", printable(rec.Step))
		}
		j.Entries = append(j.Entries, &Entry{Step: *rec.Body, Phase: PhaseIntent, Began: rec.At, Image: rec.Image, Swap: rec.Swap, Files: rec.Files})
		return nil
	}
	if e == nil {
		return fmt.Errorf("step %q has no intent before %q", printable(rec.Step), printable(string(rec.Phase)))
	}
	switch rec.Phase {
	case PhaseCreated:
		if rec.Swap == nil || rec.Swap.New == "" {
			return errors.New("a created line needs the new container's ID")
		}
		e.setSwap(rec.Swap)
		if !rec.Swap.Reverse {
			e.Phase = rec.Phase
		}
	case PhaseUndoing:
		if rec.Swap != nil {
			e.setSwap(rec.Swap)
		}
		e.Phase = rec.Phase
	case PhaseApplied, PhaseConfirmed, PhaseFailed, PhaseUndone, PhaseCommitted:
		e.Phase = rec.Phase
	default:
		return fmt.Errorf("phase %q is not known", printable(string(rec.Phase)))
	}
	if rec.Swap != nil {
		e.Began = rec.At
	}
	if rec.After != "" {
		e.After = rec.After
	}
	e.Undo, e.Why = rec.Undo, rec.Why
	return nil
}

// setSwap keeps what the step did apart from what takes it back.
func (e *Entry) setSwap(s *Swap) {
	if s.Reverse {
		e.Undoing = s
		return
	}
	e.Swap = s
}
