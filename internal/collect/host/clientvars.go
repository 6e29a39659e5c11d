package host

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// steering are the variables that steer the Docker command.
var steering = []string{
	"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
	"DOCKER_CONTENT_TRUST", "DOCKER_CONTENT_TRUST_SERVER", "DOCKER_AUTH_CONFIG",
}

// parseVars finds assignments of the variables in a profile file, an
// environment file or a unit. A value that the shell computes is said to be so;
// a variable that is unset or assigned nothing is left out.
func parseVars(b []byte, source string) []snapshot.ClientVar {
	var out []snapshot.ClientVar
	line := 0
	for l := range bytes.Lines(b) {
		line++
		s := strings.TrimSpace(string(l))
		if s == "" || s[0] == '#' || s[0] == ';' || len(s) > maxPath {
			continue
		}
		s = strings.TrimPrefix(s, "Environment=")
		for _, name := range steering {
			if v, ok := assigned(s, name); ok && len(out) < 64 {
				if cv, ok := variable(name, v, source, line); ok {
					out = append(out, cv)
				}
			}
		}
	}
	return out
}

// assigned finds NAME=VALUE at the start of a word and returns the value without
// its quotes.
func assigned(s, name string) (string, bool) {
	i := strings.Index(s, name+"=")
	if i < 0 || i > 0 && !strings.ContainsRune(" \t;\"'&", rune(s[i-1])) {
		return "", false
	}
	v := s[i+len(name)+1:]
	quote := byte(0)
	if i > 0 && (s[i-1] == '"' || s[i-1] == '\'') { // a unit quotes the whole
		quote = s[i-1]
	} else if v != "" && (v[0] == '"' || v[0] == '\'') {
		quote, v = v[0], v[1:]
	}
	if quote != 0 {
		v, _, _ = strings.Cut(v, string(quote))
		return v, true
	}
	if i := strings.IndexAny(v, " \t;&|"); i >= 0 {
		v = v[:i]
	}
	return v, true
}

// variable describes one assignment; of its value only what is no secret.
func variable(name, value, source string, line int) (snapshot.ClientVar, bool) {
	if value == "" {
		return snapshot.ClientVar{}, false
	}
	v := snapshot.ClientVar{Name: name, Source: text(source), Line: line, Value: snapshot.Conceal(name, value), Dynamic: strings.ContainsAny(value, "$`")}
	if v.Dynamic {
		return v, true
	}
	switch name {
	case "DOCKER_HOST", "DOCKER_CONTENT_TRUST_SERVER":
		v.Endpoint = endpointOf(value)
	case "DOCKER_CONTEXT":
		if helperName.MatchString(value) {
			v.Endpoint = value
		}
	case "DOCKER_CONTENT_TRUST", "DOCKER_TLS", "DOCKER_TLS_VERIFY":
		v.On = !slices.Contains([]string{"0", "false", "f", "F", "FALSE", "False"}, value) || name == "DOCKER_TLS_VERIFY" // of which any value is on
	}
	return v, true
}

// profiles are files that set variables for every account, and for one.
var (
	machineProfiles = []string{
		"/etc/environment", "/etc/profile", "/etc/bash.bashrc", "/etc/profile.d/*.sh", "/etc/zsh/zshenv", "/etc/zsh/zprofile",
		"/etc/systemd/system/*.service", "/etc/systemd/system/*.d/*.conf", "/etc/environment.d/*.conf",
	}
	accountProfiles = []string{
		".profile", ".bash_profile", ".bash_login", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".pam_environment",
		".config/environment.d/*.conf", ".config/systemd/user/*.service",
	}
)

// varsIn reads the variables of some files; a pattern without a file is none.
func (m *Machine) varsIn(base string, patterns []string) ([]snapshot.ClientVar, error) {
	var out []snapshot.ClientVar
	for _, p := range patterns {
		at := []string{path.Join(base, p)}
		if strings.Contains(p, "*") {
			at = nil
			for _, dir := range m.glob(path.Join(base, path.Dir(p))) {
				at = append(at, m.glob(path.Join(dir, path.Base(p)))...)
			}
		}
		for _, name := range at[:min(len(at), 256)] {
			b, err := m.read(name, maxText)
			switch {
			case err == nil:
				out = append(out, parseVars(b, name)...)
			case !gone(err):
				return out, err
			}
		}
	}
	return out, nil
}

// sshConfig answers for one option of an ssh client's configuration: the first
// value that a block for the host sets, as ssh does.
type sshConfig struct {
	host  string
	read  func(pattern string) [][]byte // files that an Include names
	value string
	depth int
}

// option reads one file; the caller goes on to the next while value is empty.
func (c *sshConfig) option(b []byte, name string) {
	applies := true
	for l := range bytes.Lines(b) {
		f := strings.Fields(strings.Replace(string(l), "=", " ", 1))
		if len(f) < 2 || strings.HasPrefix(f[0], "#") || c.value != "" {
			continue
		}
		switch key := strings.ToLower(f[0]); {
		case key == "host":
			applies = matchesHost(f[1:], c.host)
		case key == "match":
			applies = len(f) == 2 && strings.EqualFold(f[1], "all")
		case applies && key == "include" && c.depth < 4:
			c.depth++
			for _, p := range f[1:] {
				for _, inner := range c.read(p) {
					if c.value == "" {
						c.option(inner, name)
					}
				}
			}
			c.depth--
		case applies && key == name:
			c.value = strings.ToLower(text(strings.Trim(f[1], `"`)))
		}
	}
}

// matchesHost holds a host against the patterns of a Host line.
func matchesHost(patterns []string, host string) bool {
	yes := false
	for _, p := range patterns {
		pattern, not := strings.CutPrefix(p, "!")
		if ok, err := path.Match(pattern, host); err == nil && ok {
			if not {
				return false
			}
			yes = true
		}
	}
	return yes
}
