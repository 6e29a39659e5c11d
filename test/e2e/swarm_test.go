package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestSwarm makes a swarm of one node: its tasks are judged by the policy of
// their service, and changed only there.
func TestSwarm(t *testing.T) {
	bed := testbed.Private(t)
	bed.Post("/swarm/init", object{"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"}, nil)
	t.Cleanup(func() { leave(t, bed) })
	serve(bed, "bounded", object{"RestartPolicy": object{"Condition": "on-failure", "MaxAttempts": 3}}, nil)
	serve(bed, "endless", object{}, []string{"DB_PASSWORD=" + canary})
	bed.Post("/networks/create", object{"Name": "plain", "Driver": "overlay"}, nil)
	awaitTasks(t, bed, 2)

	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=" + bed.Address()}
	state := t.TempDir()
	res := u.Want(t, 0, "assess", "docker", "--format", "json", "--state", state)
	silent(t, res)
	if strings.Contains(res.Out, "SWMTKN") {
		t.Error("a join token is in the result")
	}
	r := decoded(t, res)
	for _, v := range []struct{ check, key, status string }{
		{"swarm-mode-not-enabled", "swarm", "fail"},
		{"swarm-manager-quorum", "swarm", "fail"},
		{"swarm-control-plane-bound", "swarm", "pass"},
		{"swarm-data-path-separated", "swarm", "fail"},
		{"swarm-node-cert-expiry", "swarm", "pass"},
		{"swarm-ca-rotated", "swarm", "pass"},
		{"swarm-autolock", "swarm", "fail"},
		{"swarm-autolock-key-rotated", "swarm", "not-applicable"},
		{"swarm-join-token-rotated", "swarm", "manual"},
		{"swarm-secrets-used", "swarm", "fail"},
		{"swarm-overlay-encrypted", "network/plain", "fail"},
		{"daemon-live-restore", "engine", "not-applicable"},
		{"daemon-tcp-requires-mutual-tls", "engine", "pass"},
		{"container-restart-policy-bounded", "swarm/bounded/1", "pass"},
		{"container-restart-policy-bounded", "swarm/endless/1", "fail"},
	} {
		want(t, r, v.check, v.key, v.status, false)
	}
	res = u.Run(t, "harden", "container-restart-policy-bounded", "--target", "docker", "--state", state)
	if advice := "docker service update --restart-condition on-failure --restart-max-attempts 5 --restart-window 0s endless"; !strings.Contains(strings.Join(strings.Fields(res.Out+res.Err), " "), advice) {
		t.Errorf("harden does not say %q: %v", advice, res)
	}
}

// leave ends the swarm and removes the bridge that it leaves on the machine.
func leave(t *testing.T, bed *testbed.Bed) {
	ctx := context.WithoutCancel(t.Context())
	for _, c := range []struct{ method, path string }{
		{http.MethodPost, "/swarm/leave?force=1"}, {http.MethodDelete, "/networks/docker_gwbridge"},
	} {
		if _, err := bed.Call(ctx, c.method, c.path, nil); err != nil {
			t.Log(err)
		}
	}
}

// serve makes a service of one task.
func serve(bed *testbed.Bed, name string, task object, env []string) {
	task["ContainerSpec"] = object{"Image": testbed.Image, "Args": []string{"sleep", "1000"}, "Env": env, "StopGracePeriod": 1}
	bed.Post("/services/create", object{"Name": name, "TaskTemplate": task, "Mode": object{"Replicated": object{"Replicas": 1}}}, nil)
}

// awaitTasks returns when so many containers run.
func awaitTasks(t *testing.T, bed *testbed.Bed, n int) {
	t.Helper()
	var rows []json.RawMessage
	for range 300 {
		bed.Get("/containers/json", &rows)
		if len(rows) >= n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%d of %d tasks run", len(rows), n)
}
