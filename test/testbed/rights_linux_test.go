package testbed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWithoutRights(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	shut, open := filepath.Join(dir, "shut"), filepath.Join(dir, "open")
	for name, mode := range map[string]os.FileMode{shut: 0, open: 0o644} {
		if err := os.WriteFile(name, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	WithoutRights(func() {
		if _, err := os.ReadFile(shut); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("read a file of mode 0: %v, want permission denied", err)
		}
		if _, err := os.ReadFile(open); err != nil {
			t.Errorf("read a file of mode 0644: %v", err)
		}
	})
	if os.Geteuid() != 0 {
		return
	}
	if _, err := os.ReadFile(shut); err != nil {
		t.Errorf("root did not get its rights back: %v", err)
	}
}
