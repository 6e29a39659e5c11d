package inspect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
)

// recorded returns an answer of a real engine.
func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "engine-20.10", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// container is the answer of a plain running container, changed by edit.
func container(t testing.TB, edit func(top, host, config map[string]any)) []byte {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal([]byte(recorded(t, "web")), &top); err != nil {
		t.Fatal(err)
	}
	top["Image"] = "sha256:img"
	if edit != nil {
		edit(top, top["HostConfig"].(map[string]any), top["Config"].(map[string]any))
	}
	b, err := json.Marshal(top)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decoded reads the plain container, changed by edit.
func decoded(t *testing.T, edit func(top, host, config map[string]any)) *Container {
	t.Helper()
	c, err := Decode(container(t, edit))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecordedContainer(t *testing.T) {
	c := decoded(t, nil)
	pids := c.Spec.Resources.PidsLimit
	want := snapshot.ContainerSpec{
		Image: "testbed/busybox:1", ImageID: "sha256:img",
		Args:        []snapshot.Secretish{{Name: "cmd[0]", Len: 5, Shape: "plain"}, {Name: "cmd[1]", Len: 3, Shape: "plain"}},
		Mounts:      []snapshot.Mount{{Type: "bind", Source: "/etc", Destination: "/host", ReadOnly: true, Propagation: "rprivate"}},
		NetworkMode: "bridge", IpcMode: "private", CgroupMode: "host", Networks: []string{"bridge"},
		Ports:         []snapshot.Port{{Proto: "tcp", ContainerPort: 80, HostIP: "127.0.0.1", HostPort: 18081}},
		Resources:     snapshot.Resources{Memory: 32 << 20, MemorySwap: 64 << 20, PidsLimit: pids},
		RestartPolicy: snapshot.RestartPolicy{Name: "always"}, Runtime: "runc", LogDriver: "json-file",
		Security: snapshot.Security{Masked: true},
	}
	if d := cmp.Diff(want, c.Spec); d != "" {
		t.Errorf("spec (-want +got):\n%s", d)
	}
	if c.State.Status != "running" || c.State.PID <= 0 || len(c.Networks) != 1 || c.Networks[0].IP == "" {
		t.Errorf("status %s, pid %d, networks %+v", c.State.Status, c.State.PID, c.Networks)
	}
}

// What engines since 28 add to the description: a port that is routed instead of
// published, a folder of a volume, an image as a mount, writable control groups.
func TestRecordedCurrent(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "engine-29", "routed.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Decode(raw)
	if err != nil || len(c.Unread) > 0 {
		t.Fatalf("%v, unread %q", err, c.Unread)
	}
	want := snapshot.ContainerSpec{
		Image: "testbed/busybox:1", ImageID: "sha256:d500cd617f152ada97f5c32e38bf3f066bdbe70383333b9c0635ae4d639a2a83",
		Args: []snapshot.Secretish{{Name: "cmd[0]", Len: 5, Shape: "plain"}, {Name: "cmd[1]", Len: 2, Shape: "plain"}},
		Mounts: []snapshot.Mount{
			{Type: "volume", Volume: "vol", Subpath: "part", Source: "/var/lib/docker/volumes/vol/_data", Destination: "/data"},
			{Type: "image", Volume: "testbed/busybox:1", Source: c.Spec.Mounts[1].Source, Destination: "/img", ReadOnly: true, Propagation: "rprivate"},
		},
		NetworkMode: "routed", IpcMode: "private", CgroupMode: "host", Networks: []string{"routed"},
		Ports: []snapshot.Port{
			{Proto: "tcp", ContainerPort: 80, HostIP: "0.0.0.0", Routed: true},
			{Proto: "tcp", ContainerPort: 80, HostIP: "::", HostPort: 18197},
		},
		Resources:     snapshot.Resources{Memory: 64 << 20, MemorySwap: 128 << 20},
		RestartPolicy: snapshot.RestartPolicy{Name: "no"}, Runtime: "runc", LogDriver: "json-file",
		Security: snapshot.Security{Masked: true, WritableCgroups: true},
	}
	if d := cmp.Diff(want, c.Spec); d != "" {
		t.Errorf("spec (-want +got):\n%s", d)
	}
}

func TestSecurityOptions(t *testing.T) {
	yes, no := true, false
	const digest = "sha256:892e2019618f0fce23fdded14483bbb3f2873f6c86835bcfa785d9267146ab8d"
	tests := []struct {
		options []string
		want    snapshot.Security
		unread  bool
	}{
		{nil, snapshot.Security{}, false},
		{[]string{"no-new-privileges"}, snapshot.Security{NoNewPrivileges: &yes}, false},
		{[]string{"no-new-privileges:true"}, snapshot.Security{NoNewPrivileges: &yes}, false},
		{[]string{"no-new-privileges=false"}, snapshot.Security{NoNewPrivileges: &no}, false},
		{[]string{"no-new-privileges", "no-new-privileges=false"}, snapshot.Security{NoNewPrivileges: &no}, false},
		{[]string{"no-new-privileges=maybe"}, snapshot.Security{}, true},
		{[]string{"no-new-privileges="}, snapshot.Security{}, true},
		{[]string{"seccomp:unconfined"}, snapshot.Security{Seccomp: "unconfined"}, false},
		{[]string{"seccomp=builtin"}, snapshot.Security{Seccomp: "builtin"}, false},
		{[]string{`seccomp={"b": 1.0, "a": "<"}`}, snapshot.Security{Seccomp: digest}, false},
		{[]string{`seccomp={ "a":"<","b":1.0 }`}, snapshot.Security{Seccomp: digest}, false},
		{[]string{"seccomp=/profile.json"}, snapshot.Security{}, true},
		{[]string{"label=disable", "label:type:x_t"}, snapshot.Security{SELinux: []string{"disable", "type:x_t"}}, false},
		{[]string{"apparmor=unconfined"}, snapshot.Security{}, false},
		{[]string{"writable-cgroups"}, snapshot.Security{WritableCgroups: true}, false},
		{[]string{"writable-cgroups=false"}, snapshot.Security{}, false},
		{[]string{"writable-cgroups=perhaps"}, snapshot.Security{}, true},
		{[]string{"novelty=1"}, snapshot.Security{}, true},
	}
	for _, tt := range tests {
		c := decoded(t, func(_, host, _ map[string]any) { host["SecurityOpt"] = tt.options })
		got := c.Spec.Security
		tt.want.Masked = true // as the recorded container is
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.options, d)
		}
		if slices.Contains(c.Spec.Unread, "security") != tt.unread {
			t.Errorf("%q: unread %q", tt.options, c.Spec.Unread)
		}
	}
}

