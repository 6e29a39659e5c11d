package yaml

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show prints a tree compactly: scalars as tag:value.
func show(n *Node) string {
	var b strings.Builder
	switch n.Kind {
	case Scalar:
		fmt.Fprintf(&b, "%s:%s", strings.TrimPrefix(n.Tag, "!!"), n.Value)
	case List:
		b.WriteByte('[')
		for i, c := range n.Items {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(show(c))
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, p := range n.Pairs {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(p.Key.Value + "=" + show(p.Value))
		}
		b.WriteByte('}')
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a: yes", "{a=str:yes}"},
		{"a: on\nb: n", "{a=str:on b=str:n}"},
		{"on: push", "{on=str:push}"},
		{"a: true\nb: False", "{a=bool:true b=bool:False}"},
		{"a: 0644\nb: 0o644\nc: 0x1f\nd: -3", "{a=int:0644 b=int:0o644 c=int:0x1f d=int:-3}"},
		{"a: 1_000\nb: 22:22\nc: 1.20", "{a=str:1_000 b=str:22:22 c=float:1.20}"},
		{"a: 2027-03-31", "{a=str:2027-03-31}"},
		{"a:\nb: ~\nc: ''\nd: 'null'", "{a=null: b=null:~ c=str: d=str:null}"},
		{"a: '12'\nb: |\n  x\n  y\n", "{a=str:12 b=str:x\ny\n}"},
		{"a: !reset []\nb: !x y", "{a=[] b=!x:y}"},
		{"a: !!str 12", "{a=str:12}"},
		{"a: &x [1, 2]\nb: *x", "{a=[int:1 int:2] b=[int:1 int:2]}"},
		{"x: &x {p: 1, q: 2}\ny: {<<: *x, q: 3}", "{x={p=int:1 q=int:2} y={q=int:3 p=int:1}}"},
		{"x: &x {p: 1}\nw: &w {p: 2, r: 3}\ny: {<<: [*x, *w]}", "{x={p=int:1} w={p=int:2 r=int:3} y={p=int:1 r=int:3}}"},
		{"\ufeffa: 1", "{a=int:1}"},
		{"---\n", "null:"},
		{"plain", "str:plain"},
	} {
		n, err := Parse([]byte(tt.in), "f.yaml", Limits{})
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if got := show(n); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestParseTag(t *testing.T) {
	n, err := Parse([]byte("a: !reset [x]"), "f", Limits{})
	if err != nil || n.Get("a").Tag != "!reset" {
		t.Errorf("tag %q, %v", n.Get("a").Tag, err)
	}
}

func TestPositions(t *testing.T) {
	n, err := Parse([]byte("# c\na: 1\nü: {b: [x, yy]}\nc: &k\n  d: 2\ne: *k\n"), "f", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	yy := n.Get("ü").Get("b").Items[1]
	d := n.Get("e").Get("d")
	got := []int{n.Pairs[1].Key.Line, n.Pairs[1].Key.Col, yy.Line, yy.Col, d.Line, d.Col}
	if diff := cmp.Diff([]int{3, 1, 3, 12, 5, 6}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "f.yaml:1:1: is empty"},
		{"# only\n", "f.yaml:1:1: is empty"},
		{"a: 1\nb: 2\na: 3", `f.yaml:3:1: the key "a" is given twice, first at line 1 column 1; keep one`},
		{"1: a\n'1': b", `f.yaml:2:1: the key "1" is given twice, first at line 1 column 1; keep one`},
		{"a: 1\n---\nb: 2", "f.yaml:3:1: begins a second document; this file must hold one, so remove the line --- before it"},
		{"[a]: b", "f.yaml:1:1: a key is a list; it must be a word or a string in quotes"},
		{": b", "f.yaml:1:1: a key is empty; it must be a word or a string in quotes"},
		{"a: &a [*a]", `f.yaml:1:8: the alias "*a" stands inside the value it names`},
		{"a: {<<: 3}", "f.yaml:1:9: << merges a single value; it takes a mapping, or a list of mappings"},
		{"a: *nope", "f.yaml:1:4: is not valid YAML: unknown anchor 'nope' referenced"},
		{"ok: ü\nb: \xff", "f.yaml:2:4: is not UTF-8 text"},
		{"a: [1,\nb: 2", "f.yaml:3:1: is not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that begins at line 1"},
		{"a: b: c", "f.yaml:1:5: is not valid YAML: mapping values are not allowed in this context"},
		{"a: \x1b[31m", "f.yaml:1:4: holds the control character U+001B; a string in double quotes may hold it as \\x1b"},
		{strings.Repeat("[", 1000), "f.yaml:1:101: is nested deeper than 100 levels"},
		{strings.Repeat("- ", 1000), "f.yaml:1:201: is nested deeper than 100 levels"},
	} {
		_, err := Parse([]byte(tt.in), "f.yaml", Limits{})
		if e, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%.40q: error %v (%T), want %s", tt.in, err, err, tt.want)
		} else if e.Error() != tt.want {
			t.Errorf("%.40q:\n got %s\nwant %s", tt.in, e, tt.want)
		}
	}
}

// bomb is a document of about 10 to the levels values, in a few lines.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < levels; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(alias+", ", 9)+alias)
	}
	return b.String()
}

