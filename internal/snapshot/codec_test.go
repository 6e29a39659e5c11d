package snapshot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
)

// v1 is a file that was sealed by the first version, and its ID. Neither may
// ever be written anew: files of users do not change either.
const (
	v1     = "testdata/v1.json"
	v1Hash = "fe52c40cd845376793ad1b46f9ac269ff717f4134bcf68403defaf62b0d38dc2"
)

func TestFirstFileIsReadForever(t *testing.T) {
	b, err := os.ReadFile(v1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := snapshot.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != v1Hash || len(s.Containers) != 6 || len(s.ContainerSpecs) != 3 || !s.Engines[0].Process.Known() {
		t.Errorf("ID %s, %d containers, %d specs", s.ID, len(s.Containers), len(s.ContainerSpecs))
	}
}

// seal gives JSON text its ID without the types, as another version would.
func seal(compact string) string {
	sum := sha256.Sum256([]byte(compact + "\n"))
	return strings.Replace(compact, `"id":""`, `"id":"`+hex.EncodeToString(sum[:])+`"`, 1)
}

func TestIDIsOfTheBytesReceived(t *testing.T) {
	b, err := os.ReadFile(v1)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.TrimSpace(strings.Replace(string(b), v1Hash, "", 1))
	newer := seal(strings.Replace(plain, `"complete":true`, `"complete":true,"future":{"id":"x","of":["a\u003cb\"id\":\""]}`, 1))
	older := seal(strings.Replace(plain, `"cpus":16,`, "", 1))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(newer), "", "  "); err != nil {
		t.Fatal(err)
	}
	relaid := strings.ReplaceAll(pretty.String(), `\u003c`, "<")
	for name, tt := range map[string]struct {
		text string
		want string // in the error; empty: it is read
	}{
		"as it came":              {string(b), ""},
		"a newer version's":       {newer, ""},
		"an older version's":      {older, ""},
		"laid out for people":     {relaid, ""},
		"no ID":                   {plain, ""},
		"edited":                  {strings.Replace(string(b), `"privileged":true`, `"privileged":false`, 1), "it was edited"},
		"edited, newer version's": {strings.Replace(newer, `"of"`, `"off"`, 1), "it was edited"},
	} {
		s, err := snapshot.Parse([]byte(tt.text))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		case err == nil:
			roundTrip(t, s)
		}
	}
}

// roundTrip writes the snapshot and reads it back: the values and, from then on,
// the bytes are the same.
func roundTrip(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	var first, second bytes.Buffer
	if err := snapshot.Encode(&first, s); err != nil {
		t.Fatal(err)
	}
	back, err := snapshot.Parse(first.Bytes())
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	if err := snapshot.Encode(&second, back); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the bytes change:\n%s%s", first.Bytes(), second.Bytes())
	}
}

func TestOrderOfArrivalDoesNotCount(t *testing.T) {
	want, err := snapshottest.Generate(3, 40, 9)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		s, err := snapshottest.Generate(3, 40, 9)
		if err != nil {
			t.Fatal(err)
		}
		s.ContainerSpecs = append(s.ContainerSpecs, snapshot.ContainerSpec{Image: "unused"})
		specs, runtimes := r.Perm(len(s.ContainerSpecs)), r.Perm(len(s.Runtimes))
		s.ContainerSpecs, s.Runtimes = permuted(s.ContainerSpecs, specs), permuted(s.Runtimes, runtimes)
		for i := range s.Containers {
			s.Containers[i].Spec, s.Containers[i].Runtime = specs[s.Containers[i].Spec], runtimes[s.Containers[i].Runtime]
		}
		s.Containers = permuted(s.Containers, r.Perm(len(s.Containers)))
		s.Scopes = permuted(s.Scopes, r.Perm(len(s.Scopes)))
		s.Parts = permuted(s.Parts, r.Perm(len(s.Parts)))
		s.Images = permuted(s.Images, r.Perm(len(s.Images)))
		s.Networks = permuted(s.Networks, r.Perm(len(s.Networks)))
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		if s.ID != want.ID {
			t.Fatalf("ID %s, want %s", s.ID, want.ID)
		}
	}
}

// permuted moves item i to position to[i].
func permuted[T any](list []T, to []int) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[to[i]] = v
	}
	return out
}

func TestSealRefusesDanglingReferences(t *testing.T) {
	s := checktest.Minimal()
	s.Containers[0].Runtime = 7
	if err := s.Seal(); err == nil {
		t.Error("a container without a live state was sealed")
	}
}

func TestNoZeroIsWrittenForWhatWasNotSeen(t *testing.T) {
	s := checktest.Minimal()
	s.Engines[0].Process = snapshot.Missing[snapshot.DaemonProcess](snapshot.Denied, snapshot.ReasonDenied, "/proc/1")
	s.Engines[0].Config = snapshot.Seen(snapshot.DaemonConfig{FileSeen: snapshot.Absent}, "/proc/1/cmdline")
	s.Images[0].UserUID = snapshot.Missing[int64](snapshot.Skipped, snapshot.ReasonNotCollected, "")
	s.Containers[0].Writable = snapshot.Seen(0, "GET /containers/ID/changes")
	s.Files = s.Files[:1] // the directories of others belong to root, truly
	s.Files[0] = snapshot.File{Scope: s.Files[0].Scope, Path: "/run/x.sock", Role: snapshot.RoleEngineSocket, State: snapshot.Denied}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, lie := range []string{`"pid":0`, time.Time{}.Format(time.RFC3339), `"userUID":{"v"`, `"mode":0`, `"uid":0,"gid"`} {
		if strings.Contains(b.String(), lie) {
			t.Errorf("%s is in the file", lie)
		}
	}
	back, err := snapshot.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, s) {
		t.Error("reading it back gives other values")
	}
}