// TestOwner: a manager's mark is enough for an owner, if not for a key.
func TestOwner(t *testing.T) {
	for _, tt := range []struct {
		labels    map[string]string
		key, want string
	}{
		{nil, "", ""},
		{map[string]string{"tier": "web"}, "", ""},
		{map[string]string{LabelProject: "shop", LabelService: "web", LabelNumber: "1"}, "compose/shop/web/1", "compose shop/web"},
		{map[string]string{LabelProject: "shop"}, "", "compose shop"},
		{map[string]string{LabelProject: "../x", LabelService: "web"}, "", "compose ?"},
		{map[string]string{LabelTaskID: "t1"}, "", "swarm t1"},
		{map[string]string{LabelPod: "p"}, "", "kubernetes p"},
	} {
		c := decoded(t, func(_, _, config map[string]any) { config["Labels"] = tt.labels })
		got := ""
		if c.Owner != nil {
			got = c.Owner.Kind + " " + c.Owner.Name
		}
		if key, _ := Identify(c.Labels); key != tt.key || got != tt.want {
			t.Errorf("%v: key %q, owner %q; want %q, %q", tt.labels, key, got, tt.key, tt.want)
		}
	}
}

func TestState(t *testing.T) {
	c := decoded(t, func(top, _, _ map[string]any) {
		top["RestartCount"] = 3
		top["State"] = map[string]any{"Status": "exited", "Running": false, "ExitCode": 7, "Pid": 0, "Paused": "x", "Health": map[string]any{"Status": "unhealthy"}}
	})
	if want := (State{Status: "exited", ExitCode: 7, Restarts: 3, Health: "unhealthy"}); c.State != want || !slices.Equal(c.Unread, []string{"State.Paused"}) {
		t.Errorf("state %+v, unread %q", c.State, c.Unread)
	}
}

