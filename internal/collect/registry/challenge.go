package registry

import (
	"encoding/json"
	"net/url"
	"strings"

	"plimsoll/internal/snapshot"
)

// challenge is one demand for a login, with the whole address of its token
// service, which may hold anything.
type challenge struct {
	snapshot.RegistryChallenge
	url string
}

// parseChallenges reads a WWW-Authenticate header: schemes with parameters. Of
// a realm that is a URL only scheme and host are kept; they are data, nobody is
// asked there. What is not of the form ends the reading.
func parseChallenges(h string) []challenge {
	if len(h) > 8<<10 {
		return nil
	}
	var out []challenge
	for h = strings.TrimLeft(h, " \t,"); h != "" && len(out) < 8; h = strings.TrimLeft(h, " \t,") {
		scheme, rest := word(h)
		if scheme == "" {
			break
		}
		c := challenge{RegistryChallenge: snapshot.RegistryChallenge{Scheme: strings.ToLower(shorten(scheme))}}
		h = rest
		for {
			name, value, rest, ok := parameter(h)
			if !ok {
				break
			}
			h = rest
			switch strings.ToLower(name) {
			case "realm":
				if c.Scheme == "bearer" {
					c.Realm, c.url = origin(value), value
				}
			case "service":
				c.Service = shorten(value)
			}
		}
		out = append(out, c)
	}
	return out
}

// word cuts the token at the start.
func word(s string) (token, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == ',' || r == '=' || r == '"' || r > '~' })
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

// parameter cuts NAME=VALUE or NAME="VALUE" at the start, with the comma before
// it. A further scheme is no parameter.
func parameter(s string) (name, value, rest string, ok bool) {
	t := strings.TrimLeft(s, " \t,")
	name, rest = word(t)
	rest, ok = strings.CutPrefix(rest, "=")
	if name == "" || !ok {
		return "", "", s, false
	}
	if !strings.HasPrefix(rest, `"`) {
		value, rest = word(rest)
		return name, value, rest, true
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			if i++; i < len(rest) {
				b.WriteByte(rest[i])
			}
		case '"':
			return name, b.String(), rest[i+1:], true
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", "", s, false
}

// origin reduces a URL to scheme://host:port.
func origin(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return shorten(u.Scheme + "://" + strings.ToLower(u.Host))
}

func isObject(b []byte) bool {
	var v map[string]json.RawMessage
	return json.Unmarshal(b, &v) == nil
}
