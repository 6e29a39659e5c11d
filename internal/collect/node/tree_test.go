package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/golden"
	"plimsoll/internal/snapshot"
)

var taken = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// machine builds a machine from a recorded tree. The member processes has a line
// for each process: its number, how deep in PID namespaces it is, and its
// arguments. A process deeper than 1 sees the same files through its own root.
func machine(t *testing.T, ar *txtar.Archive) *host.Machine {
	t.Helper()
	root := t.TempDir()
	put := func(name, content string) {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(content, "-> "); link {
			err = os.Symlink(strings.TrimSpace(to), at)
		} else {
			err = os.WriteFile(at, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("proc/stat", "cpu 1 2\nbtime 1700000000\n")
	put("proc/self/uid_map", "0 0 4294967295\n")
	put("proc/self/gid_map", "0 0 4294967295\n")
	put("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
	put("proc/1/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
	put("etc/hostname", "Node-7\n")
	namespaces := func(pid string, n int) {
		for _, k := range []string{"net", "pid", "ipc", "uts", "user", "mnt"} {
			put("proc/"+pid+"/ns/"+k, fmt.Sprintf("-> %s:[%d]", k, n))
		}
	}
	namespaces("1", 100)
	namespaces("self", 100)
	for _, f := range ar.Files {
		if f.Name != "processes" {
			if !strings.HasSuffix(f.Name, ".want") {
				put(f.Name, string(f.Data))
			}
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			w := strings.Fields(line)
			if len(w) < 3 {
				continue
			}
			pid, depth := w[0], w[1]
			dir := "proc/" + pid + "/"
			put(dir+"cmdline", strings.Join(w[2:], "\x00")+"\x00")
			put(dir+"stat", pid+" (a) S 7 "+strings.Repeat("0 ", 17)+"4200 0 0\n")
			ids := pid
			if depth != "1" {
				ids += " 1"
			}
			put(dir+"status", "Name:\tx\nGroups:\t\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nNSpid:\t"+ids+"\nCapEff:\t0\nCapBnd:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n")
			group := "/system.slice/x.service"
			if depth != "1" {
				group = "/kubepods/pod1"
			}
			put(dir+"cgroup", "0::"+group+"\n")
			put(dir+"mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
			n := 100
			if depth != "1" {
				n = 200
				put(dir+"root", "-> ../..")
			}
			namespaces(pid, n)
		}
	}
	return host.Open(root)
}

// TestDistributions holds what is found on recorded machines against what each
// distribution's paths and processes say.
func TestDistributions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Collect(context.Background(), machine(t, ar), taken)
			if err != nil {
				t.Fatal(err)
			}
			got := summary(s)
			for i := range ar.Files {
				if ar.Files[i].Name != "summary.want" {
					continue
				}
				if golden.Updating() {
					ar.Files[i].Data = []byte(got)
					golden.Write(t, file, txtar.Format(ar))
				} else if want := string(ar.Files[i].Data); want != got {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			}
			if s == nil {
				return
			}
			whole := &snapshot.Snapshot{Taken: taken, Scopes: []snapshot.Scope{{ID: s.Scopes[0].Host, Kind: snapshot.ScopeHost}}}
			whole.Scopes = append(whole.Scopes, s.Scopes...)
			whole.NodeHosts, whole.Components, whole.Files, whole.Certificates, whole.Kubeconfigs, whole.Parts = s.NodeHosts, s.Components, s.Files, s.Certificates, s.Kubeconfigs, s.Parts
			if err := whole.Validate(); err != nil {
				t.Error(err)
			}
			if err := whole.Seal(); err != nil {
				t.Error(err)
			}
			var b bytes.Buffer
			if err := snapshot.Encode(&b, whole); err != nil {
				t.Fatal(err)
			}
			if i := strings.Index(b.String(), "CANARY"); i >= 0 {
				t.Errorf("a secret entered the snapshot: ...%s", b.String()[max(0, i-200):i+20])
			}
		})
	}
}

// summary is what a person would want to know of a collection.
func summary(s *snapshot.Snapshot) string {
	if s == nil {
		return "no node\n"
	}
	var b strings.Builder
	for _, n := range s.NodeHosts {
		fmt.Fprintf(&b, "node %s: %s, control plane %v, managed %v, store %q, static pods %v\n", n.Name, n.Distribution, n.ControlPlane, n.Managed, n.Store, n.Static.V)
	}
	for i := range s.Components {
		c := &s.Components[i]
		fmt.Fprintf(&b, "%s by %s %s%s %s\n", c.Name, c.Source, c.Manifest, c.Within, c.Version)
		for _, f := range c.Flags.V {
			if f.Hidden != nil {
				fmt.Fprintf(&b, "  --%s is hidden: %s\n", f.Name, f.Hidden.Shape)
			}
		}
		for _, f := range c.Named {
			fmt.Fprintf(&b, "  %s %s %v at %q\n", f.By, f.Path, f.State, f.At)
		}
		for _, f := range c.Config.V {
			fmt.Fprintf(&b, "  %s = %s\n", f.Key, f.Value)
		}
		if k := c.Kubelet; k != nil {
			fmt.Fprintf(&b, "  merged %v %s\n", k.Merged.State, k.Merged.Reason)
			for _, f := range k.Merged.V {
				if f.Source != "default" {
					fmt.Fprintf(&b, "  %s = %s by %s\n", f.Key, f.Value, f.Source)
				}
			}
		}
		if c.API != nil {
			j, err := json.Marshal(c.API)
			fmt.Fprintf(&b, "  %s %v\n", j, err)
		}
	}
	for _, f := range s.Files {
		fmt.Fprintf(&b, "file %s %s %v %v\n", f.Path, f.Role, f.Also, f.State)
	}
	for _, k := range s.Kubeconfigs {
		fmt.Fprintf(&b, "kubeconfig %s %v %v %v\n", k.Path, k.State, k.Servers, k.Users)
	}
	for _, p := range s.Parts {
		fmt.Fprintf(&b, "part %s %v %s %s\n", p.Part, p.State, p.Reason, p.Detail)
	}
	return b.String()
}
