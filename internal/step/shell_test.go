package step

import "testing"

func TestShell(t *testing.T) {
	for word, want := range map[string]string{
		"/srv/shop":                   "/srv/shop",
		"reg.example:5000/a@sha256:1": "reg.example:5000/a@sha256:1",
		"":                            "''",
		"my web":                      "'my web'",
		"it's":                        `'it'\''s'`,
		"/srv/a;touch$IFS/tmp/x;":     "'/srv/a;touch$IFS/tmp/x;'",
		"a\nb":                        "'a\nb'",
		"~root":                       "'~root'",
		"{a,b}":                       "'{a,b}'",
		"ö":                           "'ö'",
	} {
		if got := Shell(word); got != want {
			t.Errorf("Shell(%q) = %s, want %s", word, got, want)
		}
	}
}
