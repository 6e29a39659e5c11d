package edit_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"plimsoll/internal/edit"
)

func TestSetJSON(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		path      []string
		value     any
		want      string
	}{
		{"nothing", "", []string{"icc"}, false, "{\n  \"icc\": false\n}\n"},
		{"blank lines", " \r\n", []string{"icc"}, false, "{\r\n  \"icc\": false\r\n}\r\n"},
		{"empty object", "{}\n", []string{"a", "b"}, 1, "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"},
		{"replace a scalar", "{\n\t\"a\" : 1 ,\n\t\"b\":2\n}", []string{"a"}, true, "{\n\t\"a\" : true ,\n\t\"b\":2\n}"},
		{"the same already", `{"a": [1,  2]}`, []string{"a"}, []int{1, 2}, `{"a": [1,  2]}`},
		{"add on a line", `{"a": 1, "b": 2}`, []string{"c"}, "x", `{"a": 1, "b": 2, "c": "x"}`},
		{"add without space", `{"a":1}`, []string{"c"}, "<&>", `{"a":1,"c":"<&>"}`},
		{"add with tabs and CRLF", "{\r\n\t\"a\": 1\r\n}\r\n", []string{"c"}, []string{"x"}, "{\r\n\t\"a\": 1,\r\n\t\"c\": [\r\n\t\t\"x\"\r\n\t]\r\n}\r\n"},
		{"add within", "{\n    \"log-opts\": {\n        \"max-file\": \"3\"\n    },\n    \"z\": [1, 2]\n}\n", []string{"log-opts", "max-size"}, "10m",
			"{\n    \"log-opts\": {\n        \"max-file\": \"3\",\n        \"max-size\": \"10m\"\n    },\n    \"z\": [1, 2]\n}\n"},
		{"into an empty object within", "{\n  \"o\": {},\n  \"z\": 1\n}\n", []string{"o", "k"}, 1, "{\n  \"o\": {\n    \"k\": 1\n  },\n  \"z\": 1\n}\n"},
		{"comma first", "{ \"a\": 1\n, \"b\": 2\n}", []string{"c"}, 3, "{ \"a\": 1\n, \"b\": 2, \"c\": 3\n}"},
		{"replace lines by lines", "{\n  \"a\": [\n    1\n  ]\n}", []string{"a"}, []int{1, 2}, "{\n  \"a\": [\n    1,\n    2\n  ]\n}"},
		{"braces in strings", `{"}\"{": "]", "a": {"x": "\\"}}`, []string{"a", "y"}, nil, `{"}\"{": "]", "a": {"x": "\\", "y": null}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit.SetJSON([]byte(tt.doc), tt.path, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("SetJSON(%q) = %q, want %q", tt.doc, got, tt.want)
			}
		})
	}
}

func TestSetJSONRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		path      []string
		want      string
	}{
		{"no path", "{}", nil, "the path to the value is empty"},
		{"no JSON", "{\n  \"a\": 1,\n}", []string{"a"}, "3:1: this is not JSON"},
		{"a list", "[1]", []string{"a"}, "1:1: this is not an object"},
		{"through a string", "{\n  \"a\": \"x\"\n}", []string{"a", "b"}, "2:8: this is not an object"},
		{"twice", "{\"a\": 1,\n\"a\": 2}", []string{"a"}, `2:1: the key "a" stands here for the second time`},
		{"another case", `{"Icc": true}`, []string{"icc"}, `1:2: the key "Icc" differs from "icc" only by case`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := edit.SetJSON([]byte(tt.doc), tt.path, 1)
			var e *edit.Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that begins with %q", err, tt.want)
			}
		})
	}
}

// FuzzSetJSON holds every edit against the meaning of the document: the one
// value changes, nothing else does, and a second edit changes nothing.
func FuzzSetJSON(f *testing.F) {
	for _, doc := range []string{"", "{}", `{"a":{"b":[1,{"c":"}"}]},"d":1}`, "{\r\n\t\"a\" : {}\r\n}", `[{}]`, `{"a":"\u0062"}`, `{"B":1,"a":1,"a":2}`} {
		f.Add(doc, "a", "b")
		f.Add(doc, "d", "")
	}
	f.Fuzz(func(t *testing.T, doc, key, within string) {
		path := []string{key}
		if within != "" {
			path = append(path, within)
		}
		got, err := edit.SetJSON([]byte(doc), path, "new")
		if err != nil {
			return
		}
		want, is := map[string]any{}, map[string]any{}
		if strings.TrimSpace(doc) != "" {
			if err := json.Unmarshal([]byte(doc), &want); err != nil {
				t.Fatalf("edited %q, which is no object: %v", doc, err)
			}
		}
		if err := json.Unmarshal(got, &is); err != nil {
			t.Fatalf("SetJSON(%q) = %q: %v", doc, got, err)
		}
		at := want
		for _, k := range path[:len(path)-1] {
			next, _ := at[k].(map[string]any)
			if next == nil {
				next = map[string]any{}
				at[k] = next
			}
			at = next
		}
		at[path[len(path)-1]] = "new"
		if !reflect.DeepEqual(is, want) {
			t.Errorf("SetJSON(%q, %q) = %q", doc, path, got)
		}
		if again, err := edit.SetJSON(got, path, "new"); err != nil || string(again) != string(got) {
			t.Errorf("a second time: %q, %v, want %q", again, err, got)
		}
	})
}
