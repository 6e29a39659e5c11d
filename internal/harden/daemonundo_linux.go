package harden

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"plimsoll/internal/step"
)

func (d daemonSetting) undo(ctx context.Context, s step.Step, image []byte) (step.Undo, string, error) {
	img, err := parseImage(image)
	if err != nil {
		return "", "", err
	}
	now, err := readConfigFile(img.Path)
	if err != nil {
		return "", "", err
	}
	old, why, err := d.former(ctx, s, img, now)
	if err != nil {
		return "", "", err
	}
	if !d.restart {
		if err := d.reloadFormer(ctx, s, img, old); err != nil {
			return "", "", err
		}
	}
	if err := old.restore(); err != nil {
		return "", "", fmt.Errorf("write %s: %w", printable(img.Path), err)
	}
	if proc, _, err := d.look(ctx); err == nil && old == img {
		d.noteLoaded(img, proc)
	}
	if d.restart {
		undo, more, err := d.restartFormer(ctx, img)
		return undo, strings.TrimPrefix(why+"; "+more, "; "), err
	}
	if err := d.reload(ctx, nil); err != nil && !old.Absent { // without a file there is nothing to read
		return "", "", err
	}
	return step.UndoExact, why, nil
}

// former is the file to return to: exactly the one of before when nobody else
// edited it, else the present one with the step's keys taken back.
func (d daemonSetting) former(ctx context.Context, s step.Step, img, now *configImage) (*configImage, string, error) {
	made, err := edited(img.Content, s.Set, to)
	if err != nil {
		return nil, "", err
	}
	written, err := edited(img.Content, spelled(s, img), to)
	if err != nil {
		return nil, "", err
	}
	if now.same(img) || bytes.Equal(made, now.Content) || bytes.Equal(written, now.Content) {
		return img, "", nil
	}
	values, err := d.read(ctx, s)
	if err != nil {
		return nil, "", err
	}
	for _, c := range s.Set {
		if v := values[c.Field]; v != c.From && v != c.To && v != img.Running[c.Field] {
			return nil, "", fmt.Errorf("somebody changed %s meanwhile: it is %s", c.Field, printable(v))
		}
	}
	old := *now
	if old.Content, err = edited(now.Content, s.Set, from); err != nil {
		return nil, "", err
	}
	if img.Absent && len(strings.Trim(string(old.Content), " \t\r\n{}")) == 0 {
		return img, "", nil
	}
	return &old, "other parts of the file were edited since and stay", nil
}

// spelled are the changes that write out what ran for keys that the file did not
// have.
func spelled(s step.Step, img *configImage) []step.Change {
	var out []step.Change
	for _, c := range s.Set {
		if c.From == "" {
			out = append(out, step.Change{Field: c.Field, To: img.Running[c.Field]})
		}
	}
	return out
}

// reloadFormer brings what runs back. A key that the file does not have leaves a
// reloading engine as it is, so it is written out for as long as that takes.
func (d daemonSetting) reloadFormer(ctx context.Context, s step.Step, img, old *configImage) error {
	want := make(map[string]string)
	for _, c := range s.Set {
		want[c.Field] = cmp.Or(c.From, img.Running[c.Field])
	}
	content, err := edited(old.Content, spelled(s, img), to)
	if err != nil {
		return err
	}
	if err := old.write(content); err != nil {
		return err
	}
	d.reached(s.ID, "spelled out")
	return d.reload(ctx, want)
}

// restartFormer restarts an engine that took the values of the step.
func (d daemonSetting) restartFormer(ctx context.Context, img *configImage) (step.Undo, string, error) {
	proc, _, err := d.look(ctx)
	if err != nil {
		return "", "", err
	}
	if img.runs(proc) {
		return step.UndoExact, "", nil
	}
	if unitOf(proc.PID) == "" {
		return step.UndoExact, "the file is as before; the engine, which was restarted meanwhile, takes it at its next start", nil
	}
	if _, err := d.restartable(ctx, proc); err != nil {
		return step.UndoExact, "the file is as before; the engine takes it at its next start, since now " + err.Error(), nil
	}
	return step.UndoExact, "", d.again(ctx, proc)
}

func (d daemonSetting) hand(s step.Step, image string) []string {
	out := []string{fmt.Sprintf("the configuration file of before is in %s, under Content in base64", image)}
	for _, c := range s.Set {
		if c.From == "" {
			out = append(out, fmt.Sprintf("remove %s from the configuration file", printable(c.Field)))
			continue
		}
		out = append(out, fmt.Sprintf("set %s to %s in the configuration file", printable(c.Field), printable(c.From)))
	}
	if d.restart {
		return append(out, "restart the engine")
	}
	return append(out, "kill -HUP the engine's process")
}