func TestMasks(t *testing.T) {
	c := decoded(t, func(_, host, _ map[string]any) { host["MaskedPaths"], host["ReadonlyPaths"] = nil, []string{} })
	if s := c.Spec.Security; s.Masked || s.Unmasked != nil {
		t.Errorf("unstated lists: %+v", s)
	}
	c = decoded(t, func(_, host, _ map[string]any) {
		host["MaskedPaths"] = slices.DeleteFunc(slices.Clone(host["MaskedPaths"].([]any)), func(p any) bool { return p == "/proc/keys" })
	})
	if s := c.Spec.Security; !s.Masked || !slices.Equal(s.Unmasked, []string{"/proc/keys"}) {
		t.Errorf("a shortened list: %+v", s)
	}
}

func TestTmpfsOptionsAndTrust(t *testing.T) {
	c := decoded(t, func(_, host, config map[string]any) {
		host["Tmpfs"] = map[string]string{"/a": "exec,size=1m", "/b": ""}
		host["Mounts"] = []any{map[string]any{"Type": "tmpfs", "Target": "/c", "TmpfsOptions": map[string]any{"Options": [][]string{{"exec"}, {"uid", "1"}}}}}
		config["Labels"] = map[string]string{"trust": "untrusted"}
	})
	want := []snapshot.Pair{{Key: "/a", Value: "exec,size=1m"}, {Key: "/c", Value: "exec,uid=1"}}
	if d := cmp.Diff(want, c.Spec.TmpfsOptions); d != "" || c.Spec.Trust != "untrusted" {
		t.Errorf("trust %q, options (-want +got):\n%s", c.Spec.Trust, d)
	}
	c = decoded(t, func(_, _, config map[string]any) { config["Labels"] = map[string]string{"trust": "ghp_0123456789"} })
	if c.Spec.Trust != "" {
		t.Errorf("a label's value that is no word was kept: %q", c.Spec.Trust)
	}
}

func TestSystemPaths(t *testing.T) {
	tests := []struct {
		masked, readonly any
		want             string
	}{
		{nil, nil, ""},
		{[]string{"/proc/kcore", "/proc/keys"}, []string{"/proc/sys"}, ""},
		{[]string{}, []string{}, "unconfined"},
		{[]string{"/proc/kcore"}, []string{}, "unconfined"},
		{[]string{"/nowhere"}, []string{"/proc/sys"}, "unconfined"},
	}
	for _, tt := range tests {
		c := decoded(t, func(_, host, _ map[string]any) { host["MaskedPaths"], host["ReadonlyPaths"] = tt.masked, tt.readonly })
		if c.Spec.Security.SystemPaths != tt.want {
			t.Errorf("masked %v, read-only %v: %q, want %q", tt.masked, tt.readonly, c.Spec.Security.SystemPaths, tt.want)
		}
	}
}

