package compose_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/collect/files"
	"plimsoll/internal/harden"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// keysOf are the keys of a service that each measure may change, as the library
// reads them.
var keysOf = map[string][]string{
	"container-memory-limit":           {"mem_limit", "deploy"},
	"container-swap-limit":             {"memswap_limit"},
	"container-pids-limit":             {"pids_limit", "deploy"},
	"container-cpu-shares":             {"cpu_shares"},
	"container-restart-policy-bounded": {"restart", "deploy"},
	"container-no-new-privileges":      {"security_opt"},
	"container-readonly-rootfs":        {"read_only"},
	"container-net-raw-dropped":        {"cap_drop"},
	"container-not-privileged":         {"privileged"},
}

var given = &policy.Policy{Params: map[string]map[string][]string{
	"container-memory-limit": {"limit": {"268435456"}}, "container-pids-limit": {"limit": {"200"}},
}}

// TestEditedByTheLibrary makes every measure on every file of a corpus and holds
// the result against the library alone: nothing but the keys of the measure, of
// the services it is for, may change, and no line of comment. CORPUS names a
// folder to try in the place of the bundled one.
func TestEditedByTheLibrary(t *testing.T) {
	dir := os.Getenv("CORPUS")
	if dir == "" {
		dir = unpack(t, "testdata/corpus.txtar")
	}
	var n counts
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), "compose") || !files.Judged(d.Name()) || !strings.HasSuffix(p, "ml") {
			return err
		}
		n.files++
		tryFile(t, p, &n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, of which %d were not understood; %d steps: %d edited (%d lines added, %d replaced), %d refused: %v",
		n.files, n.broken, n.edited+n.refused, n.edited, n.added, n.replaced, n.refused, n.why)
	if n.edited == 0 || n.files == n.broken {
		t.Error("nothing was edited")
	}
}

type counts struct {
	files, broken, edited, refused, added, replaced int
	why                                             map[string]int
}

func unpack(t *testing.T, archive string) string {
	t.Helper()
	ar, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range ar.Files {
		p := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readAs(ctx context.Context, root string, instead map[string][]byte) (*snapshot.Snapshot, error) {
	return files.Collect(ctx, files.Options{Path: root, Taken: time.Unix(0, 0).UTC(), Instead: instead})
}

func tryFile(t *testing.T, file string, n *counts) {
	t.Helper()
	s, err := readAs(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	was, ok := library(t, file, nil)
	if !ok {
		n.broken++
		t.Log("not taken by the library: " + file)
		return
	}
	in := check.Inputs{Index: snapshot.NewIndex(s), Policy: given, Now: time.Unix(0, 0).UTC()}
	var findings []check.Finding
	for _, c := range docker.Suite {
		findings = append(findings, check.RunOne(c, in)...)
	}
	measures, err := plan.Measures(docker.Suite, in, findings, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range measures {
		for _, st := range m.Steps {
			tryStep(t, file, was, m, st, n)
		}
	}
}

func tryStep(t *testing.T, file string, was map[string]map[string]any, m step.Measure, st step.Step, n *counts) {
	t.Helper()
	verdicts, diffs, err := harden.PreviewFiles(t.Context(), harden.Options{Folder: file, Files: readAs}, []step.Step{st})
	if err != nil {
		t.Fatal(err)
	}
	if why := verdicts[0].Refused; why != "" {
		n.refused++
		if n.why == nil {
			n.why = make(map[string]int)
		}
		_, why, _ = strings.Cut(why, ": ")
		n.why[why[:min(60, len(why))]]++
		return
	}
	n.edited++
	for _, d := range diffs {
		full := filepath.Join(filepath.Dir(file), filepath.FromSlash(d.Path))
		is, ok := library(t, file, map[string][]byte{full: d.After})
		if !ok {
			t.Errorf("%s: %s of %s: the library no longer takes it:\n%s", file, m.ID, st.Target.Key, d.After)
			continue
		}
		if off := changedKeys(was, is, st.Target.Name, keysOf[m.ID]); len(off) > 0 {
			t.Errorf("%s: %s of %s changed %v", file, m.ID, st.Target.Key, off)
		}
		if a, b := comments(d.Before), comments(d.After); !slices.Equal(a, b) {
			t.Errorf("%s: %s of %s changed comments: %q, were %q", file, m.ID, st.Target.Key, b, a)
		}
		gone := missing(d.Before, d.After)
		n.replaced += gone
		n.added += bytes.Count(d.After, []byte("\n")) - bytes.Count(d.Before, []byte("\n"))
		if gone > 2 {
			t.Errorf("%s: %s of %s touched %d lines", file, m.ID, st.Target.Key, gone)
		}
	}
}

// library reads the services of a file with the library alone.
func library(t *testing.T, file string, instead map[string][]byte) (map[string]map[string]any, bool) {
	t.Helper()
	content := instead[file]
	if content == nil {
		var err error
		if content, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: filepath.Dir(file), ConfigFiles: []types.ConfigFile{{Filename: file, Content: content}}, Environment: types.Mapping{},
	}, func(o *loader.Options) {
		o.SetProjectName("x", true)
		o.SkipResolveEnvironment, o.SkipConsistencyCheck = true, true
		o.Profiles = []string{"*"}
	})
	if err != nil {
		return nil, false
	}
	b, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]map[string]any)
	services, _ := doc["services"].(map[string]any)
	for name, svc := range services {
		out[name], _ = svc.(map[string]any)
	}
	delete(doc, "services")
	out[""] = doc // what is beside the services
	return out, true
}

// changedKeys lists what differs but for the keys of one service.
func changedKeys(was, is map[string]map[string]any, service string, may []string) []string {
	var off []string
	for _, name := range slices.Concat(sortedNames(was), sortedNames(is)) {
		for _, key := range slices.Concat(sortedNames(was[name]), sortedNames(is[name])) {
			if (name != service || !slices.Contains(may, key)) && !reflect.DeepEqual(was[name][key], is[name][key]) {
				off = append(off, path.Join(name, key))
			}
		}
	}
	return slices.Compact(off)
}

func sortedNames[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// comments lists what begins with a number sign on its line.
func comments(doc []byte) []string {
	var out []string
	for line := range strings.Lines(string(doc)) {
		if i := strings.Index(line, "#"); i >= 0 {
			out = append(out, line[i:])
		}
	}
	return out
}

// missing counts the lines of a between those that both begin and end with.
func missing(a, b []byte) int {
	was, is := strings.SplitAfter(string(a), "\n"), strings.SplitAfter(string(b), "\n")
	for len(was) > 0 && len(is) > 0 && was[0] == is[0] {
		was, is = was[1:], is[1:]
	}
	for len(was) > 0 && len(is) > 0 && was[len(was)-1] == is[len(is)-1] {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	return len(was)
}
