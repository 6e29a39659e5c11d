// Package example records the bundled example from a real engine:
//
//	PLIMSOLL_TESTBED=1 go test ./test/example -update
//
// Without -update it records again and holds the verdicts against the example.
package example

import (
	"bytes"
	"encoding/json"
	"maps"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/example"
	"plimsoll/internal/golden"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m, "../..")) }

const file = "../../internal/example/example.json"

func TestRecord(t *testing.T) {
	bed := testbed.Private(t)
	port := freePort(t)
	populate(t, bed, port)
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address()}
	raw := filepath.Join(t.TempDir(), "raw.json")
	u.Want(t, 0, "collect", "docker", "-o", raw, "--state", t.TempDir())
	s, err := snapshot.ScrubMachine(read(t, raw)) // the containers are made up, their names are for people
	if err != nil {
		t.Fatal(err)
	}
	republish(s, uint16(port))
	s = everywhere(t, s, strings.TrimPrefix(bed.Address(), "unix://"))
	if golden.Updating() {
		golden.Write(t, file, encode(t, s, " "))
		return
	}
	bundled, err := example.Example()
	if err != nil {
		t.Fatal(err)
	}
	if bundled.Engines[0].Version != s.Engines[0].Version {
		t.Logf("the example is of engine %s, this is %s: not compared", bundled.Engines[0].Version, s.Engines[0].Version)
		return
	}
	if d := cmp.Diff(verdicts(t, u, bundled), verdicts(t, u, s)); d != "" {
		t.Errorf("the bundled example is not what a real engine gives (-example +engine); record it with -update:\n%s", d)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().(*net.TCPAddr).Port
}

// republish moves what is published on a port that happened to be free to the
// port that people would take.
func republish(s *snapshot.Snapshot, from uint16) {
	for i := range s.ContainerSpecs {
		for j := range s.ContainerSpecs[i].Ports {
			if p := &s.ContainerSpecs[i].Ports[j]; p.HostPort == from {
				p.HostPort = 8080
			}
		}
	}
}

func read(t *testing.T, name string) *snapshot.Snapshot {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b)
}

func parse(t *testing.T, b []byte) *snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everywhere takes out what a scrubbed snapshot still says of the machine: the
// other engine on it and the folders of this one, identifiers, the kernel's
// build, the testbed's registry.
func everywhere(t *testing.T, s *snapshot.Snapshot, socket string) *snapshot.Snapshot {
	t.Helper()
	run := path.Dir(socket)
	s.Files = slices.DeleteFunc(s.Files, func(f snapshot.File) bool {
		socket := f.Role == snapshot.RoleEngineSocket || f.Role == snapshot.RoleRuntimeSocket
		return socket && !strings.HasPrefix(f.Path, run+"/")
	})
	for i := range s.Files {
		parents := &s.Files[i].Parents
		*parents = slices.DeleteFunc(*parents, func(p snapshot.Directory) bool { return p.Path == run })
	}
	for i := range s.Runtimes { // mounts that come and go with other containers, and those of the testbed's second engine
		p := &s.Runtimes[i].Process.V
		p.WritableIn = slices.DeleteFunc(p.WritableIn, func(dir string) bool {
			return strings.Contains(dir, "/netns/") || strings.Contains(dir, "testbed") || strings.Contains(dir, "plimsoll-test")
		})
	}
	e := &s.Engines[0]
	const engine = "engine:EXMP:LEEX:AMPL:EEXA:MPLE:EXAM:PLEE:XAMP:LEEX:AMPL:EEXA:MPLE"
	replace := strings.NewReplacer(
		e.Scope, engine, s.Hosts[0].Scope, "host:0123456789abcdef",
		e.Kernel, "6.1.0-18-amd64", e.RootDir, "/var/lib/docker",
		"unix://"+run+"/", "unix:///var/run/", run+"/", "/run/",
		testbed.Registry+"/testbed/busybox", "registry.example/shop/mailer",
	)
	s.ID = ""
	s = parse(t, []byte(replace.Replace(string(encode(t, s, "")))))
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	return s
}

// encode writes a snapshot, indented when asked to: the example is read by
// people too.
func encode(t *testing.T, s *snapshot.Snapshot, indent string) []byte {
	t.Helper()
	var b, out bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	if indent == "" {
		return b.Bytes()
	}
	if err := json.Indent(&out, bytes.TrimSpace(b.Bytes()), "", indent); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

// verdicts assesses a snapshot and lists what is said of every subject.
func verdicts(t *testing.T, u *program.User, s *snapshot.Snapshot) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "snapshot.json")
	if err := os.WriteFile(name, encode(t, s, ""), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode([]byte(u.Want(t, 0, "assess", name, "--format", "json", "--as-of", "2026-11-24").Out))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]bool)
	for _, f := range r.Findings {
		out[f.Check+" "+r.Subjects[f.Subject].Key+" "+f.Status] = true
	}
	return slices.Sorted(maps.Keys(out))
}
