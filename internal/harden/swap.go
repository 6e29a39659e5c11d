package harden

import (
	"context"
	"encoding/json"
	"fmt"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/step"
)

// Points inside a replacement at which a run may end; see Options.AfterPhase.
const (
	pointGuarded   = "guarded"   // the old container no longer restarts by itself
	pointStopped   = "stopped"   // the old container is stopped
	pointRenamed   = "renamed"   // the old container is under its kept name
	pointMade      = "made"      // the new container exists, its ID is not noted yet
	pointConnected = "connected" // the new container has all its networks
	pointStarted   = "started"   // the new container was started

	pointNewStopped = "new-stopped" // restoring: the new container is stopped
	pointNewRemoved = "new-removed" // restoring: the new container is removed
	pointNameBack   = "name-back"   // restoring: the old container has its name again
	pointPolicyBack = "policy-back" // restoring: the old container has its restart policy again
	pointAwaiting   = "awaiting"    // restoring: the old container runs, but may be about to stop
)

// replace lets a new container take the place of s.Old. source is the
// description that the new one is made from. On an error the caller restores.
func (r *runner) replace(ctx context.Context, w *writer, id string, s *Swap, source json.RawMessage, set []step.Change) error {
	v, err := parseView(source)
	if err != nil {
		return err
	}
	old, err := r.standAside(ctx, id, s, v)
	if err != nil {
		return err
	}
	ref := wantedImage(step.Step{Set: set}, v)
	image, err := recreator{r}.checkImage(ctx, v, ref)
	if err != nil {
		return err
	}
	c, err := successor(source, image, old, set)
	if err != nil {
		return err
	}
	body, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	made, _, err := r.eng.ContainerCreate(ctx, s.Name, body)
	if err != nil {
		return err
	}
	r.reached(id, pointMade)
	s.New = made
	noted := *s
	if err := w.append(Record{Phase: PhaseCreated, Step: id, Swap: &noted}); err != nil {
		return err
	}
	r.reached(id, string(PhaseCreated))
	for _, n := range c.networks {
		if err := r.eng.NetworkConnect(ctx, n.network, made, n.endpoint); err != nil {
			return err
		}
	}
	r.reached(id, pointConnected)
	if !s.Start {
		return nil
	}
	if err := r.eng.Start(ctx, made); err != nil {
		return err
	}
	r.reached(id, pointStarted)
	return r.waitWell(ctx, made, v.State.Health != "unhealthy")
}

// standAside stops the old container for good and frees its name. before is the
// container as it was read last; it returns the container as it is then.
func (r *runner) standAside(ctx context.Context, id string, s *Swap, before *view) (*view, error) {
	if _, err := r.eng.ContainerUpdate(ctx, s.Old, dockerapi.Update{Restart: &dockerapi.Restart{Name: "no"}}); err != nil {
		return nil, err
	}
	r.reached(id, pointGuarded)
	if s.Start {
		if err := r.stop(ctx, s.Old, before.grace()); err != nil {
			return nil, err
		}
	}
	r.reached(id, pointStopped)
	_, v, err := r.inspect(ctx, s.Old)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("container %s is gone", shortID(s.Old))
	}
	if v.Name != s.Name {
		return nil, fmt.Errorf("it was renamed to %s while it was stopped, perhaps by a run of harden on another machine", printable(v.Name))
	}
	if err := (recreator{r}).checkLayer(ctx, v, false); err != nil { // it may have written until it stopped
		return nil, err
	}
	if err := r.eng.Rename(ctx, s.Old, s.Kept); err != nil {
		return nil, err
	}
	r.reached(id, pointRenamed)
	return v, nil
}

// restore undoes a replacement from wherever it stands: it may be called again
// after it was interrupted. At the end Old has the name and, if Start says so,
// runs.
func (r *runner) restore(ctx context.Context, j *Journal, id string, s *Swap) error {
	rawBefore, err := j.image(s.Image)
	if err != nil {
		return err
	}
	before, err := parseView(rawBefore)
	if err != nil {
		return err
	}
	_, old, err := r.inspect(ctx, s.Old)
	if err != nil {
		return err
	}
	if old == nil { // the new one is all that is left and stays
		return fmt.Errorf("the old container %s is gone", shortID(s.Old))
	}
	if err := r.removeNew(ctx, id, s, before); err != nil {
		return err
	}
	if old.Name != s.Name {
		if err := r.eng.Rename(ctx, s.Old, s.Name); err != nil {
			return err
		}
	}
	r.reached(id, pointNameBack)
	if err := r.restorePolicy(ctx, s.Old, before); err != nil {
		return err
	}
	r.reached(id, pointPolicyBack)
	if !s.Start {
		return nil
	}
	if old.State.Running {
		r.reached(id, pointAwaiting)
		if runs, err := r.outlast(ctx, s.Old, j.Entry(id).Began); err != nil || runs {
			return err
		}
	}
	if err := r.eng.Start(ctx, s.Old); err != nil {
		return err
	}
	return r.waitWell(ctx, s.Old, false)
}

// removeNew removes the container that took the name, if there is one. One
// whose ID was never noted is only ours when it is as it was made: never
// started, from the same image, and no older than the container it follows.
func (r *runner) removeNew(ctx context.Context, id string, s *Swap, before *view) error {
	ref := s.New
	if ref == "" {
		ref = s.Name
	}
	_, v, err := r.inspect(ctx, ref)
	if err != nil || v == nil || v.ID == s.Old {
		return err
	}
	if s.New == "" && (v.State.Status != "created" || v.Spec.ImageID != before.Spec.ImageID || v.carried.Created.Before(before.carried.Created)) {
		return fmt.Errorf("another container, %s, took the name %s meanwhile", shortID(v.ID), printable(s.Name))
	}
	if v.State.Running || v.State.Restarting {
		if err := r.stop(ctx, v.ID, v.grace()); err != nil {
			return err
		}
	}
	r.reached(id, pointNewStopped)
	if err := r.eng.Remove(ctx, v.ID, false); err != nil {
		return err
	}
	r.reached(id, pointNewRemoved)
	return nil
}

// restorePolicy gives the restart policy back that standAside took.
func (r *runner) restorePolicy(ctx context.Context, id string, before *view) error {
	if u := unread(before.Container, fieldRestart); u != "" {
		return fmt.Errorf("%s of the before-image was not understood", u)
	}
	p := before.Spec.RestartPolicy
	if p.Name == "" {
		p.Name = "no"
	}
	_, err := r.eng.ContainerUpdate(ctx, id, dockerapi.Update{Restart: &dockerapi.Restart{Name: p.Name, Count: int(p.Max)}})
	return err
}
