package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"
)

// rolesOf prints files as "role path state", sorted.
func rolesOf(files []snapshot.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, fmt.Sprintf("%s %s %v", f.Role, f.Path, f.State))
	}
	slices.Sort(out)
	return out
}

func ofRole(files []snapshot.File, roles ...snapshot.FileRole) []snapshot.File {
	return slices.DeleteFunc(files, func(f snapshot.File) bool { return !slices.Contains(roles, f.Role) })
}

func TestUnits(t *testing.T) {
	const lib = "usr/lib/systemd/system/"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", map[string]string{"etc/": ""}, nil},
		{
			"administrator's before the package's",
			map[string]string{lib + "docker.service": "", "etc/systemd/system/docker.service": ""},
			[]string{"service-unit /etc/systemd/system/docker.service observed"},
		},
		{"masked", map[string]string{"etc/systemd/system/docker.service": "-> /dev/null", "dev/null": "", lib + "docker.service": ""}, nil},
		{"drop-ins, the first of a name", map[string]string{
			lib + "docker.service": "", "run/systemd/system/docker.service.d/a.conf": "", lib + "docker.service.d/a.conf": "", lib + "docker.service.d/README": "",
			"etc/systemd/system/service.d/all.conf": "",
		}, []string{
			"service-unit /etc/systemd/system/service.d/all.conf observed", "service-unit /run/systemd/system/docker.service.d/a.conf observed",
			"service-unit /usr/lib/systemd/system/docker.service observed",
		}},
		{"environment files", map[string]string{
			lib + "docker.service":                       "[Service]\nEnvironmentFile=/forgotten\nEnvironmentFile=\nEnvironmentFile=-/etc/default/docker\n",
			"etc/systemd/system/docker.service.d/x.conf": "[Service]\nEnvironmentFile = \\\n /etc/env/*.env\nEnvironmentFile=/etc/%p\nEnvironmentFile=relative\n",
			"etc/env/a.env":                              "", "etc/default/docker": "",
		}, []string{
			"service-unit /etc/%p failed", "service-unit /etc/env/a.env observed", "service-unit /etc/systemd/system/docker.service.d/x.conf observed",
			"service-unit /usr/lib/systemd/system/docker.service observed",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, part := fake(t, map[string]string{"etc/x": ""}, tt.files).HostFiles(context.Background())
			if got := rolesOf(ofRole(files, snapshot.RoleServiceUnit)); !slices.Equal(got, tt.want) || part.State != snapshot.Observed {
				t.Errorf("\n got %q\nwant %q, %+v", got, tt.want, part)
			}
		})
	}
}

func TestHostFiles(t *testing.T) {
	m := fake(t, map[string]string{
		"etc/docker/certs.d/reg.example:5000/ca.crt": "", "etc/docker/certs.d/reg.example:5000/client.key": "", "etc/docker/certs.d/reg.example:5000/notes": "",
		"etc/docker/certs.d/loop": "-> /etc/docker/certs.d", "etc/default/docker": "-> /home/x/docker", "home/x/docker": "",
	})
	files, _ := m.HostFiles(context.Background())
	want := []string{
		"containerd-config /etc/containerd/config.toml absent", "defaults /etc/default/docker observed", "engine-dir /etc/docker observed",
		"registry-cert /etc/docker/certs.d/reg.example:5000/ca.crt observed", "registry-key /etc/docker/certs.d/reg.example:5000/client.key observed",
		"runtime-dir /run/containerd absent", "subordinate-ids /etc/subgid absent", "subordinate-ids /etc/subuid absent", "sysconfig /etc/sysconfig/docker absent",
	}
	got := slices.DeleteFunc(rolesOf(files), func(s string) bool { return strings.Contains(s, "certs.d/loop") }) // as docker follows it, within bounds
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	var above []string
	for _, d := range ofRole(files, snapshot.RoleDefaults)[0].Parents {
		above = append(above, d.Path)
	}
	if !slices.Equal(above, []string{"/home/x", "/home", "/", "/etc/default", "/etc"}) {
		t.Errorf("directories above a link: %q", above)
	}
	if _, part := fake(t).HostFiles(context.Background()); part.State != snapshot.Failed {
		t.Errorf("without /etc: %+v", part)
	}
}

