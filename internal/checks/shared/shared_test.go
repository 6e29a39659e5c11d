package shared

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestUID(t *testing.T) {
	for user, want := range map[string]struct {
		uid  int64
		name string
	}{
		"": {0, ""}, "0": {0, ""}, "00": {0, ""}, "0:0": {0, ""}, "root": {0, ""}, "root:root": {0, ""}, ":10": {0, ""},
		"+0": {0, ""}, "-0": {0, ""}, "1": {1, ""}, "1000:0": {1000, ""}, "app": {0, "app"}, "app:app": {0, "app"}, "-1": {0, "-1"},
		"99999999999999999999": {0, "99999999999999999999"},
	} {
		if uid, name := UID(user); uid != want.uid || name != want.name {
			t.Errorf("UID(%q) = %d, %q; want %d, %q", user, uid, name, want.uid, want.name)
		}
	}
}

func TestSensitive(t *testing.T) {
	roots := append([]string{"/data/docker"}, SensitiveRoots...)
	for path, want := range map[string]string{
		"/": "is /", "/etc": "is /etc", "/etc/ssl": "lies under /etc", "/var": "contains /var/run", "/var/lib": "contains /var/lib/docker",
		"/data": "contains /data/docker", "/data/docker/volumes/x": "lies under /data/docker", "/data/dockerx": " ", "/etcetera": " ",
		"/srv": " ", "data": " ", "": " ", "/run/user/1000": "lies under /run", "/homes": " ",
	} {
		root, how := Sensitive(path, roots)
		if got := how + " " + root; got != want {
			t.Errorf("Sensitive(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestCapsBeyond(t *testing.T) {
	held := snapshot.CapMask("SYS_ADMIN", "CHOWN", "NET_RAW") | 1<<50
	got := CapsBeyond(held, []string{"cap_chown", " NET_RAW"})
	if want := []string{"SYS_ADMIN", "number 50"}; !slices.Equal(got, want) {
		t.Errorf("CapsBeyond = %q, want %q", got, want)
	}
	if got := CapsAmong(held, HostControl); !slices.Equal(got, []string{"SYS_ADMIN"}) {
		t.Errorf("CapsAmong = %q", got)
	}
	if got := UnknownCaps([]string{"ALL", "CHOWN", "FLY"}); !slices.Equal(got, []string{"FLY"}) {
		t.Errorf("UnknownCaps = %q", got)
	}
	if got := snapshot.CapMask(HostControl...); len(snapshot.CapList(got)) != len(HostControl) {
		t.Errorf("a name in HostControl is unknown to the snapshot")
	}
}

func TestImages(t *testing.T) {
	id := "sha256:" + strings.Repeat("ab", 32)
	for ref, want := range map[string]bool{
		id: true, id[7:]: true, id[7:19]: true, id[7:15]: false, "nginx": false, "deadbeefdead": false, "": false, "sha256:abab": true,
		"nginx@" + id: false,
	} {
		if got := IsImageID(ref, id); got != want {
			t.Errorf("IsImageID(%q) = %v", ref, got)
		}
	}
	digests := []string{"mirror.example/nginx@" + id, "nginx@" + id}
	for ref, want := range map[string]string{
		"nginx:1.25": digests[1], "docker.io/library/nginx": digests[1], "index.docker.io/nginx:1": digests[1],
		"mirror.example/nginx:2": digests[0], "other/nginx": "", "localhost:5000/nginx": "",
	} {
		if got := DigestFor(ref, digests); got != want {
			t.Errorf("DigestFor(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestRuntimeSocket(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/run": true, "/var": true, "/var/run/docker.sock": true, "/opt/podman.sock": true, "/run/user/1000": true, "/run/user": true,
		"/run/containerd": true, "/srv": false, "/run/shop": false, "docker.sock.d": false, "/srv/run": false,
	} {
		if got := RuntimeSocket(path); got != want {
			t.Errorf("RuntimeSocket(%q) = %v", path, got)
		}
	}
}

func TestApproved(t *testing.T) {
	for ref, want := range map[string]bool{
		"nginx": true, "library/nginx:1": true, "docker.io/other/nginx": false, "registry.example/shop/web": true, "registry.example/shopping/web": false,
		"registry.example.evil/shop/web": false, "REGISTRY.example/shop/web": true,
	} {
		if got := Approved(Repository(snapshot.ParseReference(ref)), []string{"docker.io/library", "registry.example/shop/*"}); got != want {
			t.Errorf("Approved(%q) = %v", ref, got)
		}
	}
}
