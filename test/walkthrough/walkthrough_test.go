// Package walkthrough runs the loop that the README tells, from the first look
// to the rollback, with the built program on a real engine.
package walkthrough

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/report"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// measures are what the walk-through decides to do, and the threats they close.
var measures = []string{"container-memory-limit", "container-restart-policy-bounded", "container-image-digest-pinned"}

var closed = []string{"DKR-HST-D-01", "DKR-HST-D-02", "DKR-REG-S-02"}

// shop starts three containers that are run badly, on a network of their own.
func shop(bed *testbed.Bed) (ids map[string]string) {
	bed.Post("/networks/create", map[string]any{"Name": "shop"}, nil)
	ids = make(map[string]string)
	for name, restart := range map[string]string{"shop-web": "always", "shop-db": "unless-stopped", "shop-cart": "on-failure"} {
		ids[name] = bed.Run(name, testbed.Spec{
			"Image": testbed.PinnedImage, "StopSignal": "SIGKILL", // its program would not hear another one
			"HostConfig": map[string]any{"NetworkMode": "shop", "RestartPolicy": map[string]any{"Name": restart}},
		})
	}
	return ids
}

// dockerContext makes an engine the current one of the docker command, under a name.
func dockerContext(t *testing.T, home, address string) {
	t.Helper()
	const name = "shop"
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	for path, doc := range map[string]any{
		"config.json":                        map[string]any{"currentContext": name},
		"contexts/meta/" + id + "/meta.json": map[string]any{"Name": name, "Endpoints": map[string]any{"docker": map[string]any{"Host": address}}},
	} {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(home, ".docker", path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWalkthrough(t *testing.T) {
	bed := testbed.Private(t)
	ids := shop(bed)
	u := program.New(t)
	dockerContext(t, u.Home, bed.Address())
	w := &walk{t: t, user: u, state: filepath.Join(t.TempDir(), "state")}

	w.say("Three containers run on this host: shop-web, shop-db and shop-cart. What is open, and what is worth fixing first?")
	w.run(0, "assess", "docker")
	before := w.result()
	wantThreats(t, before, "open")

	w.say("The same findings in the words of CIS Docker 1.2.0. Of its rows, these three:")
	wantRows(t, w.bench("5.10", "5.14", "4.5"), "[FAIL] 5.10", "[FAIL] 5.14", "[FAIL] 4.5")

	w.say("Which three measures remove the most risk, and why these?")
	w.run(0, "plan", "docker", "--max", "3")

	w.say("Suppose that re-creating containers for a read-only root file system has to wait, and bounded restarts come first.\n" +
		"What would the three measures change? Without --apply nothing is.")
	harden := append([]string{"harden", "--target", "docker"}, measures...)
	w.run(0, harden...)
	was, is := statuses(before), statuses(w.result())
	if !slices.Equal(was, is) {
		gone := func(all, of []string) []string {
			return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(of, s) })
		}
		t.Errorf("showing the changes has changed something: before %q, after %q", gone(was, is), gone(is, was))
	}
	w.run(0, append(harden, "--apply", "--yes")...)

	w.say("Every container is looked at again. Three threats are closed:")
	r := w.run(0, "verify", "--target", "docker")
	for _, id := range closed {
		if !strings.Contains(r.Out, id+" open ") {
			t.Errorf("verify does not say that %s was open: %v", id, r)
		}
	}
	wantThreats(t, w.result(), "mitigated")
	wantRows(t, w.bench("5.10", "5.14", "4.5"), "[PASS] 5.10", "[PASS] 5.14", "[FAIL] 4.5")

	w.say("4.5 still fails, as it should. Why?")
	r = w.run(0, "explain", "cis-docker-1.2.0/4.5")
	for _, want := range []string{"8 December 2026", "container-image-digest-pinned", "DKR-REG-S-02"} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("the explanation of 4.5 does not speak of %s", want)
		}
	}

	w.say("Was it a mistake? Everything can be taken back: the old containers are still there.")
	r = w.run(0, "rollback")
	if n := strings.Count(r.Out, "Config.Image, exact"); n != 3 {
		t.Errorf("%d re-creations were taken back exactly, want 3: %v", n, r)
	}
	if n := strings.Count(r.Out, "equivalent: a memory limit cannot be removed"); n != 3 {
		t.Errorf("%d memory limits say why they are only equivalent, want 3: %v", n, r)
	}
	wantAsBefore(t, bed, ids)
	wantThreats(t, w.result(), "open")
	wantRows(t, w.bench("5.10", "5.14", "4.5"), "[FAIL] 5.10", "[FAIL] 5.14", "[FAIL] 4.5")

	w.say("A change that would break a container is refused. Meanwhile shop-cart has written a file beside its mounts:")
	bed.Exec(ids["shop-cart"], "/bin/sh", "-c", "echo 1 >/orders")
	r = w.run(5, "harden", "--target", "docker", "container-readonly-rootfs", "--on", "shop-cart", "--apply", "--yes")
	if !strings.Contains(r.Out, "/orders") {
		t.Errorf("the refusal does not name what is written: %v", r)
	}
	wantAsBefore(t, bed, ids)
	w.compare(bed, "../../docs/walkthrough.md")
}

// wantThreats checks the threats that the measures are about.
func wantThreats(t *testing.T, r *report.Result, status string) {
	t.Helper()
	for _, id := range closed {
		i := slices.IndexFunc(r.Threats, func(x report.Threat) bool { return x.ID == id })
		if i < 0 {
			t.Errorf("threat %s is missing", id)
		} else if x := r.Threats[i]; x.Status != status {
			t.Errorf("threat %s is %s, want %s", id, x.Status, status)
		}
	}
}

// statuses are the verdicts of a result.
func statuses(r *report.Result) (out []string) {
	for _, f := range r.Findings {
		key := r.Subjects[f.Subject].Key
		if strings.HasPrefix(key, "file/run/plimsoll-test-") {
			continue // other tests' engines come and go
		}
		out = append(out, f.Check+" "+key+" "+f.Status)
	}
	return out
}

func wantRows(t *testing.T, page string, rows ...string) {
	t.Helper()
	for _, row := range rows {
		if !strings.Contains(page, row+" ") {
			t.Errorf("the benchmark lacks %q:\n%s", row, page)
		}
	}
}

// wantAsBefore asks the engine itself whether the containers are the old ones.
func wantAsBefore(t *testing.T, bed *testbed.Bed, ids map[string]string) {
	t.Helper()
	var list []struct{ ID string }
	bed.Get("/containers/json?all=1", &list)
	if len(list) != len(ids) {
		t.Errorf("there are %d containers, want the %d of before", len(list), len(ids))
	}
	for name, id := range ids {
		var c struct {
			ID     string
			State  struct{ Running bool }
			Config struct {
				Image string
				Env   []string
			}
			HostConfig struct{ RestartPolicy struct{ Name string } }
		}
		answer, err := bed.Call(t.Context(), http.MethodGet, "/containers/"+name+"/json", nil)
		if err == nil {
			err = json.Unmarshal(answer, &c)
		}
		switch {
		case err != nil:
			t.Error(err)
		case c.ID != id || !c.State.Running || c.Config.Image != testbed.PinnedImage:
			t.Errorf("%s is %.12s of %s, running %t; want %.12s of %s, running", name, c.ID, c.Config.Image, c.State.Running, id, testbed.PinnedImage)
		case strings.Contains(strings.Join(c.Config.Env, " "), "DOCKER_CONTENT_TRUST"):
			t.Errorf("%s got DOCKER_CONTENT_TRUST", name)
		}
	}
}
