package answer

import (
	"encoding/json"
	"testing"
)

// The JSON library is the reference of everything that goes past it.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : 1 , "b":[1,{"c":"]}"}] }`, `{"a":"\"","\u0061":null,"a":-0.5e3}`, `{"a":true}` + "\n", `{"\ud800":"x"}`, "{\"\xff\":\"\xff\"}",
		`[]`, `null`, `"{"`, `{"a":{"b":{}},"c":[[],[[]]]}`, `{"a":[ "x" , "y"],"b":["x",null],"c":["\u0041"],"d":[],"e":[1],"f":{"a":"b","c":"d","a":"e"},"g":{"a":null},"h":{}}`, `{"a":["\ud800"],"a":1}`, `{`, `{"a":}`, `{"a":12,"b":9223372036854775808,"c":false,"d":""}`, "",
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
		got := make(map[string]bool)
		for _, f := range o.fields {
			got[string(f.name)] = true
		}
		if len(got) != len(want) || o.Empty() != (len(want) == 0) {
			t.Fatalf("%q has the fields %q", raw, o.fields)
		}
		for name, field := range want {
			if string(o.Raw(name)) != string(field) {
				t.Fatalf("%q: %q is %s, want %s", raw, name, o.Raw(name), field)
			}
			same[string](t, o, name)
			same[bool](t, o, name)
			same[int64](t, o, name)
			same[[]string](t, o, name)
			same[*int64](t, o, name)
			same[int](t, o, name)
			same[map[string]string](t, o, name)
		}
	})
}

// same reads a field both ways.
func same[T any](t *testing.T, o Object, name string) {
	t.Helper()
	var got, want T
	err := json.Unmarshal(o.Raw(name), &want)
	if read := o.Read(name, &got); read != (err == nil) {
		t.Fatalf("%s into %T: read %t, the library says %v", o.Raw(name), got, read, err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if err == nil && string(a) != string(b) {
		t.Fatalf("%s is %s, want %s", o.Raw(name), a, b)
	}
}
