package edit

import "testing"

func TestRemoveJSON(t *testing.T) {
	for _, tc := range []struct {
		name, doc, want string
		path            []string
	}{
		{"only", "{\n  \"a\": 1\n}\n", "{}\n", []string{"a"}},
		{"first", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", "{\n  \"b\": 2\n}\n", []string{"a"}},
		{"middle", `{"a":1, "b":2, "c":3}`, `{"a":1, "c":3}`, []string{"b"}},
		{"last", "{\n\t\"a\": 1,\n\t\"b\": [2,\n\t3]\n}", "{\n\t\"a\": 1\n}", []string{"b"}},
		{"inner", `{"o": {"x": 1, "y": 2}, "p": 0}`, `{"o": {"y": 2}, "p": 0}`, []string{"o", "x"}},
		{"inner that was alone", `{"o": {"x": 1}, "p": 0}`, `{"p": 0}`, []string{"o", "x"}},
		{"absent", `{"a": 1}`, `{"a": 1}`, []string{"b"}},
		{"empty", "\n", "\n", []string{"b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := RemoveJSON([]byte(tc.doc), tc.path)
			if err != nil || string(got) != tc.want {
				t.Errorf("RemoveJSON = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
	for _, bad := range []string{`{"a":`, `[1]`, `{"a":1,"a":2}`, `{"A":1}`} {
		if got, err := RemoveJSON([]byte(bad), []string{"a"}); err == nil {
			t.Errorf("RemoveJSON(%q) = %q, want an error", bad, got)
		}
	}
}

// TestRemoveTakesBackSet: what was set where nothing stood is gone without a
// trace.
func TestRemoveTakesBackSet(t *testing.T) {
	for _, doc := range []string{"{\n  \"a\": 1\n}\n", `{"a":1}`, "{\n\t\"o\": {\n\t\t\"p\": 2\n\t}\n}", `{"a": 1, "b": 2}`} {
		for _, path := range [][]string{{"x"}, {"o", "x"}} {
			set, err := SetJSON([]byte(doc), path, true)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := RemoveJSON(set, path); err != nil || string(got) != doc {
				t.Errorf("%q with %v and without: %q, %v", doc, path, got, err)
			}
		}
	}
}
