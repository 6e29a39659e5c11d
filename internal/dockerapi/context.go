package dockerapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
)

// contextStore reads the docker command's contexts.
type contextStore struct {
	dir string // usually ~/.docker
}

// contextName is the form that the docker command accepts.
var contextName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,127}$`)

// current returns the name of the context in use, or "" for none.
func (s contextStore) current(env func(string) string) (string, error) {
	if name := env("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	path := filepath.Join(s.dir, "config.json")
	b, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", nil // as the docker command, whose user may have another's HOME
	}
	if err != nil {
		return "", fmt.Errorf("docker client configuration: %w", err)
	}
	var c struct {
		CurrentContext string `json:"currentContext"`
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return "", fmt.Errorf("docker client configuration %s: %w", path, err)
	}
	return c.CurrentContext, nil
}

// endpoint returns the engine endpoint of a named context.
func (s contextStore) endpoint(name string) (Endpoint, error) {
	if !contextName.MatchString(name) {
		return Endpoint{}, fmt.Errorf("%q is neither an engine URL nor a context name", printable(name))
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	path := filepath.Join(s.dir, "contexts", "meta", id, "meta.json")
	b, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Endpoint{}, fmt.Errorf("no docker context is named %q: docker context ls shows those that exist: %w", name, err)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	var meta struct {
		Endpoints struct {
			Docker struct {
				Host          string
				SkipTLSVerify bool
			} `json:"docker"`
		}
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		return Endpoint{}, fmt.Errorf("docker context %q: %s: %w", name, path, err)
	}
	e, err := parseURL(meta.Endpoints.Docker.Host, s.tls(id, meta.Endpoints.Docker.SkipTLSVerify))
	if err != nil {
		return Endpoint{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	e.Context = name
	e.Name = fmt.Sprintf("context %s (%s)", name, e.Name)
	return e, nil
}

// tls returns the TLS material of a context, nil when it has none.
func (s contextStore) tls(id string, skipVerify bool) *tlsFiles {
	t := tlsIn(filepath.Join(s.dir, "contexts", "tls", id, "docker"))
	t.skipVerify = skipVerify
	if *t == (tlsFiles{}) {
		return nil
	}
	return t
}
