package harden

// succession maps a container to the one that took its place.
type succession map[string]string

// Which replacements count for a succession.
const (
	committedOnly = false // those whose old container is gone
	everyone      = true  // also those whose old container is kept
)

// successors reads from the journals which container took the place of which.
func successors(all []*Journal, kept bool) succession {
	s := make(succession)
	for _, j := range all {
		for _, e := range j.Entries {
			if e.Swap != nil && (e.Phase == PhaseCommitted || e.Undoing != nil || kept && e.Phase == PhaseConfirmed) {
				s[e.Swap.Old] = e.Swap.New
			}
			if e.Undoing != nil && e.Phase == PhaseUndone {
				s[e.Undoing.Old] = e.Undoing.New
			}
		}
	}
	return s
}

// follow returns the container that stands in the place of id today.
func (s succession) follow(id string) string {
	for range len(s) {
		next, ok := s[id]
		if !ok || next == "" {
			break
		}
		id = next
	}
	return id
}
