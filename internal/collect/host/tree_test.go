package host

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestFind(t *testing.T) {
	m := fake(t, map[string]string{
		"run/docker.sock": "x", "var/run": "-> /run", "loop": "-> loop", "a": "-> /b", "b": "-> a",
		"out": "-> ../../../../etc", "etc/hostname": "inner", "deep": "-> out/../run/./docker.sock", "void": "-> /nowhere",
	})
	for _, tt := range []struct {
		path, real string
		chain      []string
		err        error
	}{
		{"/run/docker.sock", "/run/docker.sock", nil, nil},
		{"/var/run/docker.sock", "/run/docker.sock", []string{"/var/run"}, nil},
		{"/../..//run/../run/docker.sock", "/run/docker.sock", nil, nil},
		{"/out/hostname", "/etc/hostname", []string{"/out"}, nil},
		{"/deep", "/run/docker.sock", []string{"/deep", "/out"}, nil},
		{"/", "/", nil, nil},
		{"/loop", "", nil, syscall.ELOOP},
		{"/a/x", "", nil, syscall.ELOOP},
		{"/void", "", nil, os.ErrNotExist},
		{"/run/docker.sock/x", "", nil, syscall.ENOTDIR},
	} {
		p, err := m.find(tt.path)
		if !errors.Is(err, tt.err) || tt.err == nil && (p.real != tt.real || !slices.Equal(p.chain, tt.chain)) {
			t.Errorf("find(%s) = %q %q, %v; want %q %q, %v", tt.path, p.real, p.chain, err, tt.real, tt.chain, tt.err)
		}
	}
	for _, bad := range []string{"", "relative", "/" + strings.Repeat("x", maxPath)} {
		if _, err := m.find(bad); err == nil {
			t.Errorf("find(%.20q) succeeded", bad)
		}
	}
	if s, err := m.line("/out/hostname"); s != "inner" {
		t.Errorf("a link left the root: %q, %v", s, err)
	}
	if r := m.Resolve("/void"); r.State != snapshot.Absent {
		t.Errorf("Resolve of a dangling link: %+v", r)
	}
}

func TestReadRefuses(t *testing.T) {
	m := fake(t, map[string]string{"big": strings.Repeat("x", 11), "dir/": ""})
	if _, err := m.read("/big", 10); !errors.Is(err, errTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if b, err := m.read("/big", 11); len(b) != 11 {
		t.Errorf("at the bound: %v", err)
	}
	if _, err := m.read("/dir", 10); !errors.Is(err, errNotFile) {
		t.Errorf("a directory: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(m.root, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.read("/fifo", 10); !errors.Is(err, errNotFile) {
		t.Errorf("a FIFO: %v", err)
	}
}

func TestText(t *testing.T) {
	long := strings.Repeat("é", 600)
	for in, want := range map[string]string{"a": "a", "\xff\xfe": "\uFFFD", long: long[:1024]} {
		if got := text(in); got != want {
			t.Errorf("text(%.10q) = %.10q", in, got)
		}
	}
	if got := text("x" + long); len(got) > 1024 || !strings.HasPrefix(long, got[1:]) {
		t.Error("text cut inside a letter")
	}
}
