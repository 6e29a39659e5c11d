package snapshot

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestInertMeansTheSame(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x3000) {
		all.WriteRune(r)
	}
	all.WriteString("\ufeff\U0001f600 \\u202e \xff")
	b, err := json.Marshal(map[string]string{all.String(): all.String()})
	if err != nil {
		t.Fatal(err)
	}
	safe := Inert(b)
	for _, r := range string(safe) {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			t.Errorf("%U is left", r)
		}
	}
	var was, is map[string]string
	if err := json.Unmarshal(b, &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(safe, &is); err != nil {
		t.Fatal(err)
	}
	for k, v := range was {
		if is[k] != v {
			t.Error("the text changed")
		}
	}
	if plain := []byte(`{"a":"é→ 漢"}`); &Inert(plain)[0] != &plain[0] {
		t.Error("what is inert already was copied")
	}
}

// TestHostileNamesAreInertInFiles: a snapshot with such names says the same when
// it is read, and its ID holds however they are written.
func TestHostileNamesAreInertInFiles(t *testing.T) {
	const name = "web\u202egnp.exe\u009b31m"
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := &Snapshot{Taken: at, Scopes: []Scope{{ID: "engine:x", Kind: ScopeEngine, Name: name, Taken: at}}}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `web\u202egnp.exe\u009b31m`) {
		t.Errorf("written as %q", b.String())
	}
	raw := strings.NewReplacer(`\u202e`, "\u202e", `\u009b`, "\u009b").Replace(b.String())
	for _, text := range []string{b.String(), raw} {
		back, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if back.Scopes[0].Name != name || back.ID != s.ID {
			t.Errorf("read back as %q with the ID %s, want %s", back.Scopes[0].Name, back.ID, s.ID)
		}
	}
}
