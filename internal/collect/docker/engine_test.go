package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// realEngine connects to the engine of this machine or skips the test.
func realEngine(t *testing.T) *dockerapi.Client {
	t.Helper()
	testbed.Engine(t)
	return connect(t, testbed.Socket)
}

func connect(t *testing.T, socket string) *dockerapi.Client {
	t.Helper()
	c, err := dockerapi.Connect(t.Context(), dockerapi.SocketEndpoint(socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestRealEngineIsReadAtTheFloor(t *testing.T) { readAtTheFloor(t, realEngine(t)) }

// TestCurrentEngineIsReadAtTheFloor reads a running container with what engines
// since 28 add to its description.
func TestCurrentEngineIsReadAtTheFloor(t *testing.T) {
	bed := testbed.Current(t)
	bed.Run("new", testbed.Spec{"StopSignal": "SIGKILL", "HostConfig": map[string]any{
		"SecurityOpt": []string{"writable-cgroups=true"}, "Annotations": map[string]string{"org.example/a": "b"}, "Memory": 64 << 20,
		"Mounts": []any{map[string]any{"Type": "image", "Source": testbed.Image, "Target": "/img"}},
	}})
	s := readAtTheFloor(t, connect(t, strings.TrimPrefix(bed.Address(), "unix://")))
	k, spec := find(t, s, bed.Name("new"))
	if !spec.Security.WritableCgroups || len(spec.Mounts) != 1 || spec.Mounts[0].Type != "image" || !spec.Mounts[0].ReadOnly || len(spec.Unread) > 0 {
		t.Errorf("%+v", spec)
	}
	if e := s.Engines[0]; !e.ContainerdStore || s.Runtimes[k.Runtime].Status != "running" {
		t.Errorf("%+v", e)
	}
	i := slices.IndexFunc(s.Images, func(m snapshot.Image) bool { return m.ID == spec.ImageID })
	if i < 0 || len(s.Images[i].Digests) > 0 {
		t.Errorf("image %+v, want no digest: no registry ever saw it", s.Images)
	}
}

func readAtTheFloor(t *testing.T, c *dockerapi.Client) *snapshot.Snapshot {
	t.Helper()
	before := c.Calls()
	s := Collect(t.Context(), Options{Client: c})
	seal(t, s)
	want := int64(7 + len(s.Containers) + 2*len(s.Images))
	for _, p := range s.Parts {
		if p.State == snapshot.Absent && p.Item != "" {
			want++ // removed by someone else in the meantime
		}
	}
	for _, m := range s.Images {
		if m.UserUID.Source == passwdFile {
			want++
		}
	}
	if got := c.Calls() - before; got > want {
		t.Errorf("%d calls for %d containers and %d images, want at most %d", got, len(s.Containers), len(s.Images), want)
	}
	for _, p := range apiParts() {
		st := s.Part(s.Scopes[0].ID, p)
		if st.State != snapshot.Observed && p != snapshot.PartEngineServices && p != snapshot.PartEngineSwarm {
			t.Errorf("part %s is %s: %s", p, st.State, st.Detail)
		}
	}
	if e := s.Engines[0]; e.Version == "" || e.MemTotal == 0 || e.StorageDriver == "" || len(e.Components) == 0 {
		t.Errorf("engine: %+v", e)
	}
	return s
}

const testImage = "testbed/busybox:1"

// docker runs the docker command and returns its output.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// create makes a container that is removed with the test.
func create(t *testing.T, name string, args ...string) {
	t.Helper()
	_ = exec.CommandContext(t.Context(), "docker", "rm", "-f", name).Run()
	docker(t, append([]string{"create", "--name", name}, args...)...)
	t.Cleanup(func() { docker(t, "rm", "-f", name) })
}

// find returns the configuration of a container by its name.
func find(t *testing.T, s *snapshot.Snapshot, name string) (*snapshot.Container, *snapshot.ContainerSpec) {
	t.Helper()
	for i := range s.Containers {
		if s.Containers[i].Name == name {
			return &s.Containers[i], &s.ContainerSpecs[s.Containers[i].Spec]
		}
	}
	t.Fatalf("container %s is not in the snapshot", name)
	return nil, nil
}

func seal(t *testing.T, s *snapshot.Snapshot) []byte {
	t.Helper()
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	b := new(bytes.Buffer)
	if err := snapshot.Encode(b, s); err != nil {
		t.Fatal(err)
	}
	back, err := snapshot.Parse(b.Bytes())
	if err != nil {
		t.Fatalf("the snapshot does not survive being read back: %v", err)
	}
	if back.ID != s.ID {
		t.Errorf("ID changed from %s to %s", s.ID, back.ID)
	}
	return b.Bytes()
}

// TestRealBadlyRunContainers reads containers with every bad setting that this
// engine can hold.
func TestRealBadlyRunContainers(t *testing.T) {
	testbed.Mutable(t)
	c := realEngine(t)
	const secret = "cd-canary-7f3a"
	create(t, "cd-peer", testImage, "sleep", "60")
	create(t, "cd-bad", "--privileged", "--network", "host", "--pid", "container:cd-peer", "--ipc", "host", "--uts", "host",
		"-e", "TOKEN="+secret, "-l", "note="+secret, "-v", "/etc:/host", "-v", "/var/run/docker.sock:/sock:ro", "--cap-add", "sys_admin",
		"--cap-drop", "CAP_NET_RAW", "--security-opt", "seccomp=unconfined", "--device", "/dev/null:/dev/x:r", "--restart", "on-failure:3",
		"-m", "64m", "--pids-limit", "50", "--ulimit", "nofile=10:20", "--sysctl", "kernel.shm_rmid_forced=1", "--health-cmd", "test "+secret,
		"--log-opt", "tag="+secret, "--volumes-from", "cd-peer:ro", testImage, "sleep", secret)
	create(t, "cd-shop", "-l", "com.docker.compose.project=shop", "-l", "com.docker.compose.service=web", "-l", "com.docker.compose.container-number=1",
		"-l", "com.docker.compose.project.config_files=compose.yaml", "-l", "com.docker.compose.project.working_dir=/srv/shop",
		"-p", "127.0.0.1:18080:80", "-p", "53/udp", "--read-only", "--tmpfs", "/run", "--security-opt", "no-new-privileges:true",
		"-u", "1000:1000", testImage, "sleep", "60")
	s := Collect(t.Context(), Options{Client: c})
	if raw := seal(t, s); bytes.Contains(raw, []byte(secret)) {
		t.Error("a canary is in the snapshot")
	}

	checkBad(t, s)
	checkShop(t, s)
}

func checker(t *testing.T) func(what string, got, want any) {
	return func(what string, got, want any) {
		t.Helper()
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		if !bytes.Equal(g, w) {
			t.Errorf("%s is %s, want %s", what, g, w)
		}
	}
}

func checkBad(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	check := checker(t)
	k, bad := find(t, s, "cd-bad")
	check("key", k.Key, "name/cd-bad")
	check("status", s.Runtimes[k.Runtime].Status, "created")
	check("privileged", bad.Privileged, true)
	check("network", bad.NetworkMode, "host")
	check("pid", bad.PidMode, "container:name/cd-peer")
	check("ipc", bad.IpcMode, "host")
	check("uts", bad.UTSMode, "host")
	check("cap add", bad.CapAdd, []string{"SYS_ADMIN"})
	check("cap drop", bad.CapDrop, []string{"NET_RAW"})
	check("seccomp", bad.Security.Seccomp, "unconfined")
	check("devices", bad.Devices, []snapshot.Device{{Host: "/dev/null", Container: "/dev/x", Permissions: "r"}})
	check("restart", bad.RestartPolicy, snapshot.RestartPolicy{Name: "on-failure", Max: 3})
	check("memory", bad.Resources.Memory, 64<<20)
	check("pids", *bad.Resources.PidsLimit, 50)
	check("ulimits", bad.Resources.Ulimits, []snapshot.Ulimit{{Name: "nofile", Soft: 10, Hard: 20}})
	check("sysctls", bad.Sysctls, []snapshot.Pair{{Key: "kernel.shm_rmid_forced", Value: "1"}})
	check("health", bad.Health.Test, "CMD-SHELL")
	check("unread", bad.Unread, nil)
	at := slices.IndexFunc(bad.Mounts, func(m snapshot.Mount) bool { return m.Destination == "/host" })
	check("mount", bad.Mounts[at], snapshot.Mount{Type: "bind", Source: "/etc", Destination: "/host", Propagation: "rprivate"})
	peer, _ := find(t, s, "cd-peer")
	check("sharers", peer.Sharers, []string{"name/cd-bad"})
}

func checkShop(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	check := checker(t)
	k, shop := find(t, s, "cd-shop")
	check("key", k.Key, "compose/shop/web/1")
	check("owner", k.Owner, snapshot.Owner{Kind: "compose", Name: "shop/web", Sources: []string{"/srv/shop/compose.yaml"}})
	check("ports", shop.Ports, []snapshot.Port{{Proto: "udp", ContainerPort: 53}, {Proto: "tcp", ContainerPort: 80, HostIP: "127.0.0.1", HostPort: 18080}})
	check("tmpfs", shop.Tmpfs, []string{"/run"})
	check("read-only", shop.ReadonlyRootfs, true)
	check("no-new-privileges", *shop.Security.NoNewPrivileges, true)
	check("user", shop.User, "1000:1000")
	check("args", shop.Args[0], snapshot.Secretish{Name: "cmd[0]", Len: 5, Shape: snapshot.ShapePlain})
}
