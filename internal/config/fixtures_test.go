package config

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/policy"
	"plimsoll/internal/yaml"
	"plimsoll/test/schemacheck"
)

var update = flag.Bool("update", false, "write the errors that come out into testdata")

// formats are the two files that this package reads.
var formats = map[string]struct {
	schema func() string
	load   func(data []byte, file string) error
}{
	"policy": {PolicySchema, func(data []byte, file string) error {
		_, err := LoadPolicy(data, file, suite())
		return err
	}},
	"waivers": {WaiversSchema, func(data []byte, file string) error {
		_, err := LoadWaivers(data, file, suite(), threats, today)
		return err
	}},
}

// TestFixtures holds the loader and the published schema against each other.
// In testdata, good/ is what both take, form/ what both refuse, and suite/ what
// only the loader refuses, since only it knows the checks and the clock. The
// .err beside each refused file is every error, as a person sees it.
func TestFixtures(t *testing.T) {
	for name, f := range formats {
		path := "testdata/" + name + ".txtar"
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		schema := compile(t, f.schema())
		want := make(map[string]string)
		for _, file := range archive.Files {
			want[file.Name] = string(file.Data)
		}
		var out []txtar.File
		for _, file := range archive.Files {
			base, ok := strings.CutSuffix(file.Name, ".yaml")
			if !ok {
				continue
			}
			t.Run(name+"/"+base, func(t *testing.T) {
				err := f.load(file.Data, "f.yaml")
				good := strings.HasPrefix(base, "good/")
				if good != (err == nil) {
					t.Errorf("loader: %v", err)
				}
				if serr := validate(schema, file.Data); (serr == nil) == strings.HasPrefix(base, "form/") {
					t.Errorf("schema: %v", serr)
				}
				out = append(out, file)
				if err == nil {
					return
				}
				out = append(out, txtar.File{Name: base + ".err", Data: []byte(err.Error() + "\n")})
				if diff := cmp.Diff(want[base+".err"], err.Error()+"\n"); diff != "" && !*update {
					t.Error(diff)
				}
			})
		}
		if *update {
			archive.Files = out
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func compile(t *testing.T, text string) *schemacheck.Schema {
	t.Helper()
	s, err := schemacheck.Compile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds a file against a schema as an editor would.
func validate(s *schemacheck.Schema, data []byte) error {
	n, err := yaml.Parse(data, "f.yaml", yaml.Limits{})
	if err != nil {
		return err
	}
	return s.Validate(instance(n))
}

// instance is the JSON value of a tree.
func instance(n *yaml.Node) any {
	switch n.Kind {
	case yaml.List:
		out := []any{}
		for _, c := range n.Items {
			out = append(out, instance(c))
		}
		return out
	case yaml.Map:
		out := map[string]any{}
		for _, p := range n.Pairs {
			out[p.Key.Value] = instance(p.Value)
		}
		return out
	}
	switch n.Tag {
	case yaml.TagNull:
		return nil
	case yaml.TagBool:
		return strings.EqualFold(n.Value, "true")
	case yaml.TagInt, yaml.TagFloat:
		return 1 // only the type counts
	}
	return n.Value
}

// TestVocabulary holds the words of the schemas against those of the loader.
func TestVocabulary(t *testing.T) {
	var decisions []string
	for _, d := range policy.Decisions {
		decisions = append(decisions, string(d))
	}
	for _, tt := range []struct {
		schema string
		path   string
		want   []string
	}{
		{WaiversSchema(), "$defs scope properties kind enum", kinds()},
		{WaiversSchema(), "$defs scope properties zone enum", zones()},
		{WaiversSchema(), "$defs waiver properties decision enum", decisions},
		{WaiversSchema(), "$defs scope properties name not pattern", []string{global.String()}},
		{WaiversSchema(), "properties schema const", []string{waiversSchema}},
		{PolicySchema(), "properties schema const", []string{policySchema}},
		{PolicySchema(), "properties checks additionalProperties properties severity enum", severities()},
		{PolicySchema(), "properties answers additionalProperties properties status enum", answerStatuses()},
	} {
		var v any
		if err := json.Unmarshal([]byte(tt.schema), &v); err != nil {
			t.Fatal(err)
		}
		for key := range strings.FieldsSeq(tt.path) {
			v, _ = v.(map[string]any)[key]
		}
		var got []string
		switch v := v.(type) {
		case string:
			got = []string{v}
		case []any:
			for _, s := range v {
				got = append(got, s.(string))
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.path, diff)
		}
	}
}

// seeds are the fixtures of a format, for fuzzing.
func seeds(f *testing.F, name string) {
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") {
			f.Add(file.Data)
		}
	}
}

// legible fails on an error that is not ours, or that a terminal would obey.
func legible(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("error %T %v", err, err)
	}
	if strings.ContainsFunc(strings.ReplaceAll(err.Error(), "\n", ""), unsafe) {
		t.Fatalf("error %q", err)
	}
}

func FuzzLoadPolicy(f *testing.F) {
	seeds(f, "policy")
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := LoadPolicy(data, "f.yaml", suite())
		if err != nil {
			legible(t, err)
			return
		}
		for _, row := range Show(p, suite()) {
			u, err := unitOf(row.Unit)
			if err != nil || (!u.many && len(row.Value) != 1) {
				t.Fatalf("%+v: %v", row, err)
			}
			for _, v := range row.Value {
				if _, ok := u.parse(v); !ok {
					t.Fatalf("%+v was taken", row)
				}
			}
		}
		for _, text := range slices.Concat(slices.Collect(maps.Values(p.Disabled)), slices.Collect(maps.Values(p.Severity))) {
			if text == "" || strings.ContainsFunc(text, unsafe) {
				t.Fatalf("text %q was taken", text)
			}
		}
	})
}

func FuzzLoadWaivers(f *testing.F) {
	seeds(f, "waivers")
	f.Fuzz(func(t *testing.T, data []byte) {
		ws, err := LoadWaivers(data, "f.yaml", suite(), threats, today)
		if err != nil {
			legible(t, err)
			return
		}
		for _, w := range ws {
			if (w.Check == "") == (w.Threat == "") || w.Name == "" || w.Owner == "" || w.Reason == "" ||
				!slices.Contains(policy.Decisions, w.Decision) || w.Expires.After(today.AddDate(0, 0, longestWaiver)) || w.Line == 0 {
				t.Fatalf("waiver %+v was taken", w)
			}
		}
	})
}
