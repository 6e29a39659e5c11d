package compose

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/snapshot"
)

// world writes files below a folder and returns options to load some of them.
func world(t testing.TB, archive string, files ...string) Options {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Dir: dir, Name: "shop", Read: readIn(dir)}
	for _, f := range files {
		o.Files = append(o.Files, filepath.Join(dir, f))
	}
	return o
}

func readIn(dir string) func(string, int) ([]byte, error) {
	return func(path string, limit int) ([]byte, error) {
		if !strings.HasPrefix(path, dir+"/") {
			return nil, fmt.Errorf("%q lies outside", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
		if len(b) > limit {
			return nil, fmt.Errorf("is larger than %d bytes", limit)
		}
		return b, err
	}
}

func load(t testing.TB, archive string, files ...string) (*Project, Options) {
	t.Helper()
	o := world(t, archive, files...)
	p, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p, o
}

func one(t testing.TB, p *Project, name string) *Service {
	t.Helper()
	for i := range p.Services {
		if p.Services[i].Name == name {
			return &p.Services[i]
		}
	}
	t.Fatalf("no service %s", name)
	return nil
}

func TestService(t *testing.T) {
	p, o := load(t, `
-- compose.yaml --
services:
  web:
    image: nginx:1
    user: "1000"
    cap_add: [net_admin]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true", "apparmor=unconfined"]
    privileged: true
    read_only: true
    restart: on-failure:5
    mem_limit: 64m
    pids_limit: 99
    cpus: 0.5
    pid: service:db
    ports:
      - "127.0.0.1:8080:80"
      - "53:53/udp"
    volumes:
      - ./data:/data:ro
      - cache:/cache
      - /etc:/host
    tmpfs: /tmp:size=1m
    environment:
      PASSWORD: hunter2hunter2
    healthcheck: {test: ["CMD", "true"]}
    ulimits: {nofile: 100}
    networks: [back]
  db:
    image: postgres
    profiles: [extra]
    network_mode: host
    deploy:
      resources: {limits: {memory: 1g, cpus: "2", pids: 7}}
      restart_policy: {condition: any}
networks: {back: {}}
volumes: {cache: {}}
`, "compose.yaml")
	if p.Name != "shop" || len(p.Services) != 2 {
		t.Fatalf("project %q with %d services", p.Name, len(p.Services))
	}
	yes, pids, seven := true, int64(99), int64(7)
	web := one(t, p, "web")
	want := snapshot.ContainerSpec{
		Image: "nginx:1", User: "1000", CapAdd: []string{"NET_ADMIN"}, CapDrop: []string{"ALL"}, Privileged: true, ReadonlyRootfs: true,
		Env:      []snapshot.Secretish{{Name: "PASSWORD", Len: 14, Shape: snapshot.ShapePlain}},
		Health:   snapshot.Health{Test: "CMD"},
		Security: snapshot.Security{NoNewPrivileges: &yes, AppArmor: "unconfined"},
		Resources: snapshot.Resources{
			Memory: 64 << 20, NanoCPUs: 5e8, PidsLimit: &pids, Ulimits: []snapshot.Ulimit{{Name: "nofile", Soft: 100, Hard: 100}},
		},
		RestartPolicy: snapshot.RestartPolicy{Name: "on-failure", Max: 5},
		PidMode:       "container:compose/shop/db", NetworkMode: "shop_back", Networks: []string{"shop_back"},
		Ports: []snapshot.Port{
			{Proto: "udp", ContainerPort: 53, HostPort: 53},
			{Proto: "tcp", ContainerPort: 80, HostIP: "127.0.0.1", HostPort: 8080},
		},
		Mounts: []snapshot.Mount{
			{Type: "volume", Volume: "shop_cache", Destination: "/cache"},
			{Type: "bind", Source: o.Dir + "/data", Destination: "/data", ReadOnly: true},
			{Type: "bind", Source: "/etc", Destination: "/host"},
		},
		Tmpfs: []string{"/tmp"},
	}
	if diff := cmp.Diff(want, web.Spec); diff != "" {
		t.Error(diff)
	}
	db := one(t, p, "db").Spec
	if db.Resources.Memory != 1<<30 || db.Resources.NanoCPUs != 2e9 || *db.Resources.PidsLimit != seven || db.RestartPolicy.Name != "always" || db.NetworkMode != "host" {
		t.Errorf("db: %+v", db)
	}
	for field, line := range map[string]int{"Config.User": 4, "HostConfig.PortBindings": 15, "HostConfig.Privileged": 8, "Mounts": 18} {
		if at := fieldOf(web, field); at == nil || at.Loc.Line != line || at.Loc.Column != 5 {
			t.Errorf("%s is located at %+v, want line %d", field, at, line)
		}
	}
}

func fieldOf(s *Service, name string) *snapshot.FieldLoc {
	for i := range s.Fields {
		if s.Fields[i].Field == name {
			return &s.Fields[i]
		}
	}
	return nil
}

func TestVariables(t *testing.T) {
	p, _ := load(t, `
-- .env --
TAG=1.2
PORT=8080
-- compose.yaml --
services:
  web:
    image: "web:${TAG}"
    user: "${UID}:${GID}"
    mem_limit: "${MEM}m"
    privileged: "${PRIV}"
    pids_limit: ${PIDS-100}
    ports: ["${PORT}:80", "${IP}:${OTHER:?give one}:81"]
    volumes: ["${HOME}/x:/x", "./y:/y"]
    healthcheck: {test: ["CMD", "true"], interval: "${EVERY}"}
  db:
    image: "db:${DBTAG}"
`, "compose.yaml")
	web := one(t, p, "web")
	// Of the health check only the interval hangs on a variable.
	unread := []string{"mounts", "ports", "privileged", "resources.memory", "tmpfs", "user"}
	if diff := cmp.Diff(unread, web.Spec.Unread); diff != "" {
		t.Error(diff)
	}
	if web.Spec.Image != "web:1.2" || *web.Spec.Resources.PidsLimit != 100 {
		t.Errorf("%+v", web.Spec)
	}
	ports := []snapshot.Port{{Proto: "tcp", ContainerPort: 80, HostPort: 8080}, {Proto: "tcp", ContainerPort: 81, HostIP: "127.0.0.1"}}
	if diff := cmp.Diff(ports, web.Spec.Ports); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(web.Spec.Mounts[0].Source, "$") {
		t.Errorf("mount %+v does not show that its source is not known", web.Spec.Mounts[0])
	}
	if f := fieldOf(web, "HostConfig.PidsLimit"); f == nil || len(f.Defaults) != 1 || f.Defaults[0] != "${PIDS}" {
		t.Errorf("default: %+v", f)
	}
	if db := one(t, p, "db"); db.Spec.Image != "db:${DBTAG}" {
		t.Errorf("image %q", db.Spec.Image)
	}
}

func TestSeveralFiles(t *testing.T) {
	p, o := load(t, `
-- compose.yaml --
include: [sub/more.yaml]
services:
  web:
    extends: {file: common/base.yaml, service: base}
    image: web
-- compose.override.yaml --
services:
  web:
    user: "5"
-- common/base.yaml --
services:
  base:
    extends: {file: ../deep.yaml, service: deepest}
    privileged: true
    volumes: ["./here:/here"]
-- deep.yaml --
services:
  deepest: {read_only: true}
-- sub/more.yaml --
services:
  helper:
    image: helper
    volumes: ["./there:/there"]
`, "compose.yaml", "compose.override.yaml")
	web, helper := one(t, p, "web"), one(t, p, "helper")
	if !web.Spec.Privileged || !web.Spec.ReadonlyRootfs || web.Spec.User != "5" || web.Spec.Mounts[0].Source != o.Dir+"/common/here" {
		t.Errorf("web: %+v", web.Spec)
	}
	if helper.Spec.Mounts[0].Source != o.Dir+"/sub/there" {
		t.Errorf("helper: %+v", helper.Spec.Mounts)
	}
	for field, file := range map[string]string{"HostConfig.Privileged": "common/base.yaml", "Config.User": "compose.override.yaml", "HostConfig.ReadonlyRootfs": "deep.yaml"} {
		if f := fieldOf(web, field); f == nil || f.Loc.File != filepath.Join(o.Dir, file) {
			t.Errorf("%s: %+v, want it in %s", field, f, file)
		}
	}
	if len(p.Files) != 5 {
		t.Errorf("files %v", p.Files)
	}
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct{ archive, want string }{
		"syntax":     {"-- compose.yaml --\nservices:\n  web: [\n", "not valid YAML"},
		"unknown":    {"-- compose.yaml --\nservices:\n  web:\n    image: x\n    nonsense: 1\n", ":4:"},
		"no mapping": {"-- compose.yaml --\n- a\n", "a compose file is a mapping"},
		"remote":     {"-- compose.yaml --\ninclude: [\"https://example.com/x.yaml\"]\n", "not fetched"},
		"outside":    {"-- compose.yaml --\nservices:\n  web:\n    extends: {file: ../../x.yaml, service: a}\n", "lies outside"},
		"device":     {"-- compose.yaml --\ninclude: [/dev/zero]\n", "lies outside"},
		"ports":      {"-- compose.yaml --\nservices:\n" + strings.Repeat("  ", 1) + "a: {image: x, ports: [\"1-9000:1-9000\", \"1-9000:1-9000/udp\"]}\n", "ranges of ports"},
		"secret":     {"-- compose.yaml --\nservices:\n  web:\n    image: x\n    privileged: s3cr3tvalue\n", ":4:"},
		"cycle":      {"-- compose.yaml --\nservices:\n  a: {extends: b}\n  b: {extends: a}\n", "ircular"},
		"long text":  {"-- compose.yaml --\nservices: {a: {image: x, command: " + strings.Repeat("y", 20_000) + "}}\n", "longer than"},
		"long list":  {"-- compose.yaml --\nservices: {a: {image: x, cap_add: [" + strings.Repeat("y,", 3000) + "]}}\n", "longer than"},
		"variables":  {"-- .env --\nA=" + strings.Repeat("x", 9000) + "\n-- compose.yaml --\nservices: {a: {image: x, command: \"$A$A\"}}\n", "larger than can be judged"},
		"services":   {"-- compose.yaml --\nservices:\n" + manyServices(1500), "at most 1000 services"},
		"extensions": {"-- compose.yaml --\nservices:\n  s0: {image: x}\n" + strings.ReplaceAll(manyServices(900), "image: x", "extends: s0"), "larger than can be judged"},
		"env bomb":   {"-- .env --\nA0=xxxxxxxxxx\n" + envBomb(40) + "-- compose.yaml --\nservices: {a: {image: x}}\n", "without measure"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Load(t.Context(), world(t, tc.archive, "compose.yaml"))
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
			if asYAML(err) == nil {
				t.Errorf("error %T has no place", err)
			}
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func manyServices(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  t%d: {image: x}\n", i)
	}
	return b.String()
}

func envBomb(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "A%d=$A%d$A%d\n", i+1, i, i)
	}
	return b.String()
}