func TestEngineFiles(t *testing.T) {
	files := process("7", map[string]string{
		"proc/7/environ": "HOME=/root\x00DOCKER_CERT_PATH=/certs\x00SECRET=x", "proc/7/cwd": "-> /srv", "proc/7/ns/mnt": "-> mnt:[100]", "proc/self/ns/mnt": "-> mnt:[100]", "usr/bin/dockerd": "",
		"certs/ca.pem": "", "srv/cert.pem": "", "var/lib/docker/": "", "usr/sbin/runc": "", "usr/bin/containerd": "", "usr/bin/containerd-shim-runc-v2": "",
		"proc/1/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /var/lib rw - xfs /dev/sda2 rw\n",
		"proc/8/exe":       "-> /usr/bin/containerd", "proc/8/status": statusText("0", "8"), "proc/8/cmdline": "containerd\x00--config\x00/c.toml\x00",
		"c.toml": "version = 2\nroot = '/data'\n[plugins]\nroot = '/no'\n", "data/": "",
	})
	maps.Copy(files, ns("8", 100))
	m := fake(t, files)
	q := docker.FileQuery{
		Process: snapshot.DaemonProcess{PID: 7, Exe: "/usr/bin/dockerd"}, Root: "/var/lib/docker", Runtimes: []string{"runc", "/opt/kata"},
		Config: snapshot.Seen(snapshot.DaemonConfig{File: "/etc/docker/daemon.json", Settings: []snapshot.Setting{
			{Key: "tlscert", Values: []string{"cert.pem"}}, {Key: "tlskey", Values: []string{"/none/key.pem"}}, {Key: "tlsverify", Values: []string{"true"}},
		}}, ""),
	}
	list, part := m.Files(context.Background(), "engine:e", q)
	want := []string{
		"containerd-binary /usr/bin/containerd observed", "containerd-root /data observed", "data-root /var/lib/docker observed", "engine-binary /usr/bin/dockerd observed",
		"engine-config /etc/docker/daemon.json absent", "runtime-binary /opt/kata absent", "runtime-binary /usr/sbin/runc observed",
		"shim-binary /usr/bin/containerd-shim absent", "shim-binary /usr/bin/containerd-shim-runc-v1 absent", "shim-binary /usr/bin/containerd-shim-runc-v2 observed",
		"tls-ca /certs/ca.pem observed", "tls-cert /srv/cert.pem observed", "tls-key /none/key.pem absent",
	}
	if got := rolesOf(list); !slices.Equal(got, want) || part.State != snapshot.Observed || part.Reason != "" {
		t.Errorf("%+v\n got %q\nwant %q", part, got, want)
	}
	root := ofRole(list, snapshot.RoleDataRoot)[0]
	if v := root.Volume; !v.Known() || v.V.Mount != "/var/lib" || v.V.Device != "8:2" || v.V.RootDevice != "8:1" || v.V.Bytes <= 0 || root.Engine != "engine:e" {
		t.Errorf("volume %+v", v)
	}
}

func TestHolding(t *testing.T) {
	mounts := parseMounts([]byte("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /var rw - ext4 b rw\n3 1 8:3 / /var/lib/docker rw - ext4 c rw\n4 1 8:4 / /var/lib/docker rw - ext4 d rw\n"))
	for p, want := range map[string]string{"/": "8:1", "/etc": "8:1", "/var": "8:2", "/variable": "8:1", "/var/lib/docker": "8:4", "/var/lib/docker/x": "8:4", "/var/lib/docker2": "8:2"} {
		if mt := holding(mounts, p); mt == nil || mt.device != want {
			t.Errorf("%s is on %+v, want %s", p, mt, want)
		}
	}
	if holding(nil, "/x") != nil {
		t.Error("a mount out of nothing")
	}
}

