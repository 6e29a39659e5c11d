package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"

	"plimsoll/test/testbed"
)

// suite is a small suite with every unit in it.
func suite() []*check.Check {
	return []*check.Check{
		{ID: "container-memory-limit", Subject: snapshot.KindContainer, Refs: check.CIS(1, "5.10", "5.11", "")},
		{ID: "container-no-host-network", Subject: snapshot.KindContainer, Refs: check.CIS(1, "5.9", "5.10", "")},
		{ID: "container-only-needed-ports", Subject: snapshot.KindContainer, Refs: check.CIS(1, "5.8", "", ""), Params: []check.Param{
			{Name: "allowed_ports", Unit: "list", Meaning: "container and port pairs that are needed", Question: true},
		}},
		{ID: "container-healthcheck-runtime", Subject: snapshot.KindContainer, Refs: check.CIS(1, "5.26", "", "")},
		{ID: "daemon-rootless", Subject: snapshot.KindEngine, Refs: check.CIS(1, "2.1", "", "")},
		{ID: "daemon-default-ulimits", Subject: snapshot.KindEngine, Refs: check.CIS(1, "2.8", "", ""), Params: []check.Param{
			{Name: "max_nofile", Unit: "count", Default: []string{"1048576"}, Meaning: "hard limit of open files"},
			{Name: "max_locked", Unit: "bytes", Default: []string{"65536"}, Meaning: "hard limit of locked memory"},
		}},
		{ID: "image-release-tags", Subject: snapshot.KindImage, Params: []check.Param{
			{Name: "release_tags", Unit: "patterns", Default: []string{"v*"}, Meaning: "tags that count as releases"},
			{Name: "production_selector", Unit: "selector", Default: []string{"*"}, Meaning: "images that count as production"},
			{Name: "max_age", Unit: "days", Default: []string{"90"}, Meaning: "oldest image"},
			{Name: "max_used", Unit: "percent", Default: []string{"80"}, Meaning: "share in use"},
			{Name: "chance", Unit: "fraction", Default: []string{"0.02"}, Meaning: "share of requests"},
			{Name: "min_severity", Unit: "severity", Default: []string{"high"}, Meaning: "lowest finding that fails"},
			{Name: "needed", Unit: "bool", Default: []string{"false"}, Meaning: "whether it is wanted"},
		}},
		{ID: "file-cert-mode", Subject: snapshot.KindHostFile, Refs: check.CIS(1, "3.13", "", "")},
		{ID: "file-key-mode", Subject: snapshot.KindHostFile, Refs: check.CIS(1, "3.13", "", "")},
	}
}

var threats = []string{"DKR-HOST-D-01", "DKR-REG-S-02"}

// today is the day on which the tests read their files.
var today = time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if f, err := Find(dir); err != nil || f.Policy != nil || f.Waivers != nil {
		t.Errorf("in an empty directory: %+v, %v", f, err)
	}
	write(t, dir, PolicyFile, "a")
	write(t, dir, WaiversFile, "b")
	f, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if string(f.Policy.Data) != "a" || string(f.Waivers.Data) != "b" || f.Waivers.Path != filepath.Join(dir, WaiversFile) {
		t.Errorf("got %+v", f)
	}
}

func TestFindUnreadable(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"directory": {func(t *testing.T, dir string) { write(t, dir, PolicyFile+"/x", "") }, "is no regular file"},
		"pipe":      {func(t *testing.T, dir string) { must(t, syscall.Mkfifo(filepath.Join(dir, PolicyFile), 0o600)) }, "is no regular file"},
		"dangling":  {func(t *testing.T, dir string) { must(t, os.Symlink("nowhere", filepath.Join(dir, PolicyFile))) }, "leads nowhere"},
		"parent":    {func(t *testing.T, dir string) { write(t, dir, ".plimsoll", "") }, "cannot be read: not a directory"},
		"too large": {func(t *testing.T, dir string) { write(t, dir, PolicyFile, strings.Repeat(" ", limits.Bytes+1)) }, "is larger than 1048576 bytes"},
		"loop":      {func(t *testing.T, dir string) { must(t, os.Symlink(PolicyFile, filepath.Join(dir, PolicyFile))) }, "cannot be read: too many levels"},
		"no permission": {func(t *testing.T, dir string) {
			write(t, dir, PolicyFile, "")
			must(t, os.Chmod(filepath.Join(dir, PolicyFile), 0))
		}, "cannot be read: permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tt.prepare(t, dir)
			var err error
			find := func() { _, err = Find(dir) }
			if name == "no permission" {
				must(t, os.Chmod(filepath.Dir(dir), 0o755)) // the folder itself must be reachable
				must(t, os.Chmod(dir, 0o755))
				testbed.WithoutRights(find)
			} else {
				find()
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), dir) {
				t.Errorf("error %v (%T), want %s", err, err, tt.want)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDigest(t *testing.T) {
	if got := Digest([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}

func TestCheckDefaults(t *testing.T) {
	if err := CheckDefaults(suite()); err != nil {
		t.Error(err)
	}
	bad := []*check.Check{{ID: "a-b", Params: []check.Param{
		{Name: "x", Unit: "furlongs"},
		{Name: "y", Unit: "days", Default: []string{"soon"}},
		{Name: "z", Unit: "count"},
	}}}
	err := CheckDefaults(bad)
	for _, want := range []string{`a-b.x: the unit "furlongs"`, `a-b.y: default "soon"`, "a-b.z: a default of unit count is one value"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
}
