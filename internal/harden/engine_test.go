package harden

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

const testImage = "testbed/busybox:1"

// bed is the real engine of the testbed.
type bed struct {
	*testing.T
	eng    *dockerapi.Client
	engine string // its ID
	prefix string
	debian bool // it is the engine of Debian, with all of its time for tests
}

// realBed connects to the engine of Debian, where it may be changed.
func realBed(t *testing.T) *bed {
	t.Helper()
	return bedOf(t, testbed.Mutable(t))
}

// onBoth runs a test on both engines of the testbed.
func onBoth(t *testing.T, test func(*bed)) {
	testbed.OnBoth(t, func(t *testing.T, on *testbed.Bed) { test(bedOf(t, on)) })
}

// bedOf connects to an engine of the testbed.
func bedOf(t *testing.T, on *testbed.Bed) *bed {
	t.Helper()
	eng, err := dockerapi.Connect(t.Context(), dockerapi.SocketEndpoint(strings.TrimPrefix(on.Address(), "unix://")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(eng.Close)
	b := &bed{T: t, eng: eng, prefix: fmt.Sprintf("harden-%d-", os.Getpid()), debian: eng.Endpoint().Socket == testbed.Socket}
	info, err := newRunner(Options{Engine: eng}).info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.engine = info.ID
	t.Cleanup(b.sweep)
	return b
}

// docker runs the docker command and returns what it prints.
func (b *bed) docker(args ...string) string {
	b.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		b.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// sweep removes every container of this test process with its volumes; those
// that were carried over count as named and need to be removed by name.
func (b *bed) sweep() {
	for id := range strings.FieldsSeq(b.docker("ps", "-aq", "--filter", "name="+b.prefix)) {
		volumes := b.docker("inspect", "-f", `{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}`, id)
		exec.Command("docker", "rm", "-fv", id).Run()
		for v := range strings.FieldsSeq(volumes) {
			exec.Command("docker", "volume", "rm", v).Run()
		}
	}
}

// run starts a container and returns its subject.
func (b *bed) run(name string, args ...string) snapshot.Subject {
	b.Helper()
	return b.subject("run", name, args...)
}

func (b *bed) subject(verb, name string, args ...string) snapshot.Subject {
	b.Helper()
	call := []string{verb, "--name", b.prefix + name}
	if verb == "run" {
		call = append(call, "-d")
	}
	id := b.docker(append(call, args...)...)
	return snapshot.Subject{Kind: snapshot.KindContainer, Scope: "engine:" + b.engine, Key: "name/" + b.prefix + name, Name: b.prefix + name, UID: id}
}

func (b *bed) options() Options {
	return Options{Engine: b.eng, State: b.TempDir(), Tool: "plimsoll test", Settle: 300 * time.Millisecond, Wait: 20 * time.Second, killed: 2 * time.Second}
}

// inspect returns a container's raw description.
func (b *bed) inspect(ref string) []byte {
	b.Helper()
	raw, err := b.eng.ContainerInspectRaw(b.Context(), ref)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

var sleeper = []string{testImage, "sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"}
