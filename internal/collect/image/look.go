package image

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// look reads as much of a file as its name asks for. Nothing read stays but
// accounts and the names of packages and variables.
func (s *scanner) look(l *layer, p string, size int64, content io.Reader) error {
	base := path.Base(p)
	switch {
	case size == 0:
		return nil
	case accountFile(p):
		return s.text(l, p, content)
	case packageFile(p):
		return s.packageFile(l, p, content)
	}
	limit, rule := s.budget.limits.File, ruleFor(p, base)
	if rule == nil {
		return s.key(l, p, size, content)
	}
	if rule.test == nil {
		s.secret(l, snapshot.SecretFile{Path: p, What: rule.what, Named: true})
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(content, limit))
	if err != nil {
		return err
	}
	if f := rule.test(b); f != nil {
		f.Path, f.What = p, rule.what
		s.secret(l, *f)
	}
	return nil
}

func (s *scanner) secret(l *layer, f snapshot.SecretFile) {
	if keep(l, len(l.secrets)) {
		l.secrets[f.Path] = f
	}
}

const (
	keyStart  = "-----BEGIN"
	keyWindow = 32
	maxJSON   = 16 << 10 // of a file that may be a cloud account's key
)

// key finds private keys by their content, whatever the file is called.
func (s *scanner) key(l *layer, p string, size int64, content io.Reader) error {
	json := size <= maxJSON && strings.HasSuffix(p, ".json")
	head := make([]byte, keyWindow)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	if !json && !bytes.HasPrefix(head, []byte(keyStart)) && !bytes.HasPrefix(head, []byte("PuTTY-User-Key-File-")) {
		return nil
	}
	rest, err := io.ReadAll(io.LimitReader(content, s.budget.limits.File))
	if err != nil {
		return err
	}
	if what := keyKind(append(head, rest...), json); what != "" {
		s.secret(l, snapshot.SecretFile{Path: p, What: what})
	}
	return nil
}

// keyKind tells what kind of key a text holds, or "".
func keyKind(b []byte, json bool) string {
	switch {
	case json && !bytes.Contains(b, []byte(`"private_key"`)):
		return ""
	case bytes.Contains(b, []byte("ENCRYPTED PRIVATE KEY-----")), bytes.Contains(b, []byte("Proc-Type: 4,ENCRYPTED")):
		return "encrypted-key"
	case bytes.Contains(b, []byte("PRIVATE KEY-----")), bytes.Contains(b, []byte("PGP PRIVATE KEY BLOCK-----")),
		bytes.Contains(b, []byte("\nPrivate-Lines:")) && bytes.Contains(b, []byte("Encryption: none")):
		return "private-key"
	}
	return ""
}

// rule says what a file of a known name is, and how its content decides. Without
// a test the name does.
type rule struct {
	what string
	test func([]byte) *snapshot.SecretFile
}

// contains makes a test for words that only a credential brings.
func contains(words ...string) func([]byte) *snapshot.SecretFile {
	return func(b []byte) *snapshot.SecretFile {
		if slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(b, []byte(w)) }) {
			return new(snapshot.SecretFile)
		}
		return nil
	}
}

var (
	baseRules = map[string]*rule{
		".git-credentials":                     {"git-credentials", contains("://")},
		".netrc":                               {"netrc", contains("password")},
		"_netrc":                               {"netrc", contains("password")},
		".npmrc":                               {"npm-credentials", contains("_authToken", "_password", "_auth=", "_auth =")},
		".pypirc":                              {"pypi-credentials", contains("password")},
		".pgpass":                              {"database-password", contains(":")},
		".my.cnf":                              {"database-password", contains("password")},
		".dockercfg":                           {"registry-login", dockerLogin},
		".vault-token":                         {"vault-token", contains(".")},
		"application_default_credentials.json": {"cloud-credentials", contains("refresh_token", "private_key")},
	}
	suffixRules = []struct {
		suffix string
		rule   *rule
	}{
		{"/.docker/config.json", &rule{"registry-login", dockerLogin}},
		{"/.config/containers/auth.json", &rule{"registry-login", dockerLogin}},
		{"/.aws/credentials", &rule{"cloud-credentials", contains("aws_secret_access_key")}},
		{"/.kube/config", &rule{"cluster-credentials", contains("token:", "client-key-data:", "password:")}},
		{"/.git/config", &rule{"git-credentials", gitRemote}},
		{"/.git/HEAD", &rule{"git-history", nil}},
		{".p12", &rule{"keystore", nil}},
		{".pfx", &rule{"keystore", nil}},
		{".jks", &rule{"keystore", nil}},
		{".kdbx", &rule{"keystore", nil}},
		{".tfstate", &rule{"terraform-state", contains(`"resources"`)}},
	}
	envRule    = &rule{"env-file", envFile}
	secretRule = &rule{"mounted-secret", nil}
)

