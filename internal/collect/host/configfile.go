package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// MaxConfigFile bounds a configuration file of the engine, in bytes.
const MaxConfigFile = maxText

// ConfigFileError is what is wrong with a configuration file, with its place.
type ConfigFileError struct {
	Line, Column int // from 1
	Msg          string
}

// Error returns line:column: message.
func (e *ConfigFileError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Msg) }

// ConfigFile reads a daemon.json by itself, as an engine without flags would.
// Errors are always *[ConfigFileError].
func ConfigFile(data []byte, file string) (snapshot.DaemonConfig, error) {
	cfg := snapshot.DaemonConfig{File: text(file), FileSeen: snapshot.Observed}
	keys, err := keyPlaces(data)
	if err != nil {
		return cfg, err
	}
	values, err := parseDaemonJSON(data)
	if err != nil { // cannot be: its keys were read
		return cfg, &ConfigFileError{Line: 1, Column: 1, Msg: "is not a JSON object"}
	}
	if err := keyTypes(data, keys); err != nil {
		return cfg, err
	}
	cfg.Settings = merge(nil, values)
	_, cfg.Unknown = misplaced(nil, values)
	for i := range cfg.Settings {
		s := &cfg.Settings[i]
		at, ok := keys[s.Key]
		if !ok {
			at, ok = keys["proxies."+s.Key]
		}
		if ok {
			s.Loc = &snapshot.Location{File: cfg.File, Line: at[len(at)-1].line, Column: at[len(at)-1].column}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if first := keys[k][0]; len(keys[k]) > 1 && len(cfg.Repeated) < maxRepeated {
			name := merge(nil, map[string][]string{k: nil})[0].Key // fit for a snapshot
			cfg.Repeated = append(cfg.Repeated, snapshot.Repeated{Key: name, Loc: snapshot.Location{File: cfg.File, Line: first.line, Column: first.column}})
		}
	}
	return cfg, nil
}

// keyTypes refuses values of another type than the engine takes: it does not
// start with one.
func keyTypes(data []byte, keys map[string][]spot) error {
	var top map[string]json.RawMessage
	if len(keys) == 0 || json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &top) != nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(top)) {
		v := string(top[k])
		want := ""
		switch {
		case v == "null":
		case boolFlags[k] && v != "true" && v != "false":
			want = "true or false"
		case lists[k] && v[0] != '[' && v[0] != '{':
			want = "a list or an object"
		}
		if at := keys[k]; want != "" && len(at) > 0 {
			return &ConfigFileError{Line: at[len(at)-1].line, Column: at[len(at)-1].column, Msg: k + " takes " + want + "; the engine would not start"}
		}
	}
	return nil
}

const (
	maxRepeated = 64
	maxNested   = 64 // objects within one another
	maxKeys     = 10_000
)

type spot struct{ line, column int }

// keyPlaces returns where each key of a JSON object stands, those of inner
// objects after the outer key and a dot. A key that is repeated has several.
func keyPlaces(data []byte) (map[string][]spot, error) {
	skipped := len(data) - len(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(bytes.TrimSpace(data[skipped:])) == 0 {
		return nil, nil
	}
	w := &keyWalk{data: data, base: skipped, dec: json.NewDecoder(bytes.NewReader(data[skipped:])), at: make(map[string][]spot)}
	w.dec.UseNumber()
	t, err := w.dec.Token()
	if err == nil && t != json.Delim('{') {
		return nil, w.wrong(0, "is not a JSON object")
	}
	if err == nil {
		err = w.object("", 1)
	}
	if err == nil {
		if _, err = w.dec.Token(); errors.Is(err, io.EOF) {
			return w.at, nil
		}
		return nil, w.wrong(w.dec.InputOffset(), "there is text after the JSON object")
	}
	var place *ConfigFileError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &place):
		return nil, place
	case errors.As(err, &syntax):
		return nil, w.wrong(syntax.Offset-1, "is not JSON from here on")
	}
	return nil, w.wrong(int64(len(data)), "ends before the JSON object does")
}

type keyWalk struct {
	data []byte
	base int // bytes before the JSON
	dec  *json.Decoder
	at   map[string][]spot
	keys int
}

func (w *keyWalk) wrong(offset int64, msg string) *ConfigFileError {
	s := w.spot(offset)
	return &ConfigFileError{Line: s.line, Column: s.column, Msg: msg}
}

// spot turns an offset into a place; columns count bytes.
func (w *keyWalk) spot(offset int64) spot {
	before := w.data[:min(max(int(offset), 0)+w.base, len(w.data))]
	return spot{1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')}
}

// object reads up to the end of an object whose brace was read.
func (w *keyWalk) object(prefix string, depth int) error {
	for {
		end := w.dec.InputOffset()
		t, err := w.dec.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return nil // the closing brace
		}
		rest := w.data[w.base+int(end):]
		start := end + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n,")))
		if w.keys++; w.keys > maxKeys || depth > maxNested {
			return w.wrong(start, "is larger or deeper than a configuration file of the engine")
		}
		path := prefix + key
		if len(path) <= maxUnknown {
			w.at[path] = append(w.at[path], w.spot(start))
		}
		if err := w.value(path+".", depth); err != nil {
			return err
		}
	}
}

// value reads one value; of lists only that they end.
func (w *keyWalk) value(prefix string, depth int) error {
	t, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return w.object(prefix, depth+1)
	case json.Delim('['):
		for open := 1; open > 0; {
			if t, err = w.dec.Token(); err != nil {
				return err
			}
			if d, ok := t.(json.Delim); ok {
				open += map[bool]int{true: 1, false: -1}[strings.ContainsRune("[{", rune(d))]
			}
		}
	}
	return nil
}
