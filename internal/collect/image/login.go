package image

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"plimsoll/internal/collect/image/registry"
)

// Logins returns the logins that docker login kept in the user's configuration
// file. Those that a credential helper keeps are not asked for: nothing is run.
func Logins(env func(string) string, home string) func(host string) registry.Login {
	dir := env("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(home, ".docker")
	}
	return func(host string) registry.Login { return loginFor(filepath.Join(dir, "config.json"), host) }
}

func loginFor(file, host string) registry.Login {
	const most = 1 << 20
	f, err := os.Open(file)
	if err != nil {
		return registry.Login{}
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return registry.Login{}
	}
	var c struct {
		Auths map[string]struct{ Auth string }
	}
	if json.Unmarshal(raw, &c) != nil {
		return registry.Login{}
	}
	keys := []string{host, "https://" + host, "http://" + host}
	if host == "docker.io" || host == "index.docker.io" {
		keys = append(keys, "https://index.docker.io/v1/")
	}
	for _, key := range keys {
		plain, err := base64.StdEncoding.DecodeString(c.Auths[key].Auth)
		if user, password, ok := strings.Cut(string(plain), ":"); err == nil && ok {
			return registry.Login{User: user, Password: password}
		}
	}
	return registry.Login{}
}
