package harden

import (
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
