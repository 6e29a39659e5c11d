package edit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/edit"
)

// TestSetService runs testdata/*.txtar: the first member is the file, the
// others are what an edit makes of it. The name of a member is SERVICE FIELD
// VALUE; it holds the lines that differ, with + and -, or the reason of a refusal.
func TestSetService(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc := ar.Files[0].Data
		if strings.Contains(path, "crlf") {
			doc = bytes.ReplaceAll(doc, []byte("\n"), []byte("\r\n"))
		}
		for i := 1; i < len(ar.Files); i++ {
			f := &ar.Files[i]
			words := strings.Fields(f.Name)
			t.Run(filepath.Base(path)+"/"+f.Name, func(t *testing.T) {
				got, err := edit.SetService(doc, words[0], words[1], words[2])
				text := ""
				if err != nil {
					text = "refused: " + err.Error() + "\n"
				} else {
					text = edit.Diff(doc, got, 0)
					checkAgain(t, got, words)
				}
				text = strings.ReplaceAll(text, "\r", "␍")
				if os.Getenv("UPDATE") != "" {
					f.Data = []byte(text)
				} else if text != string(f.Data) {
					t.Errorf("got\n%swant\n%s", text, f.Data)
				}
			})
		}
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, txtar.Format(ar), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func checkAgain(t *testing.T, doc []byte, words []string) {
	t.Helper()
	again, err := edit.SetService(doc, words[0], words[1], words[2])
	if err != nil || !bytes.Equal(again, doc) {
		t.Errorf("a second time it is edited again: %v\n%s", err, edit.Diff(doc, again, 0))
	}
}

// FuzzSetService lets no document make an edit change a line that it keeps, or
// end in an error without a reason. That the meaning changes in one place only
// is checked by every edit itself.
func FuzzSetService(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(ar.Files[0].Data), "web", uint8(len(path)))
	}
	values := map[string]string{
		"HostConfig.CapDrop": "ALL,NET_RAW", "HostConfig.RestartPolicy": "on-failure:5", "HostConfig.ReadonlyRootfs": "true",
		"HostConfig.Privileged": "false", "HostConfig.SecurityOpt.no-new-privileges": "true", "Config.Image": "a/b:1@sha256:00",
	}
	fields := edit.ServiceFields()
	f.Fuzz(func(t *testing.T, doc, service string, which uint8) {
		field := fields[int(which)%len(fields)]
		value := values[field]
		if value == "" {
			value = "67108864"
		}
		got, err := edit.SetService([]byte(doc), service, field, value)
		var e *edit.Error
		if err != nil {
			if !errors.As(err, &e) || e.Why == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		checkAgain(t, got, []string{service, field, value})
		if lost, added := len(lines(doc))-len(common(lines(doc), lines(string(got)))), len(lines(string(got)))-len(lines(doc)); lost > 2 || added > 8 {
			t.Errorf("%d lines of the file were touched, %d added:\n%s", lost, added, edit.Diff([]byte(doc), got, 0))
		}
	})
}

func lines(s string) []string { return strings.SplitAfter(s, "\n") }

// common returns the lines that both begin and end with.
func common(a, b []string) []string {
	var out []string
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		out, i = append(out, a[i]), i+1
	}
	for n := 1; n <= len(a)-i && n <= len(b)-i && a[len(a)-n] == b[len(b)-n]; n++ {
		out = append(out, a[len(a)-n])
	}
	return out
}
