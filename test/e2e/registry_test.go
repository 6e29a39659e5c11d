package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestRegistry assesses real registries, open and closed, and looks for the
// secrets of their configuration in all that is said.
func TestRegistry(t *testing.T) {
	u := program.New(t)
	login(t, u)
	closed := testbed.StartRegistry(t, testbed.RegistryOptions{
		TLS: true, Htpasswd: "ada:$2y$05$" + canary + "\n", Env: []string{"REGISTRY_HTTP_SECRET=" + canary},
		More: "notifications:\n  endpoints:\n    - {name: a, url: 'https://me:" + canary + "@events.example', headers: {Authorization: [Bearer " + canary + "]}}\n",
	})
	open := testbed.StartRegistry(t, testbed.RegistryOptions{Delete: true, Debug: "127.0.0.1:0"})
	for address, expected := range map[string]map[string]string{
		closed.Address: {
			"registry-tls": "fail", "registry-authentication": "pass", "registry-anonymous-push": "pass", "registry-catalog-restricted": "pass", "registry-delete-disabled": "pass",
			"registry-http-secret": "pass", "registry-notifications-audit": "pass", "registry-storage-acl-private": "pass", "registry-debug-endpoint": "pass", "registry-storage-integrity": "unknown",
		},
		open.Address: {
			"registry-tls": "fail", "registry-authentication": "fail", "registry-anonymous-push": "fail", "registry-anonymous-pull": "fail", "registry-catalog-restricted": "fail",
			"registry-delete-disabled": "fail", "registry-tag-immutability": "fail", "registry-http-secret": "fail", "registry-debug-endpoint": "pass",
		},
	} {
		silent(t, u.Want(t, 0, "assess", "registry:"+address))
		silent(t, u.Want(t, 0, "collect", "registry:"+address))
		r := u.Want(t, 0, "assess", "registry:"+address, "--format", "json", "--probe")
		silent(t, r)
		result := decoded(t, r)
		for check, status := range expected {
			want(t, result, check, "registry", status, false)
		}
	}
	silent(t, u.Want(t, 4, "assess", "registry:127.0.0.1:1"))
	silent(t, u.Want(t, 2, "assess", "registry:https://me:"+canary+"@127.0.0.1"))
	silent(t, u.Want(t, 2, "assess", "host", "--probe"))
}

// TestInterruptedProbe stops the program by SIGINT right after it said that it
// pushes: no image may stay.
func TestInterruptedProbe(t *testing.T) {
	u := program.New(t)
	r := testbed.StartRegistry(t, testbed.RegistryOptions{Delete: true})
	cmd := exec.Command(os.Getenv("PLIMSOLL_TEST_BINARY"), "collect", "--probe", "registry:"+r.Address)
	cmd.Env = []string{"HOME=" + u.Home}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := said.Read(buf)
		text.Write(buf[:n])
		if strings.Contains(text.String(), "pushes an image") {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			break
		}
		if err != nil {
			t.Fatalf("it pushed nothing: %s", text.String())
		}
	}
	for err == nil {
		_, err = said.Read(buf)
	}
	cmd.Wait()
	links, err := filepath.Glob(r.Storage + "/docker/registry/v2/repositories/*/_manifests/revisions/sha256/*/link")
	if err != nil || len(links) > 0 {
		t.Errorf("manifests are left: %v %v", links, err)
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + r.Address + "/v2/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
