package harden

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/step"
)

// keptName is the name of a container that gave way in a run.
func keptName(name, journal string) string { return name + ".plimsoll-" + journal }

// recreator replaces a container by one with a changed configuration.
type recreator struct{ *runner }

// check refuses whatever a re-creation would break or lose.
func (r recreator) check(ctx context.Context, s step.Step, raw []byte, v *view) error {
	if len(s.Set) == 0 {
		return refuse("the step changes nothing")
	}
	for _, c := range s.Set {
		if err := recreatable(c.Field); err != nil {
			return err
		}
	}
	switch {
	case v.Spec.AutoRemove:
		return refuse("it removes itself when it stops (--rm), so the old one could not be kept for a rollback; start it anew with the change")
	case v.State.Paused:
		return refuse("it is paused; unpause or stop it first")
	case v.State.Restarting:
		return refuse("it is restarting over and over; mend or stop it first")
	case v.State.Status != "running" && v.State.Status != "exited" && v.State.Status != "created":
		return refuse("it is %s; only running, exited or created containers are re-created", printable(v.State.Status))
	}
	if err := r.checkGrace(v); err != nil {
		return err
	}
	if err := r.checkHealth(v); err != nil {
		return err
	}
	if err := r.checkSharers(ctx, v); err != nil {
		return err
	}
	if err := r.checkLayer(ctx, v, readsOnly(s)); err != nil {
		return err
	}
	image, err := r.checkImage(ctx, v, wantedImage(s, v))
	if err != nil {
		return err
	}
	_, err = successor(raw, image, v, s.Set) // what cannot be carried over is found before anything stops
	return err
}

func readsOnly(s step.Step) bool {
	return slices.ContainsFunc(s.Set, func(c step.Change) bool { return c.Field == fieldReadonly && c.To == "true" })
}

func wantedImage(s step.Step, v *view) string {
	for _, c := range s.Set {
		if c.Field == fieldImage {
			return c.To
		}
	}
	return v.Spec.Image
}

// checkImage makes sure that the reference the successor is created from is the
// very image that runs now, and returns the image's description.
func (r recreator) checkImage(ctx context.Context, v *view, ref string) (json.RawMessage, error) {
	raw, err := r.eng.ImageInspectRaw(ctx, ref)
	if errors.Is(err, dockerapi.ErrNotFound) {
		return nil, refuse("image %s is not in the engine's store; nothing is pulled here, so pull it first", printable(ref))
	}
	if err != nil {
		return nil, err
	}
	var img struct {
		ID string `json:"Id"`
	}
	if err := json.Unmarshal(raw, &img); err != nil {
		return nil, refuse("the engine's description of image %s is not understood", printable(ref))
	}
	if img.ID != v.Spec.ImageID {
		return nil, refuse("image %s is now %s, but the container runs %s; re-create it from the new image first, or pin the one that runs",
			printable(ref), printable(img.ID), printable(v.Spec.ImageID))
	}
	return raw, nil
}

// checkSharers refuses when another container lives in this one's namespaces or
// is linked to it: it would lose its network or processes with the old one.
func (r recreator) checkSharers(ctx context.Context, v *view) error {
	others, err := r.others(ctx, v.ID)
	if err != nil {
		return err
	}
	for _, o := range others {
		if u := unread(o.Container, "HostConfig.NetworkMode", "HostConfig.PidMode", "HostConfig.IpcMode"); u != "" {
			return refuse("whether container %s shares its namespaces is not known: %s was not understood", printable(o.Name), u)
		}
		for _, mode := range []string{o.Spec.NetworkMode, o.Spec.PidMode, o.Spec.IpcMode} {
			ref, is := strings.CutPrefix(mode, "container:")
			if is && (ref == v.Name || len(ref) >= 12 && strings.HasPrefix(v.ID, ref)) {
				return refuse("container %s shares its namespaces and would lose them; re-create both together", printable(o.Name))
			}
		}
		for _, l := range o.HostConfig.Links {
			if target, _, _ := strings.Cut(l, ":"); strings.TrimPrefix(target, "/") == v.Name {
				return refuse("container %s is linked to it (--link) and would keep the old address; put both on a network instead", printable(o.Name))
			}
		}
	}
	return nil
}

// checkLayer refuses when the container wrote to its own layer: a successor
// starts from the image and would not have it.
func (r recreator) checkLayer(ctx context.Context, v *view, readonly bool) error {
	changes, err := r.eng.Changes(ctx, v.ID)
	if err != nil {
		return err
	}
	lost := writtenPaths(changes, v)
	if len(lost) == 0 {
		return nil
	}
	shown := make([]string, 0, 5)
	for _, p := range lost[:min(5, len(lost))] {
		shown = append(shown, printable(p))
	}
	more := ""
	if len(lost) > len(shown) {
		more = ", …"
	}
	if readonly {
		return refuse("it writes to its root filesystem (%d paths: %s%s); mount a volume or a tmpfs there first", len(lost), strings.Join(shown, ", "), more)
	}
	return refuse("%d paths in its own layer would be lost (%s%s); move them to a volume, or create it anew without them", len(lost), strings.Join(shown, ", "), more)
}

// writtenPaths returns the changed paths that the container wrote itself: not
// mount points, what lies below or leads to them, or folders that changed only
// because of what is listed below them.
func writtenPaths(changes []dockerapi.Change, v *view) []string {
	var mounts []string
	for _, m := range v.Spec.Mounts {
		mounts = append(mounts, m.Destination)
	}
	for _, m := range v.HostConfig.Mounts {
		mounts = append(mounts, m.Target)
	}
	mounts = append(mounts, v.Spec.Tmpfs...)
	// The engine itself makes these at start.
	mounts = append(mounts, "/run/secrets", "/dev", "/proc", "/sys", "/sbin/docker-init")
	leads := make(map[string]bool) // every folder above a mount point
	at := make(map[string]bool)
	for _, m := range mounts {
		m = "/" + strings.Trim(m, "/")
		at[m] = true
		for p := parent(m); p != "/"; p = parent(p) {
			leads[p] = true
		}
	}
	above := make(map[string]bool) // folders above another change that counts
	var out []string
	for _, c := range changes {
		if leads[c.Path] || within(c.Path, at) {
			continue
		}
		out = append(out, c.Path)
		for p := parent(c.Path); p != "/"; p = parent(p) {
			above[p] = true
		}
	}
	out = slices.DeleteFunc(out, func(p string) bool { return above[p] })
	slices.Sort(out)
	return out
}

func within(p string, at map[string]bool) bool {
	for ; p != "/"; p = parent(p) {
		if at[p] {
			return true
		}
	}
	return false
}

func parent(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i <= 0 {
		return "/"
	}
	return p[:i]
}
