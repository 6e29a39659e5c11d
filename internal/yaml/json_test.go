package yaml

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	const text = "\ufeff# licence\n%YAML 1.1\n--- # first\na: 1\n---\n# nothing\n---\nb: |\n  ---\n  x\n---\t\nc: [\n--- {d: 1}\n...\n---\n"
	var got []string
	for _, d := range Split([]byte(text)) {
		n, err := ParseDocument(d, "f", Limits{})
		if err != nil {
			got = append(got, fmt.Sprintf("%d: %v", d.Line, err))
			continue
		}
		got = append(got, fmt.Sprintf("%d: %s at %d:%d", d.Line, AppendJSON(nil, n), n.Line, n.Col))
	}
	const want = `3: {"a":1} at 4:1|7: {"b":"---\nx\n"} at 8:1|11: f:13:1: is not valid YAML: did not find expected node content, while parsing a flow node|13: {"d":1} at 13:5`
	if g := strings.Join(got, "|"); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}

func TestAppendJSON(t *testing.T) {
	for in, want := range map[string]string{
		"yes": "true", "Off": "false", "y": "true", "0400": "256", "0x1f": "31", "1_000": "1000", "1e3": "1000", ".5": "0.5", "~": "null", "": "null",
		"1.20": "1.2", "2001-01-01": `"2001-01-01"`, "22:22": `"22:22"`, `"yes"`: `"yes"`, "!!str yes": `"yes"`, "'1'": `"1"`, "a\\b": `"a\\b"`,
		"\"\\u0001\\t\"": `"\u0001\u0009"`, ".inf": `".inf"`, "18446744073709551615": "18446744073709551615",
		"{on: 1, 010: 2, null : 3}": "", "{on: 1, 010: 2}": `{"true":1,"8":2}`, "[a, {b: c}]": `["a",{"b":"c"}]`,
	} {
		n, err := ParseDocument(Document{[]byte(in), 1}, "f", Limits{})
		if err != nil || n == nil {
			if want != "" && want != "null" {
				t.Errorf("%s: %v", in, err)
			}
			continue
		}
		if got := string(AppendJSON(nil, n)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	const text = "{\"a\": [1, -2.5e3, true, null, \"\\u0041\\n\"],\n  \"b\": {}}\n{\"a\": \n{\"c\": 1}\n{\"c\":1,\"c\":2}\n{\"d\":1} {\"e\":1}\n"
	var got []string
	ParseJSON([]byte(text), "f", Limits{}, func(n *Node, err error) {
		if err != nil {
			got = append(got, err.Error())
			return
		}
		got = append(got, fmt.Sprintf("%d:%d %s", n.Line, n.Col, AppendJSON(nil, n)))
	})
	want := []string{`1:1 {"a":[1,-2500,true,null,"A\n"],"b":{}}`, "", `4:1 {"c":1}`, "f:5:8: the key \"c\" is given twice; keep one", `6:1 {"d":1}`, `6:2 {"e":1}`}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if want[i] != "" && got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// FuzzAppendJSON holds that what is written is JSON, whatever was read.
func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{"a: yes\n---\nb: 0x1\n", "{\"a\": [1]}", "? a\n: b", "a: &x {b: *x}", "\"\\x00\": 1e999", "- -\n - +.5e-1"} {
		f.Add([]byte(s))
	}
	check := func(t *testing.T, n *Node) {
		t.Helper()
		if j := AppendJSON(nil, n); !json.Valid(j) {
			t.Fatalf("wrote %q, which is no JSON", j)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		small := Limits{Bytes: 1 << 16, Nodes: 5000}
		for _, d := range Split(data) {
			if n, err := ParseDocument(d, "f", small); err == nil && n != nil {
				check(t, n)
			}
		}
		ParseJSON(data, "f", small, func(n *Node, err error) {
			if err == nil {
				check(t, n)
			}
		})
	})
}
