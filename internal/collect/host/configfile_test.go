package host

import (
	"errors"
	"strings"
	"testing"
)

func TestConfigFile(t *testing.T) {
	cfg, err := ConfigFile([]byte("{\n  \"debug\": true, \"hosts\": [],\n  \"nope\": \"canary\",\n  \"log-opts\": {\"tag\": \"canary\",\n    \"tag\": 1},\n\t\"debug\": false\n}\n"), "d.json")
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string]string)
	for _, s := range cfg.Settings {
		at[s.Key] = s.Loc.String()
	}
	if at["debug"] != "d.json:6:2" || at["hosts"] != "d.json:2:18" || at["nope"] != "d.json:3:3" || at["log-opts"] != "d.json:4:3" {
		t.Errorf("places %v", at)
	}
	if len(cfg.Unknown) != 1 || cfg.Unknown[0] != "nope" {
		t.Errorf("unknown %v", cfg.Unknown)
	}
	if r := cfg.Repeated; len(r) != 2 || r[0].Key != "debug" || r[0].Loc.String() != "d.json:2:3" || r[1].Key != "log-opts.tag" {
		t.Errorf("repeated %+v", r)
	}
	for data, want := range map[string]string{
		"[]":                             "1:1: is not a JSON object",
		"{\n \"a\": }":                   "2:6: is not JSON from here on",
		"{\n \"a\": 1":                   "2:8: ends before the JSON object does",
		"{}\n{}":                         "2:2: there is text after the JSON object",
		"{\"a\":1,\n  \"debug\": \"x\"}": "2:3: debug takes true or false; the engine would not start",
		"{\"hosts\": \"tcp://x\"}":       "1:2: hosts takes a list or an object; the engine would not start",
		strings.Repeat(`{"a":`, 100):     "1:322: is larger or deeper than a configuration file of the engine",
	} {
		_, err := ConfigFile([]byte(data), "d.json")
		if bad, ok := errors.AsType[*ConfigFileError](err); !ok || bad.Error() != want {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
	}
	for _, data := range []string{"", " \n", "\xef\xbb\xbf{}"} {
		if _, err := ConfigFile([]byte(data), "d.json"); err != nil {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// FuzzConfigFile: no file breaks the reader, and every error has a place.
func FuzzConfigFile(f *testing.F) {
	for _, s := range []string{`{"debug":true}`, `{"log-opts":{"a":[{"b":1}]}}`, "{", `{"a":1,"a":2}`, "\xef\xbb\xbf"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := ConfigFile(data, "d.json")
		if bad, ok := errors.AsType[*ConfigFileError](err); err != nil && (!ok || bad.Line < 1 || bad.Column < 1) {
			t.Fatalf("%v", err)
		}
		for _, s := range cfg.Settings {
			if s.Loc != nil && s.Loc.Line < 1 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
