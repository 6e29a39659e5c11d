package image

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/collect/image/registry"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

const recipe = `FROM testbed/busybox:1
ARG DEPLOY_TOKEN=ghp_CANARYCANARYCANARY
COPY key .env /app/
RUN ["/bin/busybox","cp","/bin/busybox","/bin/su"]
RUN ["/bin/busybox","chmod","4755","/bin/su"]
RUN ["/bin/busybox","ln","/bin/su","/bin/su2"]
RUN ["/bin/busybox","cp","/bin/busybox","/bin/tamed"]
RUN ["/bin/busybox","chmod","6755","/bin/tamed"]
RUN ["/bin/busybox","chmod","0755","/bin/tamed"]
RUN ["/bin/busybox","rm","/app/key"]
RUN ["/bin/busybox","sh","-c","echo toor::0:0::/:/bin/sh >> /etc/passwd; echo plim:x:1234:1234::/:/bin/sh >> /etc/passwd"]
USER plim
HEALTHCHECK CMD ["/bin/true"]
`

func docker(t *testing.T, input []byte, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", args...)
	cmd.Stdin = bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestRealImage reads an image that a real engine built, from the engine, from its
// own archive and from a real registry: all say the same.
func TestRealImage(t *testing.T) {
	testbed.Engine(t)
	name := "127.0.0.1:5000/h-image/" + strings.ToLower(rand.Text()[:10]) + ":1"
	docker(t, tarOf(t, member{name: "Dockerfile", text: recipe}, member{name: "key", text: key}, member{name: ".env", text: "DB_PASSWORD=CANARY\n"}), "build", "-q", "-t", name, "-")
	t.Cleanup(func() { docker(t, nil, "rmi", name) })

	collect := func(arg string, engine bool) *snapshot.Image {
		t.Helper()
		s, err := Collect(t.Context(), Options{
			Arg: arg, Login: func(string) registry.Login { return registry.Login{} },
			Engine: func() (*dockerapi.Client, error) {
				if !engine {
					return nil, dockerapi.ErrNoEngine
				}
				return dockerapi.Connect(t.Context(), dockerapi.SocketEndpoint(testbed.Socket))
			},
		})
		if err != nil {
			t.Fatalf("%s: %v", arg, err)
		}
		if bytes.Contains(marshal(t, s), []byte("CANARY")) {
			t.Errorf("%s: a value is in the evidence", arg)
		}
		return &s.Images[0]
	}
	m := collect(name, true)
	c := &m.Contents.V
	var held []string
	for _, f := range c.Privileged {
		held = append(held, f.Path)
	}
	for _, f := range c.Secrets {
		held = append(held, f.What)
	}
	if got := strings.Join(held, " "); got != "/bin/su /bin/su2 env-file private-key" || !c.Secrets[1].Deleted {
		t.Errorf("it holds %s: %+v", got, c)
	}
	if m.UserUID != snapshot.Seen[int64](1234, passwdFile) || m.Health != "CMD" || strings.Join(c.Accounts.V.Passwordless, " ") != "toor" || m.Tags[0] != name {
		t.Errorf("image %+v", m)
	}

	file := filepath.Join(t.TempDir(), "image.tar")
	docker(t, nil, "save", "-o", file, name)
	same(t, "docker save", m, collect(file, false))

	docker(t, nil, "push", "-q", name)
	got := collect(name, false)
	if len(got.Digests) != 1 || !strings.HasSuffix(got.Digests[0], got.Config.V.Manifest) || !snapshot.ParseReference(got.Digests[0]).Pinned() {
		t.Errorf("digests %q, manifest %s", got.Digests, got.Config.V.Manifest)
	}
	same(t, "registry", m, got)
	byDigest := collect(got.Digests[0], false)
	same(t, "registry, by digest", m, byDigest)
}

func same(t *testing.T, name string, want, got *snapshot.Image) {
	t.Helper()
	g := *got
	g.Scope, g.Tags, g.Digests, g.Evidence = want.Scope, want.Tags, want.Digests, want.Evidence
	g.Config.V.Manifest = want.Config.V.Manifest
	if d := cmp.Diff(*want, g); d != "" {
		t.Errorf("%s (-engine +it):\n%s", name, d)
	}
}

func TestNamesThatLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("no image"), 0o600); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		"shop/web":                      "no registry is named; to read it from Docker Hub write image:docker.io/shop/web",
		"web":                           "write image:docker.io/library/web",
		"./none":                        "no such file",
		"text":                          "no archive of an image",
		"./":                            "holds no OCI layout",
		"https://u:CANARYCANARY@host/x": "that was named",
		"127.0.0.1:1/x":                 "registry 127.0.0.1:1: finding the image",
	} {
		_, err := Collect(t.Context(), Options{
			Arg: arg, Dir: dir, Login: func(string) registry.Login { return registry.Login{} },
			Engine: func() (*dockerapi.Client, error) { return nil, dockerapi.ErrNoEngine },
		})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: error %v, want one that says %q", arg, err, want)
		}
	}
}

func TestLoginIsThatOfTheHost(t *testing.T) {
	dir := t.TempDir()
	const config = `{"auths":{"r.example":{"auth":"dTpw"},"https://index.docker.io/v1/":{"auth":"aHViOng="},"broken":{"auth":"?"}},"credHelpers":{"h.example":"pass"}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	login := Logins(func(name string) string { return map[string]string{"DOCKER_CONFIG": dir}[name] }, "")
	for host, want := range map[string]registry.Login{
		"r.example": {User: "u", Password: "p"}, "docker.io": {User: "hub", Password: "x"}, "broken": {}, "h.example": {}, "other": {},
	} {
		if got := login(host); got != want {
			t.Errorf("%s: %+v", host, got)
		}
	}
}
