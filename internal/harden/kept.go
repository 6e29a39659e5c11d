package harden

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Kept maps the IDs of containers that are kept, stopped, for a rollback to the
// IDs of the journals that keep them. It needs no lock.
func Kept(state string) (map[string]string, error) {
	all, err := Load(state)
	if err != nil {
		return nil, err
	}
	kept := make(map[string]string)
	for _, j := range all {
		for _, e := range j.Entries {
			if e.Keeps() {
				kept[e.Swap.Old] = j.Header.ID
			}
		}
	}
	return kept, nil
}

// Find returns the journal that ref names: its ID, its file name or path, or
// "" or "latest" for the newest with a step in force, else the newest.
func Find(all []*Journal, ref string) (*Journal, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is none in the state folder; nothing was hardened from here", ErrJournal)
	}
	if ref == "" || ref == "latest" {
		for _, a := range slices.Backward(all) {
			for _, e := range a.Entries {
				if e.InForce() {
					return a, nil
				}
			}
		}
		return all[len(all)-1], nil
	}
	base := strings.TrimSuffix(filepath.Base(ref), ".jsonl")
	for _, j := range all {
		if j.Header.ID == ref || strings.TrimSuffix(filepath.Base(j.Path), ".jsonl") == base {
			return j, nil
		}
	}
	return nil, fmt.Errorf("%w: none is called %q; the newest is %s", ErrJournal, printable(ref), all[len(all)-1].Header.ID)
}

// Standing lists the runs of which something may still be taken back, newest
// first: a step in force, or one that a killed run left in the middle.
func Standing(all []*Journal) []*Journal {
	var out []*Journal
	for _, j := range slices.Backward(all) {
		if slices.ContainsFunc(j.Entries, func(e *Entry) bool { return e.InForce() || e.Unfinished() }) {
			out = append(out, j)
		}
	}
	return out
}

// NoneLeft is why a run is spent whose containers others removed. [Commit] closes
// it.
const NoneLeft = "none of its containers is left"

// Spent says why no step of a run can be taken back on the engine of the
// options, or returns "" when one may be.
func Spent(ctx context.Context, o Options, all []*Journal, j *Journal) (string, error) {
	if j.Header.Folder() != "" {
		return "", nil
	}
	r := newRunner(o)
	r.chain = successors(all, committedOnly)
	info, err := r.info(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the engine who it is: %w", err)
	}
	if j.Header.Engine != info.ID {
		return fmt.Sprintf("it was on engine %s, this is %s", printable(j.Header.Engine), printable(info.ID)), nil
	}
	for _, e := range j.Entries {
		if !e.InForce() && !e.Unfinished() {
			continue
		}
		if gone, err := r.allGone(ctx, e); err != nil || !gone {
			return "", err
		}
	}
	return NoneLeft, nil
}
