package oracle

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// fixture is one pod that the standards' own tests expect to be let in or turned
// away, at a level and version.
type fixture struct {
	level, version string
	pass           bool
	name           string
	pod            int // position among the distinct pods
}

// fixtures reads the pods that k8s.io/pod-security-admission tests itself with.
func fixtures(t *testing.T) (pods []*corev1.Pod, all []fixture) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
	at := make(map[string]int)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".yaml" {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		parts := strings.Split(filepath.ToSlash(rel), "/")
		if len(parts) != 4 {
			return errors.New(rel + " is not LEVEL/VERSION/pass|fail/NAME.yaml")
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		pod := new(corev1.Pod)
		if err := yaml.UnmarshalStrict(b, pod); err != nil {
			return err
		}
		pod.Name = ""
		key, err := json.Marshal(pod)
		if err != nil {
			return err
		}
		i, seen := at[string(key)]
		if !seen {
			i = len(pods)
			at[string(key)] = i
			pods = append(pods, pod)
		}
		all = append(all, fixture{parts[0], parts[1], parts[2] == "pass", parts[3], i})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 1000 {
		t.Fatalf("found %d fixtures below %s", len(all), root)
	}
	return pods, all
}
