package host

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func noEnv(string) string { return "" }

const passwd = "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/usr/sbin:/sbin/nologin\nada:x:1000:1000::/home/ada:/bin/sh\nsame:x:1001:1001::/home/ada:/bin/sh\n"

func TestClients(t *testing.T) {
	const canary = "Y2FuYXJ5LTc3OnBhc3N3b3Jk"
	m := fake(t, map[string]string{
		"etc/passwd":                                      passwd,
		"home/ada/.docker/config.json":                    `{"auths":{"https://index.docker.io/v1/":{"auth":"` + canary + `"},"r.example":{}},"credsStore":"pass","credHelpers":{"g.example":"../evil"},"proxies":{"default":{"httpProxy":"http://ada:` + canary + `@p.example"}},"HttpHeaders":{"X-Meta":"` + canary + `"},"currentContext":"prod"}`,
		"home/ada/.docker/contexts/meta/aa/meta.json":     `{"Name":"prod","Endpoints":{"docker":{"Host":"tcp://ada:` + canary + `@Engine.example:2376/x","SkipTLSVerify":true}}}`,
		"home/ada/.docker/contexts/tls/aa/docker/ca.pem":  "",
		"home/ada/.docker/contexts/tls/aa/docker/key.pem": canary,
		"home/ada/.docker/contexts/meta/bb/meta.json":     `{"Name":"builder","Endpoints":{"docker":{"Host":"ssh://git@builder:2222"}}}`,
		"home/ada/.docker/contexts/meta/cc/meta.json":     `nonsense`,
		"home/ada/.docker/cli-plugins/docker-x":           "",
		"home/ada/.docker/cli-plugins/README":             "",
		"home/ada/.ssh/config":                            "Host other\n StrictHostKeyChecking yes\nHost build* !builder2\n  StrictHostKeyChecking=no\n",
		"home/ada/.profile":                               "export DOCKER_CONTENT_TRUST=1\nexport DOCKER_AUTH_CONFIG='" + canary + "'\n",
		"etc/profile.d/docker.sh":                         "# export DOCKER_HOST=tcp://not:1\nexport DOCKER_HOST=\"tcp://ada:" + canary + "@evil.example:2375\"\n",
		"usr/bin/docker-credential-pass":                  "",
		"home/ada/.docker/desktop/settings-store.json":    `{"ExposeDockerAPIOnTCP2375":true,"EnhancedContainerIsolation":false}`,
		"usr/share/docker-desktop/admin-settings.json":    `{"enhancedContainerIsolation":{"locked":true,"value":true}}`,
	})
	clients, part := m.Clients(context.Background(), noEnv)
	if part.State != snapshot.Observed || len(clients) != 1 {
		t.Fatalf("%+v, %d clients: %+v", part, len(clients), clients)
	}
	c := clients[0]
	if c.User != "ada" || c.UID != 1000 || c.Dir != "/home/ada/.docker" || c.State != snapshot.Observed {
		t.Errorf("%+v", c)
	}
	cfg := c.Config.V
	if len(cfg.Logins) != 2 || len(cfg.Logins[0].Secrets) != 1 || cfg.Store.Found != "/usr/bin/docker-credential-pass" || cfg.Helpers[0].Name != "?" || cfg.Proxies[0].Shape != snapshot.ShapeURLCreds || cfg.Current != "prod" {
		t.Errorf("config: %+v", cfg)
	}
	want := []snapshot.ClientContext{
		{Name: "prod", Endpoint: "tcp://engine.example:2376", SkipTLS: true, TLS: true, Key: true},
		{Name: "builder", Endpoint: "ssh://builder:2222", HostKeys: "no"},
		{Name: "cc", Unread: true},
		{Name: "DOCKER_HOST in /etc/profile.d/docker.sh", Endpoint: "tcp://evil.example:2375", SkipTLS: true},
	}
	if !reflect.DeepEqual(c.Contexts.V, want) {
		t.Errorf("contexts: %+v", c.Contexts.V)
	}
	var names []string
	for _, v := range c.Vars.V {
		names = append(names, v.Name)
	}
	if !slices.Equal(names, []string{"DOCKER_CONTENT_TRUST", "DOCKER_AUTH_CONFIG", "DOCKER_HOST"}) {
		t.Errorf("variables: %+v", c.Vars.V)
	}
	if d := c.Desktop.V; d.TCP != snapshot.TriOn || d.Isolation != snapshot.TriOn || !d.Locked {
		t.Errorf("desktop: %+v", c.Desktop)
	}
	if p := c.Plugins.V; len(p) != 2 || p[1].Path != "/home/ada/.docker/cli-plugins/docker-x" || len(p[1].Parents) == 0 {
		t.Errorf("plugins: %+v", c.Plugins.V)
	}
	if b, _ := json.Marshal(clients); strings.Contains(string(b), canary) {
		t.Errorf("a secret is in the evidence: %s", b)
	}
}

