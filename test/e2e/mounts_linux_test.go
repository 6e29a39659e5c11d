package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"plimsoll/test/testbed"
)

// TestMountsBehindMounts binds sensitive places of the host where a harmless path
// shows them: below it, onto it, and behind a volume with a device.
func TestMountsBehindMounts(t *testing.T) {
	bed := testbed.Private(t)
	dir := t.TempDir()
	socket := strings.TrimPrefix(bed.Address(), "unix://")
	for at, what := range map[string]string{"sap/bm": "/etc", "onto": "/etc", "sock/mine": socket} {
		at = filepath.Join(dir, at)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if what == socket {
			write(t, filepath.Dir(at), filepath.Base(at), nil)
		} else if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount(what, at, "", syscall.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	if err := os.Symlink("/run", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	volume := func(name, device string) {
		bed.Post("/volumes/create", object{"Name": name, "Driver": "local", "DriverOpts": object{"type": "none", "o": "bind", "device": device}}, nil)
		t.Cleanup(func() { _, _ = bed.Call(t.Context(), "DELETE", "/volumes/"+name+"?force=1", nil) }) // the engine's folder goes anyway
	}
	volume("conf", "/etc")
	volume("linked", filepath.Join(dir, "link"))
	const sensitive, apiSocket, readOnly = "container-no-sensitive-host-mounts", "container-no-docker-socket", "container-bind-mounts-read-only"
	all := []specimen{
		{"below", false, host(object{"Binds": []string{dir + "/sap:/x"}}), []verdict{{sensitive, "fail"}, {apiSocket, "pass"}}},
		{"onto", false, host(object{"Binds": []string{dir + "/onto:/x"}}), []verdict{{sensitive, "fail"}}},
		{"socket-below", true, host(object{"Binds": []string{dir + "/sock:/x"}}), []verdict{{apiSocket, "fail"}}},
		{"volume", true, host(object{"Binds": []string{"conf:/v"}}), []verdict{{sensitive, "fail"}, {readOnly, "fail"}}},
		{"volume-by-link", true, host(object{"Binds": []string{"linked:/v"}}), []verdict{{sensitive, "fail"}}},
		{"var", true, host(object{"Binds": []string{"/var:/hv"}}), []verdict{{apiSocket, "pass"}}},
		{"harmless", false, host(object{"Binds": []string{dir + "/none:/x:ro"}}), []verdict{{sensitive, "pass"}, {apiSocket, "pass"}, {readOnly, "pass"}}},
	}
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		populate(bed, s)
	}
	r := assess(t, bed, "docker")
	for _, s := range all {
		for _, v := range s.verdicts {
			want(t, r, v.check, "name/"+bed.Name(s.name), v.status, s.stopped)
		}
	}
}
