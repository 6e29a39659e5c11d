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
)

// parseDaemonJSON reads the daemon's configuration file into values by key.
// Objects become sorted "name=value" strings. As dockerd does, it takes a byte
// order mark, and a file of only white space for an empty one.
func parseDaemonJSON(b []byte) (map[string][]string, error) {
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
	if len(b) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var top map[string]any
	if err := d.Decode(&top); err != nil {
		return nil, fmt.Errorf("not a JSON object: %s", position(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a JSON object: there is text after it")
	}
	out := make(map[string][]string, len(top))
	for k, v := range top {
		if k == "proxies" {
			proxies(out, v)
			continue
		}
		if v != nil {
			out[k] = values(k, v)
		}
	}
	return out, nil
}

// position says where JSON broke, without quoting from the file.
func position(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it breaks at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("another type is at byte %d", kind.Offset)
	}
	return "it ends too early"
}

// proxies lifts the members of the "proxies" object to the names of their flags.
func proxies(out map[string][]string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		out["proxies"] = values("proxies", v)
		return
	}
	for k, v := range m {
		if !secretKeys[k] {
			k = "proxies"
		}
		out[k] = append(out[k], values(k, v)...)
	}
}

// values flattens one key's value. What is not a scalar, a list of scalars or an
// object that is understood is written as JSON.
func values(key string, v any) []string {
	switch v := v.(type) {
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				out = append(out, strings.Join(members("", m), ","))
				continue
			}
			out = append(out, scalar(e))
		}
		return out
	case map[string]any:
		switch key {
		case "default-ulimits":
			return ulimits(v)
		case "runtimes":
			return runtimes(v)
		}
		return members("", v)
	}
	return []string{scalar(v)}
}

// members writes an object as sorted "name=value" strings, inner names joined
// by dots.
func members(prefix string, m map[string]any) []string {
	var out []string
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			out = append(out, members(prefix+k+".", inner)...)
			continue
		}
		out = append(out, prefix+k+"="+scalar(v))
	}
	slices.Sort(out)
	return out
}

// scalar writes a value as the daemon's flags would; null is empty.
func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	b, err := json.Marshal(v)
	if err != nil { // cannot be: v came from JSON
		return ""
	}
	return string(b)
}

// ulimits writes {"nofile":{"Hard":2,"Soft":1}} in the flag's form nofile=1:2.
func ulimits(m map[string]any) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		var soft, hard string
		if u, ok := m[k].(map[string]any); ok {
			for n, v := range u {
				switch strings.ToLower(n) {
				case "soft":
					soft = scalar(v)
				case "hard":
					hard = scalar(v)
				}
			}
		}
		out = append(out, k+"="+soft+":"+hard)
	}
	return out
}

// runtimes writes the flag's form name=path; arguments and options, which may
// hold anything, are left out.
func runtimes(m map[string]any) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		path := ""
		if r, ok := m[k].(map[string]any); ok {
			for _, n := range []string{"path", "runtimeType"} {
				if s, ok := r[n].(string); ok && path == "" {
					path = s
				}
			}
		}
		out = append(out, k+"="+path)
	}
	return out
}
