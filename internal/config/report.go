package config

import (
	"fmt"
	"time"

	"plimsoll/internal/policy"
	"plimsoll/internal/yaml"
)

// NoteKind is what a note about a waiver says.
type NoteKind string

// The kinds of note.
const (
	NoteExpired NoteKind = "expired"
	NoteUnused  NoteKind = "unused"
	NoteBroad   NoteKind = "broad"
)

// Note is a remark about a waiver that loads but deserves a look.
type Note struct {
	Line int // of the waiver in its file
	Kind NoteKind
	Text string // one sentence without a full stop
}

// Report says which waivers have expired, covered nothing, or covered more than
// broad subjects; with broad 0 breadth is not judged. used counts, by waiver as
// policy.Waivers.ForCheck returned it, the subjects that it covered. Waivers of
// one alias share a line and are judged together. Notes come in file order.
func Report(ws policy.Waivers, used map[*policy.Waiver]int, now time.Time, broad int) []Note {
	var notes []Note
	for first := 0; first < len(ws); {
		next, most := first, 0
		for ; next < len(ws) && ws[next].Line == ws[first].Line; next++ {
			most = max(most, used[&ws[next]])
		}
		w := &ws[first]
		note := func(k NoteKind, format string, a ...any) {
			notes = append(notes, Note{Line: w.Line, Kind: k, Text: "the waiver of " + about(w) + " " + fmt.Sprintf(format, a...)})
		}
		switch {
		case w.Expired(now):
			note(NoteExpired, "expired on %s, so what it covered counts again; renew it or remove it", w.Expires.Format(time.DateOnly))
		case most == 0:
			note(NoteUnused, "covered nothing; correct its scope or remove it")
		case broad > 0 && most > broad:
			note(NoteBroad, "covered %d subjects; narrow its scope if that is more than was decided on", most)
		}
		first = next
	}
	return notes
}

// about names a waiver by what it is for.
func about(w *policy.Waiver) string {
	what := w.Check
	if what == "" {
		what = w.Threat
	}
	return what + " for " + yaml.Quote(w.Name)
}