func TestSubIDs(t *testing.T) {
	m := fake(t, map[string]string{
		"etc/passwd": "root:x:0:0::/:/\nbob:x:100005:1::/:/\n", "etc/group": "root:x:0:\nstaff:x:100006:\n",
		"etc/subuid": "# no\nbob:100000:10\nbad:x:1\nzero:1:0\nalice:4294967296:1\n", "etc/subgid": "1000:100000:65536\n",
	})
	got, err := m.subIDs(context.Background())
	want := snapshot.SubIDs{Ranges: []snapshot.SubID{
		{File: "/etc/subuid", Owner: "bob", Start: 100000, Count: 10, Taken: []int64{100005}}, {File: "/etc/subgid", Owner: "1000", Start: 100000, Count: 65536, Taken: []int64{100006}},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestKernels(t *testing.T) {
	m := fake(t, map[string]string{
		"proc/sys/kernel/version": "#1 SMP Debian 6.1.1-1\n", "boot/vmlinuz-6.1.0-2-amd64": "", "boot/config-6.1.0-9-amd64": "", "boot/vmlinuz-old": "",
		"lib/modules/6.1.0-3-amd64/modules.builtin": "", "lib/modules/6.1.0-1-amd64/updates/": "",
	})
	k, err := m.kernels()
	if err != nil || k.Build != "#1 SMP Debian 6.1.1-1" || !slices.Equal(k.Installed, []string{"6.1.0-2-amd64", "6.1.0-3-amd64"}) {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestSurroundingsDenied(t *testing.T) {
	m := fake(t, machine)
	m.audit = func(context.Context) (snapshot.AuditState, error) {
		return snapshot.AuditState{}, fmt.Errorf("x: %w", fs.ErrPermission)
	}
	_, h, parts := m.Collect(context.Background())
	i := slices.IndexFunc(parts, func(p snapshot.PartStatus) bool { return p.Part == snapshot.PartHostAudit })
	if parts[i].State != snapshot.Denied || parts[i].Grant == "" || h.Audit.Kernel.State != snapshot.Denied || h.Audit.Files.State != snapshot.Absent {
		t.Errorf("%+v %+v", parts[i], h.Audit)
	}
}

func TestShipping(t *testing.T) {
	m := fake(t, map[string]string{
		"proc/9/exe": "-> /usr/sbin/rsyslogd", "proc/9/status": statusText("0", "9"), "etc/audit/plugins.d/au-remote.conf": "active = Yes\n", "etc/audit/plugins.d/syslog.conf": "active = no\n",
		"etc/audit/audisp-remote.conf": "remote_server = logs.example\n", "etc/rsyslog.d/10.conf": "*.* @@logs.example:6514\n", "etc/systemd/journal-upload.conf": "[Upload]\n# URL=https://x\n",
	})
	s, _, err := m.shipping(context.Background())
	want := snapshot.Shipping{Running: []string{"rsyslogd"}, Plugins: []string{"au-remote"}, Forwarders: []string{"audisp-remote", "rsyslogd"}}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestForwards(t *testing.T) {
	for file, want := range map[string]bool{
		"*.* @logs.example": true, "*.* @@[2001:db8::1]:514": true, "auth.* @(o,z9)logs": true, "*.* :omrelp:logs:20514": true, "*.* @127.0.0.1": false, "# *.* @logs": false,
		"*.* /var/log/@x": false, "": false, "*.* @": false, `action(type="omfwd" target="logs.example" port="514")`: true, `action(type="omfwd" target="localhost")`: false,
		`action(type="omfile" file="/x" target="logs")`: false, "action(type=\"omelasticsearch\"\n server=\"https://es.example\")": true,
	} {
		if got := rsyslogForwards(file); got != want {
			t.Errorf("rsyslog %q: %v", file, got)
		}
	}
	for file, want := range map[string]bool{`destination d { network("logs" port(514)); };`: true, `source s { network(ip("0.0.0.0")); };`: false, `# network("logs")`: false, `destination d { syslog("127.0.0.1"); };`: false} {
		if got := syslogNGForwards(file); got != want {
			t.Errorf("syslog-ng %q: %v", file, got)
		}
	}
}

func TestUnreadableCertificates(t *testing.T) {
	m := fake(t, map[string]string{"etc/docker/certs.d": "a file"})
	l := fileList{view: m.tree}
	l.certificates("/etc/docker/certs.d", 3)
	if err := os.Remove(filepath.Join(m.root, "etc/docker/certs.d")); err != nil || len(l.files) > 0 {
		t.Errorf("%v %+v", err, l.files)
	}
	l.unread("/x", snapshot.RoleRegistryCert, errors.New("broken"))
	if len(l.files) != 1 || l.files[0].State != snapshot.Failed || l.has("/y") || !l.has("/x") {
		t.Errorf("%+v", l.files)
	}
}
