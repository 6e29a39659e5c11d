package e2e

import (
	"cmp"
	"net/http"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/report"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

type object = map[string]any

// verdict is what must be said of a container.
type verdict struct{ check, status string }

// specimen is a set-up that other tools judge wrongly.
type specimen struct {
	name     string
	stopped  bool // created, never started
	spec     testbed.Spec
	verdicts []verdict
}

func host(fields object) testbed.Spec { return testbed.Spec{"HostConfig": fields} }

func restart(name string, most int) testbed.Spec {
	return host(object{"RestartPolicy": object{"Name": name, "MaximumRetryCount": most}})
}

func specimens(engineFolder string) []specimen {
	const restarts, mounts, socket = "container-restart-policy-bounded", "container-no-sensitive-host-mounts", "container-no-docker-socket"
	const memory, swap, cpu = "container-memory-limit", "container-swap-limit", "container-cpu-shares"
	return []specimen{
		{"five-tries", false, restart("on-failure", 5), []verdict{{restarts, "pass"}}},
		{"always", false, restart("always", 0), []verdict{{restarts, "fail"}}},
		{"unless-stopped", false, restart("unless-stopped", 0), []verdict{{restarts, "fail"}}},
		{"without-end", false, restart("on-failure", 0), []verdict{{restarts, "fail"}}},
		{
			"rk-manila", false, host(object{"PidMode": "host", "SecurityOpt": []string{"seccomp=unconfined"}}),
			[]verdict{{"container-no-host-pid", "fail"}, {"container-seccomp-enabled", "fail"}},
		},
		{"root-folder", false, host(object{"Binds": []string{"/:/host"}}), []verdict{{mounts, "fail"}, {socket, "fail"}}},
		{"etc-folder", false, host(object{"Binds": []string{"/etc:/conf"}}), []verdict{{mounts, "fail"}, {socket, "pass"}}},
		{"socket-folder", false, host(object{"Binds": []string{engineFolder + ":/hostrun"}}), []verdict{{socket, "fail"}}},
		{"dormant", true, host(object{"Privileged": true}), []verdict{{"container-not-privileged", "fail"}}},
		{"reservation", false, host(object{"MemoryReservation": 64 << 20}), []verdict{{memory, "fail"}}},
		{"swap-without-end", false, host(object{"Memory": 64 << 20, "MemorySwap": -1}), []verdict{{memory, "pass"}, {swap, "fail"}}},
		{"quota", false, host(object{"CpuQuota": 50000}), []verdict{{cpu, "pass"}}},
		{"half-a-cpu", false, host(object{"NanoCpus": 500000000}), []verdict{{cpu, "pass"}}},
		{"default-shares", false, host(object{"CpuShares": 1024}), []verdict{{cpu, "fail"}}},
		{"userns-host", false, host(object{"UsernsMode": "host"}), []verdict{{"container-userns-not-host", "not-applicable"}}},
	}
}

// users are ways to say who runs, with the verdict.
var users = map[string]string{
	"0:0": "fail", "root:root": "fail", "00": "fail", "boss": "fail", "1": "pass", "app": "pass", "1000:0": "pass",
}

// TestCases holds the verdicts on set-ups that other tools are known to judge
// wrongly against what is right, on a real engine.
func TestCases(t *testing.T) {
	t.Run("debian", func(t *testing.T) {
		address := freeAddress(t)
		bed := testbed.Private(t, "--host", "tcp://"+address)
		noContainers(t, bed)
		socketModes(t, bed)
		fromAfar(t, bed, address)
		judgesCases(t, bed)
	})
	t.Run("current", func(t *testing.T) { judgesCases(t, testbed.Current(t)) })
}

func judgesCases(t *testing.T, bed *testbed.Bed) {
	imitate(t)
	key := func(name string) string { return "name/" + bed.Name(name) }
	all := specimens(folder(bed))
	for _, s := range all {
		populate(bed, s)
	}
	paused := bed.Run("paused", restart("always", 0))
	bed.Post("/containers/"+paused+"/pause", nil, nil)
	t.Cleanup(func() { // one that is paused cannot be removed everywhere
		_, _ = bed.Call(t.Context(), http.MethodPost, "/containers/"+paused+"/unpause", nil)
	})
	images := withBoss(bed)
	for user := range users {
		bed.Run("user-"+clean(user), testbed.Spec{"Image": cmp.Or(images[user], images["boss"]), "User": user, "StopSignal": "SIGKILL", "HostConfig": object{"NetworkMode": "none"}})
	}
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address()}
	r := decoded(t, u.Want(t, 0, "assess", "docker", "--format", "json", "--state", t.TempDir()))
	for _, s := range all {
		for _, v := range s.verdicts {
			want(t, r, v.check, key(s.name), v.status, s.stopped)
		}
	}
	want(t, r, "container-restart-policy-bounded", key("paused"), "fail", false)
	for user, status := range users {
		want(t, r, "container-user-non-root", key("user-"+clean(user)), status, false)
	}
	for _, check := range []string{"daemon-userns-remap", "daemon-authorization-plugin", "daemon-no-new-privileges"} {
		want(t, r, check, "engine", "fail", false)
	}
	if f := find(r, "container-no-sensitive-host-mounts", key("root-folder")); f != nil && f.Severity != "critical" {
		t.Errorf("the whole machine mounted to write is %s, want critical", f.Severity)
	}
}

