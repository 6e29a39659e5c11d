package yaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, in string) *Node {
	t.Helper()
	n, err := Parse([]byte(in), "f", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFields(t *testing.T) {
	n := parse(t, "severty: 1\nowner: 2\n\"\\e[1m\": 3\n")
	d := NewDecoder("f")
	fields := d.Fields(n, "the file", "severity", "owner")
	if len(fields) != 1 || fields["owner"].Value != "2" {
		t.Errorf("fields %v", fields)
	}
	d.Required(n, fields, "the file", "severity", "high")
	want := `f:1:1: the file has no key "severty"; did you mean severity?
f:1:1: the file lacks severity; add severity: high
f:3:1: the file has no key "\x1b[1m"; it takes severity, owner`
	if diff := cmp.Diff(want, d.Errors().Error()); diff != "" {
		t.Error(diff)
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ in, text, err string }{
		{"yes", "yes", ""},
		{"1.20", "1.20", ""},
		{"0644", "0644", ""},
		{"22:22", "22:22", ""},
		{"2027-03-31", "2027-03-31", ""},
		{"'true'", "true", ""},
		{"true", "", "v is true; it takes text: if you mean the word, put it in quotes"},
		{"", "", "v is empty; it takes text"},
		{"[a]", "", "v is a list; it takes text"},
		{"!vault x", "", `v is tagged "!vault"; it takes text`},
	} {
		d := NewDecoder("f")
		text, ok := d.Text(parse(t, "v: "+tt.in).Get("v"), "v")
		if text != tt.text || ok != (tt.err == "") || (!ok && d.Errors()[0].Msg != tt.err) {
			t.Errorf("%s: %q, %v, %v", tt.in, text, ok, d.Errors())
		}
	}
}

func TestErrorsAreCapped(t *testing.T) {
	d := NewDecoder("f")
	d.Fields(parse(t, "{"+manyKeys(500)+"}"), "the file", "known")
	errs := d.Errors()
	if len(errs) != maxErrors+1 || !strings.HasPrefix(errs[maxErrors].Msg, "is not read further") {
		t.Errorf("%d errors, last %v", len(errs), errs[len(errs)-1])
	}
}

func TestNearest(t *testing.T) {
	known := []string{"container-memory-limit", "container-pids-limit", "daemon-rootless", "host"}
	for name, want := range map[string]string{
		"container-memory-limits": "container-memory-limit",
		"Container-Memory-Limit":  "container-memory-limit",
		"daemon-rotless":          "daemon-rootless",
		"hots":                    "host",
		"zzzz":                    "",
		"":                        "",
		strings.Repeat("container-memory-l", 100): "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%.40q) = %q, want %q", name, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"web":                    `"web"`,
		"\x1b]0;x\a":             `"\x1b]0;x\a"`,
		"a\u202eb":               `"a\u202eb"`,
		strings.Repeat("ü", 100): `"` + strings.Repeat("ü", 40) + `"…`,
	} {
		if got := Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}
