package node

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// TestRealNode holds what is collected on a node of a real cluster against what
// the kernel, the files and the kubelet itself say.
func TestRealNode(t *testing.T) {
	k := testbed.Cluster(t)
	if os.Getuid() != 0 {
		testbed.Skip(t, "a node is looked at as root")
	}
	s, err := Collect(t.Context(), host.Open(""), time.Now())
	if err != nil || s == nil {
		t.Fatal(err, s)
	}
	if n := s.NodeHosts[0]; n.Name != k.Node || !n.ControlPlane || n.Distribution != "kubeadm" {
		t.Errorf("the node is %+v", n)
	}
	for _, name := range []string{snapshot.APIServer, snapshot.Etcd, snapshot.ControllerManager, snapshot.Scheduler, snapshot.Kubelet, snapshot.KubeProxy} {
		i := slices.IndexFunc(s.Components, func(c snapshot.Component) bool { return c.Name == name })
		if i < 0 || s.Components[i].Source != snapshot.FromProcess {
			t.Errorf("%s was not found by its process", name)
			continue
		}
		asStarted(t, &s.Components[i], k.Version)
	}
	asFiles(t, s)
	t.Run("configz", func(t *testing.T) { asKubelet(t, s, k) })
	t.Run("secrets", func(t *testing.T) { noSecrets(t, s) })
}

// asStarted compares flags with the command line and version with the cluster's.
func asStarted(t *testing.T, c *snapshot.Component, version string) {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(c.PID) + "/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for arg := range strings.SplitSeq(strings.TrimSuffix(string(b), "\x00"), "\x00") {
		name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !ok {
			continue
		}
		i := slices.IndexFunc(c.Flags.V, func(f snapshot.ComponentFlag) bool { return f.Name == name && (f.Value == value || f.Hidden != nil) })
		if i < 0 {
			t.Errorf("%s: %s is missing", c.Name, arg)
		}
	}
	if c.Name != snapshot.Etcd && kubeflag.Minor(c.Version) != kubeflag.Minor(version) {
		t.Errorf("%s is %s, the cluster %s", c.Name, c.Version, version)
	}
}

func asFiles(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	for i := range s.Files {
		f := &s.Files[i]
		info, err := os.Stat(f.Path)
		if os.IsNotExist(err) {
			if f.State != snapshot.Absent {
				t.Errorf("%s is %v and does not exist", f.Path, f.State)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := uint32(info.Mode().Perm()); f.Mode&0o777 != want {
			t.Errorf("%s: mode %o, want %o", f.Path, f.Mode, want)
		}
	}
	for _, must := range []snapshot.FileRole{snapshot.RoleAPIServerManifest, snapshot.RoleEtcdData, snapshot.RoleAdminKubeconfig, snapshot.RolePKIKey, snapshot.RoleCNIConf, snapshot.RoleKubeletConfig, snapshot.RoleProxyConf, snapshot.RoleNodeSocket} {
		if !slices.ContainsFunc(s.Files, func(f snapshot.File) bool { return f.Is(must) && f.State == snapshot.Observed }) {
			t.Errorf("no file of the role %s was seen", must)
		}
	}
}

// asKubelet compares the merged configuration with the kubelet's own answer.
func asKubelet(t *testing.T, s *snapshot.Snapshot, k testbed.Kube) {
	answer := testbed.Kubectl(t, k.Kubeconfig, "get", "--raw", "/api/v1/nodes/"+k.Node+"/proxy/configz")
	live, ok := Configz([]byte(answer))
	if !ok || len(live) < 20 {
		t.Fatalf("the answer was not understood: %d fields", len(live))
	}
	i := slices.IndexFunc(s.Components, func(c snapshot.Component) bool { return c.Name == snapshot.Kubelet })
	merged := s.Components[i].Kubelet.Merged
	if !merged.Known() {
		t.Fatal(merged.State, merged.Reason)
	}
	for _, l := range live {
		m, _ := snapshot.FieldOf(merged.V, l.Key)
		made := strings.HasPrefix(l.Value, "/var/lib/kubelet/pki/kubelet.") // the kubelet names the pair that it made itself
		if m.Value != l.Value && (m.Value != "" || !made) {
			t.Errorf("%s: merged %q from %q, the kubelet says %q", l.Key, m.Value, m.Source, l.Value)
		}
	}
}

var keyData = regexp.MustCompile(`(?:client-key-data|token): (\S+)`)

// noSecrets looks for the node's keys and tokens in what was collected.
func noSecrets(t *testing.T, s *snapshot.Snapshot) {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	never := func(what, secret string) {
		if len(secret) < 16 {
			return
		}
		looked++
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s is in the snapshot", what)
		}
	}
	for _, pattern := range []string{"/etc/kubernetes/pki/*.key", "/etc/kubernetes/pki/etcd/*.key"} {
		keys, _ := filepath.Glob(pattern)
		for _, f := range keys {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if block, _ := pem.Decode(raw); block != nil {
				never(f, base64.StdEncoding.EncodeToString(block.Bytes)[40:80])
			}
		}
	}
	confs, _ := filepath.Glob("/etc/kubernetes/*.conf")
	for _, f := range confs {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyData.FindAllSubmatch(raw, -1) {
			never(f, string(m[1][:min(len(m[1]), 60)]))
		}
	}
	if looked < 8 {
		t.Errorf("only %d secrets were found to look for", looked)
	}
}
