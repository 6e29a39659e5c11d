package answer

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// The JSON library is the reference of everything that goes past it.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : 1 , "b":[1,{"c":"]}"}] }`, `{"a":"\"","\u0061":null,"a":-0.5e3}`, `{"a":true}` + "\n", `{"\ud800":"x"}`, "{\"\xff\":\"\xff\"}",
		`[]`, `null`, `"{"`, `{"a":{"b":{}},"c":[[],[[]]]}`, `{`, `{"a":}`, `{"a":12,"b":9223372036854775808,"c":false,"d":""}`, "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		fine := json.Unmarshal(raw, &want) == nil && want != nil
		o, ok := Parse(raw, "", new(Unread))
		if ok != fine {
			t.Fatalf("%q: taken for an object: %t, want %t", raw, ok, fine)
		}
		if !ok {
			return
		}
		if got := slices.Sorted(maps.Keys(o.fields)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("%q has the fields %q", raw, got)
		}
		for name, field := range want {
			if string(o.fields[name]) != string(field) {
				t.Fatalf("%q: %q is %s, want %s", raw, name, o.fields[name], field)
			}
			same[string](t, o, name)
			same[bool](t, o, name)
			same[int64](t, o, name)
			same[[]string](t, o, name)
			same[*int64](t, o, name)
		}
	})
}

// same reads a field both ways.
func same[T any](t *testing.T, o Object, name string) {
	t.Helper()
	var got, want T
	err := json.Unmarshal(o.fields[name], &want)
	if read := o.Read(name, &got); read != (err == nil) {
		t.Fatalf("%s into %T: read %t, the library says %v", o.fields[name], got, read, err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if err == nil && string(a) != string(b) {
		t.Fatalf("%s is %s, want %s", o.fields[name], a, b)
	}
}
