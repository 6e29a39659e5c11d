package harden

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"plimsoll/internal/step"
)

// madeAs is what others can change of a container while it exists, as it was
// when a step had made it. The rest of a container never changes.
type madeAs struct {
	HostConfig map[string]json.RawMessage // all of it: later engines may let more of it be updated
	Networks   map[string]json.RawMessage // what was asked for, by network
}

// asMade reads a container's description.
func asMade(raw []byte) (madeAs, error) {
	var in struct{ HostConfig map[string]json.RawMessage }
	v, err := parseView(raw)
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	m := madeAs{HostConfig: in.HostConfig, Networks: make(map[string]json.RawMessage)}
	if err != nil {
		return m, err
	}
	for name, n := range v.NetworkSettings.Networks {
		var e endpointView
		if err := json.Unmarshal(n, &e); err != nil {
			return m, fmt.Errorf("its connection to network %q is not understood: %w", printable(name), err)
		}
		e.MacAddress = "" // the engine gives one out at start
		slices.Sort(e.Aliases)
		if m.Networks[name], err = e.config(v.ID); err != nil {
			return m, err
		}
	}
	return m, nil
}

// keepAfter stores what a successor was made as.
func (w *writer) keepAfter(tag string, raw []byte) (string, error) {
	m, err := asMade(raw)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("store an image of the container: %w", err)
	}
	return w.saveImage(tag, afterImage, b)
}

// since says what was changed from one reading to the next, by fields; nil is
// nothing. Fields that only the later reading has come from a newer engine.
func (m madeAs) since(now madeAs) []string {
	var diff []string
	for _, key := range slices.Sorted(maps.Keys(m.HostConfig)) {
		if was, is := m.HostConfig[key], now.HostConfig[key]; !sameJSON(was, is) {
			diff = append(diff, "HostConfig."+printable(key)+harmless(was, is))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Networks)) {
		switch is, connected := now.Networks[name]; {
		case !connected:
			diff = append(diff, "it was disconnected from network "+printable(name))
		case !sameJSON(m.Networks[name], is):
			diff = append(diff, "its connection to network "+printable(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now.Networks)) {
		if _, had := m.Networks[name]; !had {
			diff = append(diff, "it was connected to network "+printable(name))
		}
	}
	return diff
}

// sameJSON compares values; absent, null, zero and empty are the same, since
// engines answer any of them for what was never set.
func sameJSON(a, b json.RawMessage) bool { return reflect.DeepEqual(canonical(a), canonical(b)) }

func canonical(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // byte counts do not fit a float
	var v any
	if err := d.Decode(&v); err != nil {
		return string(raw)
	}
	return withoutZero(v)
}

// withoutZero returns nil for what is not set. The depth is bounded by the
// decoder.
func withoutZero(v any) any {
	switch t := v.(type) {
	case bool:
		if !t {
			return nil
		}
	case string:
		if t == "" {
			return nil
		}
	case json.Number:
		if t == "0" {
			return nil
		}
	case []any:
		if len(t) == 0 {
			return nil
		}
	case map[string]any:
		for k, m := range t {
			if t[k] = withoutZero(m); t[k] == nil {
				delete(t, k)
			}
		}
		if len(t) == 0 {
			return nil
		}
	}
	return v
}

// harmless shows two values where both are numbers or nothing, which are never
// secret.
func harmless(was, is json.RawMessage) string {
	if len(was) > 40 || len(is) > 40 || strings.ContainsAny(string(was)+string(is), `{["`) {
		return ""
	}
	return fmt.Sprintf(" is %s, not %s", printable(string(is)), printable(string(was)))
}

// checkAsMade refuses to put the old container back when others changed the new
// one since it was made: their change would be lost with it.
func (r *runner) checkAsMade(ctx context.Context, w *writer, all []*Journal, e *Entry, raw []byte) error {
	stored, err := w.image(e.After)
	if err != nil {
		return &Error{Kind: ErrPrecondition, Why: "whether others changed the new container cannot be told", Cause: err, Hand: r.byHand(e, w.Journal)}
	}
	var made madeAs
	if err := json.Unmarshal(stored, &made); err != nil {
		return fmt.Errorf("%w: after-image %s: %w", ErrJournal, e.After, err)
	}
	now, err := asMade(raw)
	if err != nil {
		return err
	}
	ours, err := r.equivalents(ctx, all, e.Swap.New)
	if err != nil {
		return err
	}
	for field, values := range ours {
		got, err := ReadFields(raw, []string{field})
		if key := strings.TrimPrefix(field, "HostConfig."); err == nil && slices.Contains(values, got[field]) {
			now.HostConfig[key] = made.HostConfig[key]
		}
	}
	diff := made.since(now)
	if len(diff) == 0 {
		return nil
	}
	refused := refuse("it was changed after it was re-created (%s), and putting the old container back would discard that", strings.Join(diff, "; "))
	refused.Hand = append([]string{"to keep the old container anyway, note the change to make it again afterwards"}, r.byHand(e, w.Journal)...)
	return refused
}

// equivalents lists the values, by field, that rolling back later live updates
// of a container left where the former ones cannot be set again.
func (r *runner) equivalents(ctx context.Context, all []*Journal, id string) (map[string][]string, error) {
	out := make(map[string][]string)
	for _, j := range all {
		for _, o := range j.Entries {
			if o.Swap != nil || o.Phase != PhaseUndone || o.Undo != step.UndoEquivalent || o.Step.Target.UID != id {
				continue
			}
			info, err := r.info(ctx)
			if err != nil {
				return nil, err
			}
			for _, c := range o.Step.Set {
				value, _ := reachable(c, info)
				out[c.Field] = append(out[c.Field], value)
			}
		}
	}
	return out, nil
}
