package dockerapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// environ returns a look-up in pairs of name and value.
func environ(pairs ...string) func(string) string {
	return func(name string) string {
		if i := slices.Index(pairs, name); i >= 0 && i%2 == 0 {
			return pairs[i+1]
		}
		return ""
	}
}

// addContext writes a docker context below home.
func addContext(t *testing.T, home, name, host string, files ...string) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	meta := filepath.Join(home, ".docker", "contexts", "meta", id)
	write(t, filepath.Join(meta, "meta.json"), `{"Name":"`+name+`","Endpoints":{"docker":{"Host":"`+host+`","SkipTLSVerify":false}}}`)
	for _, f := range files {
		write(t, filepath.Join(home, ".docker", "contexts", "tls", id, "docker", f), "x")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	home := t.TempDir()
	addContext(t, home, "far", "ssh://me@far:2222")
	addContext(t, home, "safe", "tcp://safe:2376", "ca.pem", "cert.pem", "key.pem")
	current := t.TempDir()
	addContext(t, current, "here", "unix:///run/other.sock")
	write(t, filepath.Join(current, ".docker", "config.json"), `{"currentContext":"here"}`)
	tests := []struct {
		target  string
		home    string
		env     []string
		address string
		context string
		tls     bool
	}{
		{"", home, nil, "unix:///var/run/docker.sock", "", false},
		{"", home, []string{"DOCKER_HOST", "unix:///run/x.sock"}, "unix:///run/x.sock", "", false},
		{"", home, []string{"DOCKER_HOST", "tcp://h", "DOCKER_CONTEXT", "far"}, "tcp://h:2375", "", false},
		{"", home, []string{"DOCKER_CONTEXT", "far"}, "ssh://me@far:2222", "far", false},
		{"", current, nil, "unix:///run/other.sock", "here", false},
		{"", current, []string{"DOCKER_CONTEXT", "default"}, "unix:///var/run/docker.sock", "", false},
		{"", "/nowhere", []string{"DOCKER_CONFIG", filepath.Join(current, ".docker")}, "unix:///run/other.sock", "here", false},
		{"default", current, nil, "unix:///var/run/docker.sock", "", false},
		{"default", current, []string{"DOCKER_HOST", "tcp://h:1"}, "tcp://h:1", "", false},
		{"far", home, []string{"DOCKER_HOST", "tcp://h:1"}, "ssh://me@far:2222", "far", false},
		{"safe", home, nil, "https://safe:2376", "safe", true},
		{"unix:///a/../b.sock", home, nil, "unix:///b.sock", "", false},
		{"tcp://[::1]:2375/prefix/", home, nil, "tcp://[::1]:2375/prefix", "", false},
		{"tcp://h", home, []string{"DOCKER_TLS_VERIFY", "1"}, "https://h:2376", "", true},
		{"http://h:8080", home, []string{"DOCKER_TLS_VERIFY", "1"}, "tcp://h:8080", "", false},
		{"https://h", home, nil, "https://h:443", "", true},
		{"ssh://h/run/user/1000/docker.sock", home, nil, "ssh://h/run/user/1000/docker.sock", "", false},
	}
	for _, tt := range tests {
		e, err := Resolve(tt.target, environ(tt.env...), tt.home)
		if err != nil {
			t.Errorf("%q %q: %v", tt.target, tt.env, err)
			continue
		}
		if e.Address != tt.address || e.Context != tt.context || e.Encrypted() != tt.tls || e.Local != (e.Kind == KindUnix) {
			t.Errorf("%q %q: %+v, want %s", tt.target, tt.env, e, tt.address)
		}
		if !strings.Contains(e.Name, tt.address) {
			t.Errorf("%q: name %q does not say where", tt.target, e.Name)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	home := t.TempDir()
	addContext(t, home, "evil", "ssh://-oProxyCommand=x")
	addContext(t, home, "broken", "")
	refused := map[string]string{
		"nosuch":                        "no docker context",
		"../../etc":                     "neither",
		"/var/run/docker.sock":          "unix://",
		"broken":                        "broken",
		"evil":                          "'-'",
		"npipe:////./pipe/docker":       "npipe",
		"ftp://h":                       "ftp",
		"unix://relative":               "absolute",
		"unix:///" + long(200):          "107",
		"tcp://user:hunter2@h:2375":     "credentials",
		"tcp://user@h:2375":             "credentials",
		"ssh://me:hunter2@h":            "credentials",
		"ssh://-oProxyCommand=touch":    "'-'",
		"ssh://h/run/$(hunter2)":        "socket path",
		"tcp://":                        "malformed",
		"tcp://h:2375?token=hunter2":    "malformed",
		"tcp://ho st:99999999/hunter2%": "malformed",
	}
	for target, want := range refused {
		_, err := Resolve(target, environ(), home)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want it to say %q", target, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") && !strings.Contains(target, "$(") {
			t.Errorf("error repeats a secret: %v", err)
		}
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func TestResolveRefusesABrokenConfiguration(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, ".docker", "config.json"), "{")
	if _, err := Resolve("", environ(), home); err == nil {
		t.Error("a configuration that is not JSON was taken for none")
	}
}

func TestSSHCommandLine(t *testing.T) {
	e, err := Resolve("ssh://me@far:2222/run/d.sock", environ(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := "-T -o ConnectTimeout=10 -l me -p 2222 -- far docker --host unix:///run/d.sock system dial-stdio"
	if got := strings.Join(e.ssh.args(), " "); got != want {
		t.Errorf("ssh %s\nwant %s", got, want)
	}
}

func TestLocalSocketsListsEachSocketOnce(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.MkdirAll(filepath.Join(dir, "podman"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "docker.sock"), filepath.Join(dir, "podman", "podman.sock")); err != nil {
		t.Fatal(err)
	}
	got := LocalSockets(environ("XDG_RUNTIME_DIR", dir))
	n := 0
	for _, p := range got {
		if strings.HasPrefix(p, dir) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("sockets %q, want the one in %s once", got, dir)
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"", "ctx", "unix:///x", "tcp://h:1/p", "ssh://u@h:2/s", "https://[::1]", "ssh://-x", "tcp://u:p@h", "://"} {
		f.Add(s)
	}
	home := f.TempDir()
	f.Fuzz(func(t *testing.T, target string) {
		e, err := Resolve(target, environ(), home)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("error has control characters: %q", err)
			}
			return
		}
		if strings.ContainsFunc(e.Name, func(r rune) bool { return r < ' ' }) {
			t.Errorf("name has control characters: %q", e.Name)
		}
		if e.Kind == KindSSH && (strings.HasPrefix(e.ssh.host, "-") || strings.HasPrefix(e.ssh.user, "-")) {
			t.Errorf("ssh would take %q for an option", target)
		}
	})
}