func TestPorts(t *testing.T) {
	type bindings map[string][]map[string]string
	tests := []struct {
		name          string
		asked, actual bindings
		all           bool
		exposed       map[string]struct{}
		want          []snapshot.Port
		unread        bool
	}{
		{name: "none"},
		{name: "exposed only", actual: bindings{"80/tcp": nil}, exposed: map[string]struct{}{"80/tcp": {}}},
		{name: "stopped", asked: bindings{"80/tcp": {{"HostIp": "", "HostPort": "8080"}}}, want: []snapshot.Port{{Proto: "tcp", ContainerPort: 80, HostPort: 8080}}},
		{
			name:  "running",
			asked: bindings{"80/tcp": {{"HostIp": "", "HostPort": "8080"}}}, actual: bindings{"80/tcp": {{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}}},
			want: []snapshot.Port{{Proto: "tcp", ContainerPort: 80, HostIP: "0.0.0.0", HostPort: 8080}, {Proto: "tcp", ContainerPort: 80, HostIP: "::", HostPort: 8080}},
		},
		{name: "routed", asked: bindings{"80/tcp": {{"HostPort": "8080"}}}, actual: bindings{"80/tcp": {{"HostIp": "0.0.0.0", "HostPort": ""}}}, want: []snapshot.Port{{Proto: "tcp", ContainerPort: 80, HostIP: "0.0.0.0", Routed: true}}},
		{name: "range", asked: bindings{"53/udp": {{"HostPort": "8000-8010"}}}, want: []snapshot.Port{{Proto: "udp", ContainerPort: 53}}},
		{name: "all, stopped", all: true, exposed: map[string]struct{}{"443/tcp": {}}, want: []snapshot.Port{{Proto: "tcp", ContainerPort: 443}}},
		{name: "odd host port", asked: bindings{"1/tcp": {{"HostPort": "x"}}}, want: []snapshot.Port{{Proto: "tcp", ContainerPort: 1}}, unread: true},
		{name: "odd port", asked: bindings{"http": {{"HostPort": "1"}}}, unread: true},
	}
	for _, tt := range tests {
		c := decoded(t, func(top, host, config map[string]any) {
			host["PortBindings"], host["PublishAllPorts"], config["ExposedPorts"] = tt.asked, tt.all, tt.exposed
			top["NetworkSettings"].(map[string]any)["Ports"] = tt.actual
		})
		if d := cmp.Diff(tt.want, c.Spec.Ports); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		if (len(c.Spec.Unread) > 0) != tt.unread {
			t.Errorf("%s: unread %q", tt.name, c.Spec.Unread)
		}
	}
}

func TestDetails(t *testing.T) {
	c := decoded(t, func(top, host, config map[string]any) {
		host["CapAdd"], host["CapDrop"] = []string{"cap_sys_admin", "NET_ADMIN", "SYS_ADMIN"}, []string{"all"}
		host["DeviceRequests"] = []any{map[string]any{"Driver": "cdi", "DeviceIDs": []string{"vendor.com/gpu=0"}}, map[string]any{"Capabilities": [][]string{{"gpu"}}}}
		host["OomKillDisable"] = nil
		host["Tmpfs"] = map[string]string{"/b": "size=1", "/a": ""}
		top["Mounts"] = []any{map[string]any{"Type": "tmpfs", "Destination": "/c", "RW": true}}
		config["Healthcheck"] = map[string]any{"Test": []string{"NONE"}}
		config["Env"] = []string{"A=1", "no name here", "c2Vj+cmV0=="}
	})
	s := c.Spec
	if d := cmp.Diff([]string{"NET_ADMIN", "SYS_ADMIN"}, s.CapAdd); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"ALL"}, s.CapDrop); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"vendor.com/gpu=0", "gpu"}, s.DeviceRequests); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"/a", "/b", "/c"}, s.Tmpfs); d != "" {
		t.Error(d)
	}
	if s.Health.Test != "NONE" || s.Env[0].Name != "A" || s.Env[1].Name != "#1" || s.Env[2].Name != "#2" || len(s.Unread) > 0 {
		t.Errorf("health %q, env %+v, unread %q", s.Health.Test, s.Env, s.Unread)
	}
}

// FuzzDecode holds that no answer breaks the decoder or grows in it,
// and that what was decoded is a valid part of a snapshot.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(recorded(f, "web")))
	f.Add([]byte(recorded(f, "db")))
	f.Add([]byte(`{"HostConfig":{},"Config":{},"State":{}}`))
	f.Add([]byte(`{"HostConfig":{"PortBindings":{"/":[{"HostPort":"-"}]},"SecurityOpt":["seccomp={}","="]},"Config":{"Env":["=","a"]},"State":{"Status":"\ud800"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Decode(raw)
		if err != nil {
			return
		}
		b, err := json.Marshal(c.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var back snapshot.ContainerSpec
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		if len(b) > 64*len(raw)+4096 {
			t.Errorf("%d bytes grew to %d", len(raw), len(b))
		}
	})
}

func TestMoment(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24T10:00:00.123456789Z": "2026-11-24T10:00:00Z", "2026-11-24T10:00:00+02:00": "2026-11-24T08:00:00Z", "0001-01-01T00:00:00Z": "", "": "", "yesterday": "",
	} {
		if got := moment(in); got != want {
			t.Errorf("moment(%q) = %q, want %q", in, got, want)
		}
	}
}