// assess judges what a target names.
func assess(t *testing.T, bed *testbed.Bed, target string) *report.Result {
	t.Helper()
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address()}
	return decoded(t, u.Want(t, 0, "assess", target, "--format", "json", "--state", t.TempDir()))
}

// noContainers wants every check of containers to have nothing to judge, and to
// say so.
func noContainers(t *testing.T, bed *testbed.Bed) {
	t.Helper()
	r := assess(t, bed, "docker")
	for _, check := range []string{"container-memory-limit", "container-restart-policy-bounded", "container-no-new-privileges", "container-pids-limit"} {
		want(t, r, check, "engine", "not-applicable", false)
	}
}

// socketModes opens the engine's socket to everybody in ways that are no larger
// numbers than 0660, read as decimal.
func socketModes(t *testing.T, bed *testbed.Bed) {
	t.Helper()
	socket := strings.TrimPrefix(bed.Address(), "unix://")
	for mode, status := range map[os.FileMode]string{0o606: "fail", 0o646: "fail", 0o600: "pass", 0o660: "pass"} {
		if err := os.Chmod(socket, mode); err != nil {
			t.Fatal(err)
		}
		want(t, assess(t, bed, "docker"), "file-docker-sock-mode", "file"+socket, status, false)
	}
	if err := os.Chmod(socket, 0o660); err != nil {
		t.Fatal(err)
	}
}

// fromAfar asks the engine over TCP, where nothing proves that it runs here: the
// engine's answers count, this machine's files and processes do not.
func fromAfar(t *testing.T, bed *testbed.Bed, address string) {
	t.Helper()
	r := assess(t, bed, "docker:tcp://"+address)
	want(t, r, "daemon-userns-remap", "engine", "fail", false)
	want(t, r, "daemon-tcp-requires-mutual-tls", "engine", "fail", false) // it answered in clear
	ofHost := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if !strings.HasPrefix(f.Check, "file-") && !strings.HasPrefix(f.Check, "audit-") {
			continue
		}
		if ofHost++; f.Status != "unknown" {
			t.Errorf("%s is %s of an engine that may be anywhere: %s", f.Check, f.Status, f.Message)
		}
	}
	if ofHost == 0 {
		t.Error("the rows on files of the host are missing")
	}
}

func populate(bed *testbed.Bed, s specimen) {
	s.spec["StopSignal"] = "SIGKILL"
	s.spec["HostConfig"].(object)["NetworkMode"] = "none"
	if s.stopped {
		bed.Create(s.name, s.spec)
	} else {
		bed.Run(s.name, s.spec)
	}
}

// withBoss makes images in which the name boss is root: one that runs as boss,
// one that runs as app, who is nobody special. They are returned by user.
func withBoss(bed *testbed.Bed) map[string]string {
	id := bed.Run("maker", testbed.Spec{"StopSignal": "SIGKILL", "HostConfig": object{"NetworkMode": "none"}})
	bed.Exec(id, "/bin/sh", "-c", "echo boss:x:0:0::/:/bin/sh >>/etc/passwd; echo root:x:0: >/etc/group")
	images := make(map[string]string)
	for _, user := range []string{"boss", "app"} {
		images[user] = bed.Commit(id, user, testbed.Spec{"User": user})
	}
	return images
}

// imitate runs a process that calls itself an engine with good settings.
func imitate(t *testing.T) {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), sleep, "100")
	cmd.Args = []string{"dockerd --userns-remap=default --authorization-plugin=x --no-new-privileges", "100"}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the context may have been faster
		_ = cmd.Wait()         // it was killed
	})
}

// find returns the finding of a check on a subject, which may be one of several
// that are alike.
func find(r *report.Result, check, key string) *report.Finding {
	for i := range r.Findings {
		f := &r.Findings[i]
		s := r.Subjects[f.Subject]
		if f.Check == check && (s.Key == key || slices.Contains(s.Members, key)) {
			return f
		}
	}
	return nil
}

func want(t *testing.T, r *report.Result, check, key, status string, dormant bool) {
	t.Helper()
	switch f := find(r, check, key); {
	case f == nil:
		t.Errorf("%s says nothing of %s, want %s", check, key, status)
	case f.Status != status || f.Dormant != dormant:
		t.Errorf("%s says %s of %s, dormant %t (%s); want %s, dormant %t", check, f.Status, key, f.Dormant, f.Message, status, dormant)
	}
}

// folder is where a private engine's socket lies.
func folder(bed *testbed.Bed) string { return path.Dir(strings.TrimPrefix(bed.Address(), "unix://")) }

// clean makes a container's name of a user's.
func clean(user string) string { return strings.ReplaceAll(user, ":", "-") }
