package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/snapshot"
)

var taken = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// world writes an archive below a new folder.
func world(t testing.TB, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func collectIn(t testing.TB, dir, path string) *snapshot.Snapshot {
	t.Helper()
	s, err := Collect(context.Background(), Options{Path: path, Dir: dir, Home: "/home/u", Taken: taken})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const shop = `
-- compose.yaml --
services:
  web:
    image: nginx:1
    volumes: ["./site:/site", "/etc:/host"]
    build: {context: ., dockerfile: build/web.file}
-- compose.override.yaml --
services:
  web: {user: "7"}
-- compose.prod.yaml --
services:
  web: {image: other}
-- sub/docker-compose.yml --
services:
  job: {image: job, build: ../..}
-- broken/compose.yaml --
services:
  bad: [
-- build/web.file --
FROM scratch
-- api/Dockerfile --
FROM debian
USER 1
-- bad/Dockerfile --
NONSENSE
-- api/.dockerignore --
*.key
-- api/tls.key --
-- api/.env --
A=1
-- node_modules/x/Dockerfile --
FROM x
-- k8s.yaml --
apiVersion: v1
kind: Pod
-- x.Dockerfile.template --
`

func TestFolder(t *testing.T) {
	s := collectIn(t, world(t, shop), ".")
	got := make(map[string]*snapshot.Container)
	for i := range s.Containers {
		got[s.Containers[i].Key] = &s.Containers[i]
	}
	base := ""
	for k := range got {
		if p, ok := strings.CutSuffix(k, "/web"); ok {
			base = p
		}
	}
	web, prod, job, bad := got[base+"/web"], got[base+"/web@compose.prod.yaml"], got["compose/sub/job"], got["file/broken/compose.yaml"]
	if web == nil || prod == nil || job == nil || bad == nil || len(got) != 4 {
		t.Fatalf("keys %v", sortedKeys(got))
	}
	spec := s.ContainerSpecs[web.Spec]
	if spec.User != "7" || spec.Mounts[1].Source != "./site" || spec.Mounts[0].Source != "/etc" {
		t.Errorf("web: %+v", spec)
	}
	if web.Build == nil || web.Build.Context != "." || web.Build.Dockerfile != "build/web.file" || web.Build.Wide != "" {
		t.Errorf("build: %+v", web.Build)
	}
	if job.Build.Wide != "ancestor" {
		t.Errorf("a context above the folder: %+v", job.Build)
	}
	if u := s.ContainerSpecs[bad.Spec].Unread; len(u) != 1 || u[0] != "*" || bad.Loc.Line != 3 {
		t.Errorf("broken: %v at %v", u, bad.Loc)
	}
	var recipes []string
	for _, d := range s.Dockerfiles {
		recipes = append(recipes, d.Path+" "+d.Parsed.State.String()+" "+d.Ignore.State.String()+" "+strings.Join(d.Ignore.Exposed, ","))
	}
	want := "api/Dockerfile observed observed .env; bad/Dockerfile failed absent ; build/web.file observed absent api/.env,api/tls.key"
	if g := strings.Join(recipes, "; "); g != want {
		t.Errorf("Dockerfiles\n got %s\nwant %s", g, want)
	}
	notes := ""
	for _, p := range s.Parts {
		notes += p.Detail + "\n"
	}
	for _, want := range []string{"k8s.yaml:1:1: metadata: there is no name", "1 folder node_modules passed over", "bad/Dockerfile:1:1: the instruction NONSENSE is unknown", "broken/compose.yaml:3"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the coverage does not say %q:\n%s", want, notes)
		}
	}
}

func TestFile(t *testing.T) {
	dir := world(t, shop)
	s := collectIn(t, dir, "compose.yaml")
	if len(s.Containers) != 1 || s.ContainerSpecs[0].User != "0" || s.Containers[0].Loc.String() != "compose.yaml:2:3" {
		t.Errorf("%+v", s.Containers)
	}
	if s = collectIn(t, "", filepath.Join(dir, "api/Dockerfile")); len(s.Dockerfiles) != 1 || s.Dockerfiles[0].File != filepath.Join(dir, "api/Dockerfile") {
		t.Errorf("%+v", s.Dockerfiles)
	}
	if s = collectIn(t, dir, "k8s.yaml"); len(s.Workloads) != 1 || len(s.Scopes) != 1 || s.Clusters[0].Scope != s.Scopes[0].ID {
		t.Errorf("a manifest is no scope of its own: %+v", s.Scopes)
	}
	if _, err := Collect(t.Context(), Options{Path: "x.Dockerfile.template", Dir: dir, Taken: taken}); err == nil {
		t.Error("a file of another kind was taken")
	}
}

// TestSameEvidenceElsewhere: where the folder lies changes nothing.
func TestSameEvidenceElsewhere(t *testing.T) {
	archive := strings.ReplaceAll(shop, "services:\n  web:\n    image", "name: shop\nservices:\n  web:\n    image")
	archive = strings.ReplaceAll(archive, "services:\n  web: {image: other}", "name: prod\nservices:\n  web: {image: other}")
	var ids [2]string
	for i := range ids {
		s := collectIn(t, world(t, archive), ".")
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		ids[i] = s.ID
	}
	if ids[0] != ids[1] {
		t.Error("the same files in another folder give other evidence")
	}
}

// TestHostile: nothing outside is read, nothing waits, nothing grows.
func TestHostile(t *testing.T) {
	dir := world(t, `
-- a/compose.yaml --
services: {x: {image: a, extends: {file: ../link.yaml, service: x}}}
-- b/compose.yaml --
include: [/etc/passwd]
-- e/compose.yaml --
services: {x: {image: a, env_file: [pipe, /etc/shadow, /dev/zero], security_opt: ["seccomp:/dev/zero"]}}
`)
	secret := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(secret, []byte("services: {x: {user: canary}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(string) error{
		"link.yaml": func(p string) error { return os.Symlink(secret, p) },
		"loop":      func(p string) error { return os.Symlink(".", p) },
		"c/compose.yaml": func(p string) error {
			return os.Symlink(secret, p)
		},
		"d/compose.yaml": func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"e/pipe":         func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"f/Dockerfile":   func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"g/compose.yaml": func(p string) error { return sparse(p, 1<<30) },
		"h/Dockerfile":   func(p string) error { return sparse(p, 1<<30) },
		"i/compose.yaml": func(p string) error { return os.WriteFile(p, []byte(anchors(12)), 0o600) },
		"j/compose.yaml": func(p string) error {
			return os.WriteFile(p, []byte("services: "+strings.Repeat("{a: ", 50_000)), 0o600)
		},
		"k/.dockerignore": func(p string) error { return sparse(p, 1<<30) },
		"k/Dockerfile":    func(p string) error { return os.WriteFile(p, []byte("FROM x\n"), 0o600) },
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := make(path); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	s := collectIn(t, dir, ".")
	runtime.ReadMemStats(&after)
	if d := time.Since(began); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 512<<20 {
		t.Errorf("allocated %d MiB", n>>20)
	}
	text := fmt.Sprintf("%+v", s)
	if strings.Contains(text, "canary") || strings.Contains(text, "root:x") {
		t.Error("something outside of the folder was read")
	}
	failed := 0
	for _, p := range s.Parts {
		if p.State == snapshot.Failed {
			failed++
		}
	}
	// a, b, c, g, h, i, j, k's ignore file; d and f are no files and are passed over.
	if failed != 8 {
		t.Errorf("%d documents failed: %+v", failed, s.Parts)
	}
}

func sparse(path string, size int64) error {
	if err := os.WriteFile(path, []byte("services:\n"), 0o600); err != nil {
		return err
	}
	return os.Truncate(path, size)
}

// anchors doubles tenfold with each level.
func anchors(levels int) string {
	var b strings.Builder
	b.WriteString("x0: &x0 [1]\n")
	for i := range levels {
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i), 10), ","))
	}
	return b.String() + "services: {a: {image: x}}\n"
}

// TestCorpora runs over real files, where PLIMSOLL_CORPORA names a folder of them.
func TestCorpora(t *testing.T) {
	root := os.Getenv("PLIMSOLL_CORPORA")
	if root == "" {
		t.Log("PLIMSOLL_CORPORA names no folder of real files; only the fixtures here were read")
		return
	}
	began := time.Now()
	s := collectIn(t, "", root)
	n := len(s.Dockerfiles) + len(s.Containers)
	t.Logf("%d services, %d Dockerfiles in %v", len(s.Containers), len(s.Dockerfiles), time.Since(began))
	if n == 0 {
		t.Errorf("nothing was found in %s", root)
	}
	for _, p := range s.Parts {
		if p.State == snapshot.Failed {
			t.Logf("%s: %s", p.Item, p.Detail)
		}
	}
	if _, err := fs.Stat(os.DirFS(root), "."); err != nil {
		t.Error(err)
	}
}
