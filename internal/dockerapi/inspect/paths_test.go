package inspect

import (
	"encoding/json"
	"slices"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestSpecPathsExist(t *testing.T) {
	for name, paths := range specPaths {
		for _, p := range paths {
			if !snapshot.IsSpecPath(p) {
				t.Errorf("%s is mapped to %q, which is no field of a spec", name, p)
			}
		}
	}
}

// Whatever field of a recorded answer comes in another form, the decoder's name
// for it is in the table, so that not the whole container is in doubt.
func TestOddFieldsAreNamed(t *testing.T) {
	raw := container(t, func(_, _, _ map[string]any) {})
	for _, odd := range []any{7.5, "\x00", []any{[]any{}}, map[string]any{"x": []any{}}} {
		for _, parent := range []string{"", "Config", "HostConfig", "NetworkSettings", "State"} {
			var top map[string]any
			if err := json.Unmarshal(raw, &top); err != nil {
				t.Fatal(err)
			}
			in := top
			if parent != "" {
				in = top[parent].(map[string]any)
			}
			for field := range in {
				if _, nested := in[field].(map[string]any); nested && parent == "" {
					continue
				}
				was := in[field]
				in[field] = odd
				b, err := json.Marshal(top)
				if err != nil {
					t.Fatal(err)
				}
				in[field] = was
				c, err := Decode(b)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(c.Spec.Unread, snapshot.AllUnread) {
					t.Errorf("%s.%s is %v: the decoder names %q, not all of them in the table", parent, field, odd, c.Unread)
				}
			}
		}
	}
}
