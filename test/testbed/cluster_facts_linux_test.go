package testbed

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestClusterFacts holds docs/cluster-facts.md against the cluster.
func TestClusterFacts(t *testing.T) {
	if os.Geteuid() != 0 {
		Skip(t, "files of the node are closed to others than root")
	}
	k := Cluster(t)
	t.Run("files", clusterFiles)
	t.Run("processes", clusterProcesses)
	t.Run("listeners", func(t *testing.T) {
		for url, want := range map[string]int{
			"http://127.0.0.1:10248/healthz": http.StatusOK, "http://127.0.0.1:2381/health": http.StatusOK,
			"http://127.0.0.1:10249/configz": http.StatusOK, "http://127.0.0.1:10256/healthz": http.StatusOK,
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				continue
			}
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s: status %d, want %d", url, res.StatusCode, want)
			}
		}
	})
	t.Run("configz", func(t *testing.T) {
		var doc struct{ Kubeletconfig map[string]any }
		if err := json.Unmarshal([]byte(Kubectl(t, k.Kubeconfig, "get", "--raw", "/api/v1/nodes/"+k.Node+"/proxy/configz")), &doc); err != nil {
			t.Fatal(err)
		}
		for field, there := range map[string]bool{"eventRecordQPS": true, "rotateCertificates": true, "readOnlyPort": false, "protectKernelDefaults": false, "serverTLSBootstrap": false} {
			if _, ok := doc.Kubeletconfig[field]; ok != there {
				t.Errorf("the kubelet's %s is there: %t, want %t", field, ok, there)
			}
		}
	})
}

func clusterFiles(t *testing.T) {
	for pattern, want := range map[string]string{
		"/etc/kubernetes/manifests":                       "700",
		"/etc/kubernetes/manifests/*.yaml":                "600",
		"/etc/kubernetes/*.conf":                          "600",
		"/etc/kubernetes/pki":                             "755",
		"/etc/kubernetes/pki/*.key":                       "600",
		"/etc/kubernetes/pki/etcd/*.key":                  "600",
		"/etc/kubernetes/pki/*.crt":                       "644",
		"/var/lib/etcd":                                   "700",
		"/var/lib/kubelet":                                "700",
		"/var/lib/kubelet/config.yaml":                    "644",
		"/var/lib/kubelet/pki/kubelet-client-current.pem": "600",
		"/var/lib/kubelet/pki/kubelet.key":                "600",
		"/var/lib/kube-proxy/kubeconfig.conf":             "644",
		"/etc/cni/net.d/10-testbed.conflist":              "644",
	} {
		paths, _ := filepath.Glob(pattern) // the pattern is well formed
		if len(paths) == 0 {
			t.Errorf("there is no %s", pattern)
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil {
				t.Error(err)
				continue
			}
			owner := info.Sys().(*syscall.Stat_t)
			if got := fmt.Sprintf("%o", info.Mode().Perm()); got != want || owner.Uid != 0 || owner.Gid != 0 {
				t.Errorf("%s: mode %s, owner %d:%d; want %s and 0:0", path, got, owner.Uid, owner.Gid, want)
			}
		}
	}
}

func clusterProcesses(t *testing.T) {
	cgroups := make(map[string]string) // by first argument
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		args, _ := os.ReadFile(path) // it may have ended
		cgroup, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cgroup"))
		name, _, _ := strings.Cut(string(args), "\x00")
		cgroups[name] += string(cgroup)
	}
	for name, inPod := range map[string]bool{
		"kubelet": false, "kube-proxy": false, "containerd": false,
		"kube-apiserver": true, "kube-controller-manager": true, "kube-scheduler": true, "etcd": true,
	} {
		if cgroups[name] == "" {
			t.Errorf("there is no %s", name)
		} else if got := strings.Contains(cgroups[name], "/kubepods/burstable/pod"); got != inPod {
			t.Errorf("%s is in a pod: %t, want %t", name, got, inPod)
		}
	}
}