// chain nests one level a line, by aliases.
func chain(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := 1; i < levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	return b.String()
}

func TestHostile(t *testing.T) {
	million := strings.Repeat("x", 1<<20)
	many := func(s string) string { return strings.Repeat(s, (1<<20)/len(s)) }
	for name, tt := range map[string]struct{ in, want string }{
		"bomb":             {bomb(9), "more than 200000 values"},
		"deep bomb":        {chain(200), "deeper than 100 levels"},
		"merge bomb":       {"a: &a {" + manyKeys(2000) + "}\nl:\n" + strings.Repeat("  - <<: *a\n", 2000), "more than 200000 values"},
		"long value":       {"a: " + million, ""},
		"long key":         {"? " + million + "\n: b", ""},
		"long alias":       {"a: *" + million, "unknown anchor"},
		"long quoted":      {`a: "` + million + `"`, ""},
		"flow list":        {"[" + many("a,") + "a]", "more than 200000 values"},
		"flow colons":      {"{" + many(":,") + "}", "more than 200000 values"},
		"dashes":           {many("-\n"), "more than 200000 values"},
		"documents":        {many("---\n"), "more than 200000 values"},
		"document ends":    {strings.Repeat("a\n...\n", 250_000), "more than 200000 values"},
		"tags":             {many("! "), "more than 200000 values"},
		"anchors":          {many("&a "), "more than 200000 values"},
		"size":             {strings.Repeat(" ", 9<<20), "has 9437184 bytes; at most 8388608 are read"},
		"blank lines":      {many("\n"), "is empty"},
		"comments":         {many("# c\n"), "is empty"},
		"utf-16":           {"\xff\xfea\x00:\x00 \x001\x00", "is not UTF-8"},
		"control in key":   {"\"\\e[2J\": 1\n\"\\e[2J\": 2", `the key "\x1b[2J" is given twice`},
		"bidi in an alias": {"a: *\u202eb", `is not valid YAML`},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse([]byte(tt.in), "f", Limits{})
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 700 {
				t.Errorf("allocated %d MB", mb)
			}
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %.200v, want %s", err, tt.want)
			case err != nil && len(err.Error()) > 400:
				t.Errorf("the error has %d bytes", len(err.Error()))
			case err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x202e }):
				t.Errorf("error %q holds control characters", err)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: v, ", i)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		in     string
		limits Limits
		ok     bool
	}{
		{"[a, b]", Limits{Nodes: 3}, true},
		{"[a, b, c]", Limits{Nodes: 3}, false},
		{"[[a]]", Limits{Depth: 3}, true},
		{"[[[a]]]", Limits{Depth: 3}, false},
		{"abc", Limits{Bytes: 3}, true},
		{"abcd", Limits{Bytes: 3}, false},
	} {
		if _, err := Parse([]byte(tt.in), "f", tt.limits); (err == nil) != tt.ok {
			t.Errorf("%s with %+v: %v", tt.in, tt.limits, err)
		}
	}
}

func TestParseAll(t *testing.T) {
	docs, err := ParseAll([]byte("a\n---\nb: 1\n---\n[c]\n"), "f", Limits{})
	if err != nil || len(docs) != 3 || show(docs[2]) != "[str:c]" || docs[1].Line != 3 {
		t.Errorf("%v, %v", docs, err)
	}
	if docs, err := ParseAll(nil, "f", Limits{}); err != nil || len(docs) != 0 {
		t.Errorf("%v, %v", docs, err)
	}
	if _, err := ParseAll([]byte("a\n---\nb: [\n"), "f", Limits{}); err == nil {
		t.Error("an error in the last document went unseen")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1\nb: [x, {y: z}]", bomb(3), "a: &a [*a]", "<<: {a: b}", "- - - x", "? [a]\n: b", "%YAML 1.1\n---\na", "a: |\n x", "{a: !t b, c: *d}", "a\n...\nb"} {
		f.Add([]byte(s))
	}
	limits := Limits{Bytes: 1 << 16, Depth: 30, Nodes: 1000}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := ParseAll(data, "f", limits)
		var e *Error
		if err != nil {
			if !errors.As(err, &e) || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("error %T %q", err, err)
			}
			return
		}
		n := 0
		for _, d := range docs {
			n += count(t, d, 1)
		}
		if n > limits.Nodes*4 {
			t.Fatalf("%d nodes", n)
		}
	})
}

// count walks a tree and fails where it breaks its promises.
func count(t *testing.T, n *Node, depth int) int {
	if n.Line < 1 || n.Col < 1 || n.Tag == "" || depth > 31 {
		t.Fatalf("node %+v at depth %d", n, depth)
	}
	sum, keys := 1, map[string]bool{}
	for _, c := range n.Items {
		sum += count(t, c, depth+1)
	}
	for _, p := range n.Pairs {
		if keys[p.Key.Value] {
			t.Fatalf("key %q twice", p.Key.Value)
		}
		keys[p.Key.Value] = true
		sum += count(t, p.Value, depth+1) + 1
	}
	return sum
}
