package shared

import (
	"strconv"

	"plimsoll/internal/check"
)

const maxHits = 8

// Hits collects evidence of several equal observations: the first few in full,
// the rest as a number.
type Hits struct {
	Evidence []check.Evidence
	more     int
}

// Add takes one more.
func (h *Hits) Add(e check.Evidence) {
	if len(h.Evidence) == maxHits {
		h.more++
		return
	}
	h.Evidence = append(h.Evidence, e)
}

// Failed is the verdict on what was hit.
func (h *Hits) Failed(message string) check.Verdict {
	v := check.Failed(message, h.Evidence...)
	if h.more > 0 {
		v = v.Note("and " + strconv.Itoa(h.more) + " more")
	}
	return v
}

// Any reports whether there is one.
func (h *Hits) Any() bool { return len(h.Evidence) > 0 }