func TestNoClients(t *testing.T) {
	m := fake(t, map[string]string{"etc/passwd": passwd, "home/ada/": "", "root/": ""})
	if clients, part := m.Clients(context.Background(), noEnv); part.State != snapshot.Absent || len(clients) != 0 {
		t.Errorf("%+v: %+v", part, clients)
	}
	m = fake(t, map[string]string{"etc/passwd": passwd, "etc/environment": "DOCKER_HOST=ssh://far\n"})
	if clients, _ := m.Clients(context.Background(), noEnv); len(clients) != 1 || clients[0].User != "root" || clients[0].State != snapshot.Absent {
		t.Errorf("a variable for everyone: %+v", clients)
	}
	if _, part := fake(t, map[string]string{"home/": ""}).Clients(context.Background(), noEnv); part.State != snapshot.Failed {
		t.Errorf("without /etc/passwd: %+v", part)
	}
}

func TestClientOfDamagedFiles(t *testing.T) {
	m := fake(t, map[string]string{"etc/passwd": passwd, "home/ada/.docker/config.json": `{"auths":[]}`, "home/ada/.docker/cli-plugins": "-> /nowhere"})
	if err := os.Symlink("loop", filepath.Join(m.root, "home/ada/.docker/contexts")); err != nil {
		t.Fatal(err)
	}
	clients, _ := m.Clients(context.Background(), noEnv)
	if len(clients) != 1 || clients[0].Config.Reason != snapshot.ReasonUnparsable || !clients[0].Plugins.Known() {
		t.Errorf("%+v", clients)
	}
}

func TestParseVars(t *testing.T) {
	for line, want := range map[string]string{
		`export DOCKER_HOST=tcp://a:1`:               "DOCKER_HOST=tcp://a:1",
		`DOCKER_HOST='ssh://u@b' docker ps`:          "DOCKER_HOST=ssh://b",
		`Environment="DOCKER_HOST=tcp://c:2" "X=y"`:  "DOCKER_HOST=tcp://c:2",
		`export DOCKER_HOST=unix://$XDG/docker.sock`: "DOCKER_HOST=computed",
		`DOCKER_HOST=`: "", `# DOCKER_HOST=x`: "", `MY_DOCKER_HOST=x`: "", `DOCKER_HOSTNAME=x`: "", `unset DOCKER_HOST`: "",
		`x=1;DOCKER_CONTEXT=prod;y=2`: "DOCKER_CONTEXT=prod",
		`DOCKER_CONTENT_TRUST=1`:      "DOCKER_CONTENT_TRUST=on", `DOCKER_CONTENT_TRUST=0`: "DOCKER_CONTENT_TRUST=off",
	} {
		got := ""
		for _, v := range parseVars([]byte(line), "f") {
			switch {
			case v.Dynamic:
				got = v.Name + "=computed"
			case v.Endpoint != "":
				got = v.Name + "=" + v.Endpoint
			default:
				got = v.Name + "=" + map[bool]string{true: "on", false: "off"}[v.On]
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

func FuzzClientConfig(f *testing.F) {
	f.Add([]byte(`{"auths":{"r":{"auth":"QQ==","identitytoken":"x"}},"credsStore":"p","credHelpers":{"a":"b"},"proxies":{"d":{"k":"v"}},"cliPluginsExtraDirs":["/x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseClientConfig(b, func(p string) string {
			if strings.ContainsAny(p, "/\x00") {
				t.Errorf("a program is looked for outside the folders: %q", p)
			}
			return ""
		})
		if err == nil && (len(c.Logins) > maxLogins || len(c.Dirs) > 16) {
			t.Errorf("%d logins, %d dirs", len(c.Logins), len(c.Dirs))
		}
		parseContext(b)
		parseDesktop(b, new(snapshot.Desktop))
	})
}

func FuzzParseVars(f *testing.F) {
	f.Add([]byte("export DOCKER_HOST=\"tcp://u:p@h:1\"\nEnvironment='DOCKER_CONTEXT=x'\n"), "builder")
	f.Add([]byte("Host *\nInclude x\nStrictHostKeyChecking no\n"), "h")
	f.Fuzz(func(t *testing.T, b []byte, host string) {
		if v := parseVars(b, "f"); len(v) > 64 {
			t.Errorf("%d variables", len(v))
		}
		c := sshConfig{host: host, read: func(string) [][]byte { return [][]byte{b} }}
		c.option(b, "stricthostkeychecking")
	})
}
