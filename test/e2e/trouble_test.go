package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/model"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestNoEngine runs the program on a machine with nothing on it.
func TestNoEngine(t *testing.T) {
	u := enclosed(t)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{0, "EXAMPLE: no Docker engine answers on this machine", []string{"assess"}},
		{0, "EXAMPLE", []string{"plan"}},
		{0, "EXAMPLE", []string{"bench", "docker"}},
		{0, "EXAMPLE", []string{"threats"}},
		{4, "no Docker engine answers on this machine", []string{"assess", "--fail-on", "critical"}}, // a gate is never met by an example
		{4, "no Docker engine answers on this machine", []string{"assess", "--min-coverage", "10"}},
		{4, "no Docker engine answers on this machine", []string{"assess", "--format", "json"}},
		{4, "no Docker engine answers on this machine", []string{"threats", "-o", "x.json"}},
		{4, "/var/run/docker.sock", []string{"assess", "docker"}},
		{4, "no Docker engine answers on this machine", []string{"collect"}},
		{4, "no Docker engine answers on this machine", []string{"harden", "container-memory-limit"}},
		{4, "no Docker engine answers on this machine", []string{"doctor"}},
		{2, "nothing was hardened from here", []string{"rollback"}},
		{2, "nothing was hardened from here", []string{"verify"}},
	} {
		r := u.Run(t, c.args...)
		if r.Code != c.code || !strings.Contains(r.Out+r.Err, c.says) {
			t.Errorf("want exit %d and %q: %v", c.code, c.says, r)
		}
	}
}

// TestNoRight asks a real engine as a user who may not.
func TestNoRight(t *testing.T) {
	testbed.Engine(t)
	u := enclosed(t)
	u.Root, u.UID = "", 65534
	u.Home = "/"
	u.Env = []string{"XDG_STATE_HOME=/nonexistent"}
	r := decoded(t, u.Want(t, 0, "assess", "--format", "json"))
	for _, f := range r.Findings {
		if k := r.Subjects[f.Subject].Kind; f.Status == "pass" && (k == snapshot.KindContainer || k == snapshot.KindEngine) {
			t.Errorf("%s passes without a look", f.Check)
		}
	}
	for _, x := range r.Threats {
		// Some of the host, who may open the socket, and of a node the command lines and
		// modes can be seen by all.
		if x.Status == "mitigated" && (x.Zone == model.ZoneRegistry || x.Zone == model.ZoneCloud) {
			t.Errorf("threat %s is mitigated without a look", x.ID)
		}
	}
	u.Want(t, 3, "assess", "--fail-on", "critical")
	u.Want(t, 3, "assess", "--min-coverage", "50")
	r4 := u.Want(t, 4, "assess", "docker")
	if strings.Count(r4.Err, "permission denied") != 1 || !strings.Contains(r4.Err, "sudo plimsoll assess") {
		t.Errorf("it does not say once that permission is missing and what would grant it: %v", r4)
	}
	if d := u.Want(t, 0, "doctor"); strings.Count(strings.Join(strings.Fields(d.Out), " "), "the engine's socket may not be opened") != 1 || !strings.Contains(d.Out, "sudo plimsoll assess") {
		t.Errorf("doctor does not say once what is missing: %v", d)
	}
	if h := u.Want(t, 4, "harden", "container-memory-limit"); !strings.Contains(h.Err, "sudo") {
		t.Errorf("it does not say what would help: %v", h)
	}
}

func enclosed(t *testing.T) *program.User {
	t.Helper()
	if os.Geteuid() != 0 {
		testbed.Skip(t, "only root can give a run another root folder or user")
	}
	u := program.New(t)
	u.Enclose(t)
	return u
}

func decoded(t *testing.T, r program.Result) *report.Result {
	t.Helper()
	res, err := report.Decode([]byte(r.Out))
	if err != nil {
		t.Fatalf("%v: %v", err, r)
	}
	return res
}

// TestTroubledEngine breaks an engine with three containers in the middle of
// being read. Of what was lost nothing may pass.
func TestTroubledEngine(t *testing.T) {
	is := func(end string) func(string) bool {
		return func(path string) bool { return strings.HasSuffix(path, end) }
	}
	inspect := func(path string) bool {
		return strings.HasPrefix(path, "/containers/0") && strings.HasSuffix(path, "/json")
	}
	type answer func(f *fake, w http.ResponseWriter)
	// It dies when it has said who it is, which is asked at the same time as its list.
	dies := func(f *fake, _ http.ResponseWriter) {
		select {
		case <-f.informed:
			time.Sleep(100 * time.Millisecond) // until that was read
		case <-time.After(time.Second):
		}
		f.die()
	}
	garbage := func(_ *fake, w http.ResponseWriter) { _, _ = w.Write([]byte("<html>\x1b[31mwelcome</html>")) }
	hangs := func(*fake, http.ResponseWriter) { time.Sleep(20 * time.Second) }
	gone := func(_ *fake, w http.ResponseWriter) {
		http.Error(w, `{"message":"No such container"}`, http.StatusNotFound)
	}
	for _, c := range []struct {
		name     string
		when     func(string) bool
		do       answer
		code     int    // of assess without a gate
		says     string // on one of the streams
		complete bool   // what disappears by itself leaves the evidence whole
	}{
		{"killed at the list", is("/containers/json"), dies, 0, "", false},
		{"killed while inspecting", inspect, dies, 0, "", false},
		{"killed at once", is("/_ping"), dies, 4, "plimsoll: ", false},
		{"garbage everywhere", is(""), garbage, 4, "nothing of an engine could be read at unix://", false},
		{"garbage for the list", is("/containers/json"), garbage, 0, "", false},
		{"garbage for containers", inspect, garbage, 0, "", false},
		{"hangs while inspecting", inspect, hangs, 0, "stopped after 2s", false},
		{"hangs at once", is("/_ping"), hangs, 4, "nothing was collected within 2s", false},
		{"containers disappear", inspect, gone, 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, filepath.Join(t.TempDir(), "e.sock"))
			for _, name := range []string{"a", "b", "c"} {
				f.add(name, nil)
			}
			f.hook = func(w http.ResponseWriter, path string) bool {
				if !c.when(path) {
					return false
				}
				c.do(f, w)
				return true
			}
			u := program.New(t)
			u.Env = []string{"DOCKER_HOST=unix://" + f.socket}
			r := u.Want(t, c.code, "assess", "docker", "--format", "json", "--timeout", "2s", "--state", t.TempDir())
			if r.Took > 10*time.Second {
				t.Errorf("it took %v", r.Took)
			}
			inert(t, r)
			if !strings.Contains(r.Err, c.says) {
				t.Errorf("it does not say %q: %v", c.says, r)
			}
			if c.code != 0 {
				return
			}
			res := decoded(t, r)
			if res.Snapshot.Complete != c.complete {
				t.Errorf("complete is %t, want %t", res.Snapshot.Complete, c.complete)
			}
			for _, x := range res.Findings {
				if s := res.Subjects[x.Subject]; x.Status == "pass" && s.Kind == snapshot.KindContainer {
					t.Errorf("%s passes for %s, of which nothing was seen", x.Check, s.Name)
				}
			}
		})
	}
}
