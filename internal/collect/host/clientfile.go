package host

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const maxLogins = 256 // entries of one list of config.json

// helperName is what may follow docker-credential- in the name of a program.
var helperName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// parseClientConfig reads the Docker command's config.json. Of logins only who
// they are for and the shape of what the file holds is kept. find looks for a
// credential helper's program.
func parseClientConfig(b []byte, find func(program string) string) (snapshot.ClientConfig, error) {
	var raw struct {
		Auths   map[string]map[string]any    `json:"auths"`
		Store   string                       `json:"credsStore"`
		Helpers map[string]string            `json:"credHelpers"`
		Proxies map[string]map[string]string `json:"proxies"`
		Headers map[string]string            `json:"HttpHeaders"`
		Current string                       `json:"currentContext"`
		Dirs    []string                     `json:"cliPluginsExtraDirs"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return snapshot.ClientConfig{}, err
	}
	c := snapshot.ClientConfig{Current: text(raw.Current)}
	for _, r := range first(raw.Auths, maxLogins) {
		l := snapshot.ClientLogin{Registry: text(bareAddress(r))}
		for _, k := range []string{"auth", "password", "identitytoken", "registrytoken"} {
			if v, ok := raw.Auths[r][k].(string); ok && v != "" {
				l.Secrets = append(l.Secrets, snapshot.Conceal(k, v))
			}
		}
		c.Logins = append(c.Logins, l)
	}
	helper := func(registry, name string) snapshot.ClientHelper {
		h := snapshot.ClientHelper{Registry: text(bareAddress(registry)), Name: "?"}
		if helperName.MatchString(name) {
			h.Name, h.Found = name, text(find("docker-credential-"+name))
		}
		return h
	}
	if raw.Store != "" {
		h := helper("", raw.Store)
		c.Store = &h
	}
	for _, r := range first(raw.Helpers, maxLogins) {
		c.Helpers = append(c.Helpers, helper(r, raw.Helpers[r]))
	}
	for _, p := range first(raw.Proxies, maxLogins) {
		for _, k := range first(raw.Proxies[p], maxLogins) {
			c.Proxies = append(c.Proxies, snapshot.Conceal(text("proxies."+bareAddress(p)+"."+k), raw.Proxies[p][k]))
		}
	}
	for _, k := range first(raw.Headers, maxLogins) {
		c.Headers = append(c.Headers, snapshot.Conceal(text(k), raw.Headers[k]))
	}
	for _, d := range raw.Dirs[:min(len(raw.Dirs), 16)] {
		c.Dirs = append(c.Dirs, text(d))
	}
	return c, nil
}

// first returns the keys of a map, sorted, at most n of them.
func first[V any](m map[string]V, n int) []string {
	keys := slices.Sorted(maps.Keys(m))
	return keys[:min(len(keys), n)]
}

// parseContext reads one meta.json of the context store.
func parseContext(b []byte) (snapshot.ClientContext, error) {
	var raw struct {
		Name      string
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return snapshot.ClientContext{}, err
	}
	e := raw.Endpoints["docker"]
	return snapshot.ClientContext{Name: text(raw.Name), Endpoint: endpointOf(e.Host), SkipTLS: e.SkipTLSVerify}, nil
}

// endpointOf reduces an engine's URL to scheme and authority, without a user;
// of a unix socket the path stays.
func endpointOf(s string) string {
	s = text(bareAddress(s))
	if strings.HasPrefix(s, "unix://") || strings.HasPrefix(s, "npipe://") {
		return s
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	rest, _, _ = strings.Cut(rest, "/")
	return scheme + "://" + strings.ToLower(rest)
}

// parseDesktop reads the settings of Docker Desktop: its own file, or that of an
// administrator, whose values are wrapped and may be locked.
func parseDesktop(b []byte, d *snapshot.Desktop) error {
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	for k, v := range raw {
		locked := false
		if w, ok := v.(map[string]any); ok {
			v, locked = w["value"], w["locked"] == true
		}
		on, ok := v.(bool)
		if !ok {
			continue
		}
		tri := snapshot.TriOff
		if on {
			tri = snapshot.TriOn
		}
		switch strings.ToLower(k) {
		case "exposedockerapiontcp2375":
			d.TCP = tri
		case "enhancedcontainerisolation":
			d.Isolation, d.Locked = tri, d.Locked || locked
		}
	}
	return nil
}
