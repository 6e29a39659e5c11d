package e2e

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

const canary = "Canary5e1fTweet"

// TestCanaries gives a real container secrets in every place where people put
// them and looks for them in all that the program prints and stores.
func TestCanaries(t *testing.T) {
	bed := testbed.Private(t)
	bed.Run("keeper", testbed.Spec{
		"Image": testbed.PinnedImage, "StopSignal": "SIGKILL",
		"Env":         []string{"DB_PASSWORD=" + canary, "URL=postgres://app:" + canary + "@db/app", canary},
		"Labels":      map[string]string{"api.token": canary, "traefik.basicauth": "admin:" + canary},
		"Cmd":         []string{"/bin/sh", "-c", "exec /bin/sleep 1000", "--password=" + canary},
		"Healthcheck": map[string]any{"Test": []string{"CMD", "/bin/sh", "-c", "exit 0", canary}, "Interval": 1e9},
		"HostConfig": map[string]any{
			"NetworkMode": "none", "RestartPolicy": map[string]any{"Name": "always"},
			"LogConfig": map[string]any{"Type": "json-file", "Config": map[string]string{"tag": canary}},
		},
	})
	bed.Post("/volumes/create", map[string]any{"Name": "vault", "Driver": "local", "Labels": map[string]string{"pw": canary}}, nil)
	bed.Post("/networks/create", map[string]any{"Name": "net", "Internal": true, "Labels": map[string]string{"pw": canary}}, nil)
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address(), "API_KEY=" + canary}
	login(t, u)
	state := filepath.Join(u.Home, "state")
	harden := []string{"harden", "container-memory-limit", "container-restart-policy-bounded", "container-image-digest-pinned", "container-no-new-privileges", "--target", "docker"}
	commands := append(slices.Clone(everyCommand),
		[]string{"plan", "docker", "--include", "container-memory-limit", "-o", "plan.json"},
		append(slices.Clone(harden), "-v"), append(slices.Clone(harden), "--apply", "--yes", "-v"),
		[]string{"verify", "--target", "docker", "-v"}, []string{"verify", "--target", "docker", "--format", "json"},
		[]string{"assess", "docker", "-o", "result.json"}, []string{"rollback", "-v"},
	)
	for _, args := range commands {
		silent(t, u.Want(t, 0, append(args, "--state", state)...))
	}
	silent(t, u.Want(t, 4, "assess", "docker:tcp://127.0.0.1:1", "--state", state))
	for _, bad := range []string{"tcp://root:" + canary + "@127.0.0.1:1", "tcp://127.0.0.1:1/?token=" + canary, "ssh://root:" + canary + "@127.0.0.1:1"} {
		r := u.Run(t, "assess", "docker:"+bad, "--timeout", "5s", "--state", state)
		if silent(t, r); r.Code == 0 {
			t.Errorf("an address with a secret was taken: %v", r)
		}
	}
	searchFiles(t, u.Home)
}

// login leaves registry credentials where docker login puts them.
func login(t *testing.T, u *program.User) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + canary))
	doc := `{"auths":{"registry.example":{"auth":"` + auth + `"}},"HttpHeaders":{"X-Meta":"` + canary + `"}}`
	dir := filepath.Join(u.Home, ".docker")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
}

// telling reports whether a text has the secret, plain or as it is in the
// registry's credentials.
func telling(s string) bool {
	return strings.Contains(s, canary) || strings.Contains(s, base64.StdEncoding.EncodeToString([]byte("me:" + canary))[:16])
}

func silent(t *testing.T, r program.Result) {
	t.Helper()
	if telling(r.Out) || telling(r.Err) {
		t.Errorf("it tells a secret: %v", r)
	}
}

// searchFiles reads everything that was written below a home folder. The images
// of containers, which hold values, are gone after the rollback.
func searchFiles(t *testing.T, home string) {
	t.Helper()
	journals := 0
	err := filepath.WalkDir(home, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(p, "/.docker/") {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		if fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", p, fi.Mode())
		}
		if strings.HasSuffix(p, ".jsonl") {
			journals++
		}
		if telling(string(b)) {
			t.Errorf("%s holds a secret", p)
		}
		return nil
	})
	if err != nil || journals != 1 {
		t.Errorf("%d journals, %v; want 1", journals, err)
	}
}
