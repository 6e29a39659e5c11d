package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/collect/survey"
)

// TestClientConfigurationAsATarget: the Docker command's files are judged as files,
// with their places, and no login is told.
func TestClientConfigurationAsATarget(t *testing.T) {
	b := newBench(t)
	b.collect = survey.Run
	meta := ".docker/contexts/meta/" + strings.Repeat("1", 64) + "/meta.json"
	for name, content := range map[string]string{
		".docker/config.json": "{\"auths\": {\n  \"registry.example\": {\"auth\": \"canary-of-a-login\"}}}",
		meta:                  `{"Name": "prod", "Endpoints": {"docker": {"Host": "tcp://engine.example:2375"}}}`,
	} {
		path := filepath.Join(b.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []struct{ want, args string }{
		{".docker/config.json:2:3: high client-config-plaintext-auth", ".docker"},
		{"/meta.json:1:43: high client-context-tls", ".docker"},
		{"client-config-plaintext-auth", ".docker/config.json --format json"},
		{"/meta.json:1:43: high client-context-tls", meta},
	} {
		b.do(t, exitDone, append([]string{"assess"}, strings.Fields(run.args)...)...)
		has(t, &b.out, run.want)
		if all := b.out.String() + b.err.String(); strings.Contains(all, "canary") {
			t.Errorf("%s: a login is told:\n%s", run.args, all)
		}
	}
}
