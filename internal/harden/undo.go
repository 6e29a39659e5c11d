package harden

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"plimsoll/internal/step"
)

// undo takes one step back, from wherever it stands, and reads the result. It
// may be called again after an interruption.
func (r *runner) undo(ctx context.Context, j *Journal, e *Entry) (step.Undo, string, error) {
	if e.Files != nil {
		return step.UndoExact, "", r.undoFiles(j, e)
	}
	if m := r.mender(e.Step.Kind); m != nil {
		return r.undoHost(ctx, m, j, e)
	}
	if e.Swap != nil {
		if err := r.restore(ctx, j, e.Step.ID, e.Swap); err != nil {
			return "", "", err
		}
		raw, v, err := r.inspect(ctx, e.Swap.Old)
		if err != nil {
			return "", "", err
		}
		if v == nil {
			return "", "", fmt.Errorf("container %s is gone", shortID(e.Swap.Old))
		}
		diff, err := differing(raw, e.Step.Set, from)
		if err == nil && len(diff) > 0 {
			err = errors.New(strings.Join(diff, ", "))
		}
		return step.UndoExact, "", err
	}
	raw, v, err := r.inspect(ctx, r.chain.follow(e.Step.Target.UID))
	if err != nil {
		return "", "", err
	}
	if v == nil {
		return "", "", fmt.Errorf("container %s is gone", printable(shortID(e.Step.Target.UID)))
	}
	diff, err := differing(raw, e.Step.Set, from)
	if err != nil {
		return "", "", err
	}
	if len(diff) == 0 {
		return step.UndoExact, "", nil
	}
	return updater{r}.undo(ctx, e.Step, raw, v)
}

// byHand says how a person restores the target of a step.
func (r *runner) byHand(e *Entry, j *Journal) []string {
	if e.Files != nil {
		return byHandFiles(e, j)
	}
	if m := r.mender(e.Step.Kind); m != nil {
		image := e.Image
		if image != "" {
			image = filepath.Join(filepath.Dir(j.Path), image)
		}
		return m.hand(e.Step, image)
	}
	s := e.Swap
	if e.Undoing != nil {
		s = e.Undoing
	}
	if s == nil {
		var want []string
		for _, c := range e.Step.Set {
			want = append(want, fmt.Sprintf("%s=%s", c.Field, printable(c.From)))
		}
		return []string{fmt.Sprintf("bring container %s back to %s with docker update", shortID(e.Step.Target.UID), strings.Join(want, " "))}
	}
	hand := []string{fmt.Sprintf("docker ps -a --filter id=%s shows the old container, perhaps renamed to %s", shortID(s.Old), printable(s.Kept))}
	if s.New != "" {
		hand = append(hand, fmt.Sprintf("docker rm -f %s removes the new one", shortID(s.New)))
	}
	hand = append(hand, fmt.Sprintf("docker rename %s %s gives the old one its name again", shortID(s.Old), printable(s.Name)))
	if s.Start {
		hand = append(hand, "docker start "+printable(s.Name))
	}
	return append(hand, "its full former description, with the restart policy, is in "+filepath.Join(filepath.Dir(j.Path), s.Image))
}