// ruleFor finds the rule of a path, or nil.
func ruleFor(p, base string) *rule {
	if r := baseRules[base]; r != nil {
		return r
	}
	for i := range suffixRules {
		if strings.HasSuffix(p, suffixRules[i].suffix) {
			return suffixRules[i].rule
		}
	}
	if rest, ok := strings.CutPrefix(base, ".env"); ok && (rest == "" || rest[0] == '.') {
		switch rest {
		case ".example", ".sample", ".template", ".dist", ".defaults":
		default:
			return envRule
		}
	}
	if strings.HasPrefix(p, "/run/secrets/") || strings.HasPrefix(p, "/var/run/secrets/") {
		return secretRule
	}
	return nil
}

// dockerLogin finds a login that is kept in the file, not in a helper.
func dockerLogin(b []byte) *snapshot.SecretFile {
	flat := bytes.Join(bytes.Fields(b), nil)
	for _, key := range []string{`"auth":"`, `"identitytoken":"`} {
		if i := bytes.Index(flat, []byte(key)); i >= 0 && i+len(key) < len(flat) && flat[i+len(key)] != '"' {
			return new(snapshot.SecretFile)
		}
	}
	return nil
}

// gitRemote finds a remote with a password in its URL.
func gitRemote(b []byte) *snapshot.SecretFile {
	for w := range bytes.FieldsSeq(b) {
		if snapshot.Conceal("", string(w)).Shape == snapshot.ShapeURLCreds {
			return new(snapshot.SecretFile)
		}
	}
	return nil
}

const maxValues = 16

// envFile reduces the variables of a .env file to names and shapes.
func envFile(b []byte) *snapshot.SecretFile {
	f := new(snapshot.SecretFile)
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() && len(f.Values) < maxValues {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export "), "=")
		name = strings.TrimSpace(name)
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		if !ok || !variable(name) || value == "" || value[0] == '$' {
			continue
		}
		f.Values = append(f.Values, snapshot.Conceal(name, value))
	}
	if len(f.Values) == 0 {
		return nil
	}
	return f
}

// variable reports whether a word is the name of a shell variable.
func variable(name string) bool {
	if name == "" || len(name) > 128 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// programNames are shells, compilers, package managers and tools of intruders.
var programNames = map[string]bool{
	"sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true, "fish": true, "busybox": true,
	"gcc": true, "cc": true, "g++": true, "c++": true, "clang": true, "tcc": true, "go": true, "rustc": true, "javac": true, "make": true,
	"apt": true, "apt-get": true, "dpkg": true, "apk": true, "yum": true, "dnf": true, "microdnf": true, "tdnf": true, "rpm": true,
	"git": true, "curl": true, "wget": true, "nc": true, "netcat": true, "nmap": true, "tcpdump": true, "sshd": true, "ld": true,
	"zypper": true, "pacman": true, "pip": true, "pip3": true, "npm": true, "yarn": true, "gem": true, "cargo": true,
}

// program reports whether a file is one of them, in a folder that PATH has.
func program(dir, base string) bool {
	if !programNames[base] {
		return false
	}
	switch strings.TrimPrefix(strings.TrimPrefix(dir, "/usr"), "/local") {
	case "/bin/", "/sbin/":
		return true
	}
	return false
}
