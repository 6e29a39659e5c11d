package host

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

func TestParseRegistryFile(t *testing.T) {
	const secret = "canary-0123456789"
	for name, tt := range map[string]struct {
		file string
		env  []string
		want snapshot.RegistryConfig
	}{
		"empty": {"version: 0.1\n", nil, snapshot.RegistryConfig{Foreign: "denied", Secret: snapshot.Conceal("http.secret", "")}},
		"full": {
			"version: 0.1\nlog:\n  accesslog:\n    disabled: true\nstorage:\n  cache: {blobdescriptor: inmemory}\n  s3: {secretkey: " + secret + "}\n  delete: {enabled: true}\n  maintenance:\n    readonly: {enabled: true}\n" +
				"http:\n  secret: " + secret + "\n  tls: {certificate: /c, minimumtls: tls1.2}\n  debug: {addr: ':5001'}\nauth:\n  htpasswd: {path: /p}\n" +
				"notifications:\n  endpoints:\n    - {name: a, url: https://ada:" + secret + "@e.example}\n    - {name: b, url: x, disabled: true}\nhealth:\n  storagedriver: {enabled: true}\nproxy: {remoteurl: https://u}\nvalidation: {disabled: true}\n",
			nil,
			snapshot.RegistryConfig{
				Auth: []string{"htpasswd"}, TLS: true, MinTLS: "tls1.2", Secret: snapshot.Conceal("http.secret", secret), Delete: true, ReadOnly: true, Debug: ":5001",
				Notified: 1, NoAccess: true, Driver: "s3", Foreign: "allowed", Health: true, Proxy: true,
			},
		},
		"variables": {
			"storage:\n  filesystem: {}\nhttp:\n  secret: changeme\n",
			[]string{"REGISTRY_HTTP_SECRET=" + secret, "REGISTRY_AUTH=token", "REGISTRY_STORAGE_DELETE_ENABLED=true", "REGISTRY_CONFIGURATION_PATH=/x", "HOME=/", "PASSWORD=" + secret},
			snapshot.RegistryConfig{
				Auth: []string{"token"}, Secret: snapshot.Conceal("http.secret", secret), Delete: true, Driver: "filesystem", Foreign: "denied",
				Overrides: []string{"REGISTRY_AUTH", "REGISTRY_HTTP_SECRET", "REGISTRY_STORAGE_DELETE_ENABLED"},
			},
		},
		"sample":  {"http: {secret: ChangeMe}\n", nil, snapshot.RegistryConfig{Secret: snapshot.Conceal("http.secret", "ChangeMe"), Sample: true, Foreign: "denied"}},
		"listed":  {"validation: {manifests: {urls: {allow: [x]}}}\n", nil, snapshot.RegistryConfig{Secret: snapshot.Conceal("http.secret", ""), Foreign: "listed"}},
		"no-auth": {"auth: null\n", nil, snapshot.RegistryConfig{Secret: snapshot.Conceal("http.secret", ""), Foreign: "denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseRegistryFile([]byte(tt.file), "config.yml", tt.env)
			if err != nil {
				t.Fatal(err)
			}
			got := f.facts()
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if b, _ := json.Marshal(got); strings.Contains(string(b), secret) {
				t.Errorf("the secret is in the facts: %s", b)
			}
		})
	}
}

func FuzzRegistryFile(f *testing.F) {
	f.Add([]byte("auth: {htpasswd: {path: x}}\nstorage: filesystem\nnotifications: {endpoints: [1, {url: x}]}\n"), "REGISTRY_AUTH=none")
	f.Fuzz(func(t *testing.T, b []byte, env string) {
		r, err := parseRegistryFile(b, "f", []string{env})
		if err != nil {
			return
		}
		c := r.facts()
		if len(c.Auth) > 16 || len(c.Overrides) > 64 || !slices.Contains([]string{"denied", "listed", "allowed"}, c.Foreign) {
			t.Errorf("%+v", c)
		}
	})
}

func TestParseHtpasswd(t *testing.T) {
	got := parseHtpasswd([]byte("# a comment\n\nada:$2y$05$x\nbob:$apr1$x\neve:plain\n"))
	if got.Entries != 3 || got.Weak != 2 {
		t.Errorf("%+v", got)
	}
}

func TestPublished(t *testing.T) {
	p := published{}
	p.add([]byte("/usr/bin/docker-proxy\x00-proto\x00tcp\x00-host-ip\x000.0.0.0\x00-host-port\x005000\x00-container-ip\x00172.17.0.2\x00-container-port\x005001\x00"), 5000)
	p.add([]byte("/usr/bin/docker-proxy\x00-host-port\x0080\x00-container-ip\x00172.17.0.3\x00-container-port\x0080\x00"), 5000)
	p.add([]byte("-host-port"), 5000)
	if !reflect.DeepEqual(p, published{"172.17.0.2": 5001}) {
		t.Errorf("%v", p)
	}
}

// TestRealRegistry finds a registry by the port it listens on.
func TestRealRegistry(t *testing.T) {
	const canary = "canary-92af-secret-of-the-registry"
	r := testbed.StartRegistry(t, testbed.RegistryOptions{
		Htpasswd: "ada:{SHA}canary-92af\n", Delete: true, Env: []string{"REGISTRY_HTTP_SECRET=" + canary}, More: "health:\n  storagedriver:\n    enabled: true\n",
	})
	_, p, err := net.SplitHostPort(r.Address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	got := Open("").Registry(context.Background(), uint16(port))
	c := got.V
	if !got.Known() || c.Path != r.Config || c.Mode != 0o600 || !c.Delete || !c.Health || !slices.Equal(c.Auth, []string{"htpasswd"}) || c.Secret.Len != len(canary) {
		t.Errorf("%+v", got)
	}
	if h := c.Htpasswd; h.V.Entries != 1 || h.V.Weak != 1 || h.V.Mode != 0o600 {
		t.Errorf("%+v", h)
	}
	if c.Storage.V.Path != r.Storage || c.Storage.V.Mode != 0o700 || !slices.Equal(c.Overrides, []string{"REGISTRY_HTTP_SECRET"}) {
		t.Errorf("%+v", c)
	}
	if b, _ := json.Marshal(got); strings.Contains(string(b), "canary-92af") {
		t.Errorf("a secret is in the facts: %s", b)
	}
	if none := Open("").Registry(context.Background(), 1); none.State != snapshot.Skipped {
		t.Errorf("nothing listens on port 1: %+v", none)
	}
}

func TestChangedSince(t *testing.T) {
	m := Open("")
	for after, want := range map[time.Duration]bool{-24 * time.Hour: false, time.Hour: true} {
		if got := m.changedSince(os.Getpid(), time.Now().Add(after)); got != want {
			t.Errorf("%v from now is after this process began: %v", after, got)
		}
	}
}
