package host

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

var machine = map[string]string{
	"etc/machine-id": "00112233445566778899aabbccddeeff\n", "etc/hostname": "ship\n", "proc/sys/kernel/osrelease": "6.1.0\n",
	"proc/meminfo": "MemFree: 1 kB\nMemTotal:       2048 kB\n", "etc/os-release": "NAME=x\nID=\"debian\"\nVERSION_ID='12'\n",
	"proc/sys/net/ipv4/ip_unprivileged_port_start": "1024\n", "sys/module/apparmor/parameters/enabled": "Y\n",
	"sys/fs/selinux/enforce": "0", "proc/1/mountinfo": v2Mounts, "sys/fs/cgroup/cgroup.controllers": "memory\n",
	"etc/group":  "root:x:0:\ndocker:x:998:bob,alice\nwheel:x:10:eve\nbroken\n",
	"etc/passwd": "root:x:0:0::/root:/bin/sh\ncarol:x:1001:998::/home/carol:/bin/sh\nshort:x:1\n", "var/lib/dpkg/status": "", "proc/sys/kernel/version": "#1 SMP\n",
}

func TestCollect(t *testing.T) {
	scope, h, parts := fake(t, machine).Collect(context.Background())
	if scope.ID != "host:c0010ec037b35a0f" || scope.Name != "ship" || scope.Kind != snapshot.ScopeHost {
		t.Errorf("scope %+v", scope)
	}
	want := snapshot.Host{
		Scope: scope.ID, Name: "ship", Kernel: "6.1.0", Distro: "debian", Release: "12", MemTotal: 2 << 20, AppArmor: snapshot.Observed,
		SELinux: "permissive", PortStart: 1024,
		Cgroup: snapshot.Seen(snapshot.Cgroups{Version: 2, Controllers: []string{"memory"}}, "/proc/self/mountinfo"),
		Accounts: snapshot.Seen(snapshot.Accounts{Groups: []snapshot.Group{
			{Name: "root", GID: 0, Members: []string{"root"}}, {Name: "docker", GID: 998, Members: []string{"alice", "bob", "carol"}},
		}}, "/etc/group, /etc/passwd, /etc/nsswitch.conf"),
		SubIDs:  snapshot.Seen(snapshot.SubIDs{}, "/etc/subuid, /etc/subgid"),
		Kernels: snapshot.Seen(snapshot.Kernels{Build: "#1 SMP"}, "/proc/sys/kernel/version, /boot, /lib/modules"),
		Audit: snapshot.Audit{
			Kernel:   snapshot.Seen(snapshot.AuditState{Enabled: true}, "rules loaded in the kernel"),
			Files:    snapshot.Missing[snapshot.AuditState](snapshot.Absent, "", "/etc/audit/audit.rules"),
			Shipping: snapshot.Seen(snapshot.Shipping{}, "/etc/audit, /etc/rsyslog.conf, /etc/syslog-ng, /etc/systemd/journal-upload.conf"),
		},
	}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("\n got %+v\nwant %+v", h, want)
	}
	for _, p := range parts {
		if p.State != snapshot.Observed || p.Reason != "" || p.Detail != "" || p.Scope != scope.ID {
			t.Errorf("part %+v", p)
		}
	}
}

func TestCollectNothing(t *testing.T) {
	scope, h, parts := fake(t).Collect(context.Background())
	if scope.ID == "" || h.AppArmor != snapshot.Failed || h.SELinux != "" || h.Cgroup.Known() || h.Accounts.Known() || h.SubIDs.State != snapshot.Failed || h.Kernels.State != snapshot.Failed || h.Audit.Shipping.State != snapshot.Failed || len(parts) != 8 {
		t.Errorf("%+v %+v", scope, h)
	}
	for _, p := range parts[:3] {
		if p.State != snapshot.Failed || p.Reason == "" || p.Detail == "" {
			t.Errorf("part %+v", p)
		}
	}
	if !strings.Contains(parts[0].Detail, "host name") || parts[3].State != snapshot.Absent {
		t.Errorf("parts %+v", parts)
	}
}

func TestIdentityFallbacks(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"uninitialized": {"etc/machine-id": "uninitialized\n", "sys/class/dmi/id/product_uuid": "U\n"},
		"missing":       {"sys/class/dmi/id/product_uuid": "U\n"},
	} {
		if id, how := fake(t, files).readScope(); id != scopeID("U") || !strings.Contains(how, "UUID") {
			t.Errorf("%s: %s, %s", name, id, how)
		}
	}
}

func TestSecurityModules(t *testing.T) {
	for _, tt := range []struct {
		files    map[string]string
		appArmor snapshot.State
		selinux  string
	}{
		{map[string]string{"sys/module/apparmor/parameters/enabled": "N\n", "sys/fs/selinux/enforce": "1"}, snapshot.Absent, "enforcing"},
		{map[string]string{"sys/module/": "", "proc/filesystems": "nodev\ttmpfs\n"}, snapshot.Absent, "disabled"},
		{map[string]string{"proc/filesystems": "nodev\tselinuxfs\n", "etc/selinux/config": "# SELINUX=x\nSELINUX=Enforcing \n"}, snapshot.Failed, "enforcing"},
		{map[string]string{"proc/filesystems": "nodev\tselinuxfs\n"}, snapshot.Failed, ""},
	} {
		m := fake(t, tt.files)
		if a, s := m.appArmor(), m.selinux(); a != tt.appArmor || s != tt.selinux {
			t.Errorf("%v: %v %q", tt.files, a, s)
		}
	}
}

func TestAccountsElsewhere(t *testing.T) {
	files := map[string]string{"etc/group": "root:x:0:\n+:::\n", "etc/passwd": "", "etc/nsswitch.conf": "group: compat sss\n"}
	a, err := fake(t, files).accounts(context.Background(), nil)
	if err != nil || strings.Join(a.OtherSources, " ") != "nis sss" {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestFileACL sets a real access list, where the file system keeps any.
func TestFileACL(t *testing.T) {
	m := fake(t, map[string]string{"run/x.sock": "", "var/run": "-> ../run"})
	at := filepath.Join(m.root, "run/x.sock")
	list := "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x06\x00\xe8\x03\x00\x00\x04\x00\x00\x00\xff\xff\xff\xff" +
		"\x10\x00\x06\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"
	if err := unix.Setxattr(at, "system.posix_acl_access", []byte(list), 0); err != nil {
		testbed.Skip(t, "the file system keeps no access lists: "+err.Error())
	}
	if err := os.Chmod(filepath.Join(m.root, "run"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	f := m.file("host:x", "/var/run/x.sock", snapshot.RoleEngineSocket)
	if !f.ACL.Known() || len(f.ACL.V) != 2 || f.ACL.V[0] != (snapshot.ACL{Kind: "user", ID: 1000, Perm: 6}) {
		t.Errorf("access list %+v", f.ACL)
	}
	if f.Real != "/run/x.sock" || len(f.Chain) != 1 || f.Type != "file" || f.Mode != 0o660 {
		t.Errorf("file %+v", f)
	}
	if len(f.Parents) != 3 || f.Parents[2].Path != "/var" || f.Parents[0].Path != "/run" || f.Parents[0].Mode != 0o1777 || f.Parents[1].Path != "/" {
		t.Errorf("parents %+v", f.Parents)
	}
	if f := m.file("host:x", "/none", snapshot.RoleEngineSocket); f.State != snapshot.Absent || f.ACL.Known() {
		t.Errorf("a file that is not there: %+v", f)
	}
}

func TestPackage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"dpkg", map[string]string{
			"var/lib/dpkg/info/docker-ce.list": "/.\n/usr/bin/dockerd\n", "var/lib/dpkg/info/aaa.list": "/usr/bin/dockerd-not\n",
			"var/lib/dpkg/status": "Package: aaa\nStatus: install ok installed\nVersion: 1\n\nPackage: docker-ce\nStatus: install ok installed\nVersion: 5:27.1-1\n",
		}, "docker-ce 5:27.1-1"},
		{"merged usr and architecture", map[string]string{
			"var/lib/dpkg/info/x:amd64.list": "/bin/dockerd\n",
			"var/lib/dpkg/status":            "Package: x\nArchitecture: i386\nStatus: install ok installed\nVersion: 1\n\nPackage: x\nArchitecture: amd64\nStatus: install ok installed\nVersion: 2\n",
		}, "x 2"},
		{"removed", map[string]string{
			"var/lib/dpkg/info/x.list": "/usr/bin/dockerd\n", "var/lib/dpkg/status": "Package: x\nStatus: deinstall ok config-files\nVersion: 1\n",
		}, ""},
		{"apk", map[string]string{"lib/apk/db/installed": "P:a\nV:1\nF:usr/bin\nR:a\n\nP:docker-engine\nV:26.1-r0\nF:usr/bin\nR:dockerd\n"}, "docker-engine 26.1-r0"},
		{"none", nil, ""},
	} {
		if got := fake(t, tt.files).Package(context.Background(), "/usr/bin/dockerd"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestVerifier(t *testing.T) {
	section := "version = 2\n[plugins.\"" + verifierPlugin + "\"]\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  snapshot.Verifier
		state snapshot.State
	}{
		{"nothing", nil, snapshot.Verifier{}, snapshot.Observed},
		{"section, no folder", map[string]string{"etc/containerd/config.toml": section}, snapshot.Verifier{BinDir: verifierDir}, snapshot.Observed},
		{"folder alone", map[string]string{"opt/containerd/image-verifier/bin/": ""}, snapshot.Verifier{BinDir: verifierDir}, snapshot.Observed},
		{
			"programs",
			map[string]string{"etc/containerd/config.toml": section + "bin_dir = '/v'\n", "v/x": "", "v/notes": "", "v/dir/": ""},
			snapshot.Verifier{BinDir: "/v", Binaries: []string{"x"}},
			snapshot.Observed,
		},
		{
			"imported",
			map[string]string{"etc/containerd/config.toml": "imports = ['conf.d/*.toml']", "etc/containerd/conf.d/a.toml": section + "bin_dir = '/v'"},
			snapshot.Verifier{BinDir: "/v"},
			snapshot.Observed,
		},
		{
			"switched off",
			map[string]string{"etc/containerd/config.toml": "disabled_plugins = ['" + verifierPlugin + "']\n" + section},
			snapshot.Verifier{},
			snapshot.Observed,
		},
		{"asks nobody", map[string]string{"etc/containerd/config.toml": section + "max_verifiers = 0"}, snapshot.Verifier{}, snapshot.Observed},
		{"imports itself", map[string]string{"etc/containerd/config.toml": "imports = ['/etc/containerd/config.toml']"}, snapshot.Verifier{}, snapshot.Failed},
		{"unparsable", map[string]string{"etc/containerd/config.toml": "[plugins"}, snapshot.Verifier{}, snapshot.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := fake(t, tt.files, map[string]string{"proc/": ""})
			if _, err := os.Stat(m.root + "/v/x"); err == nil {
				if err := os.Chmod(m.root+"/v/x", 0o755); err != nil {
					t.Fatal(err)
				}
			}
			v := m.Verifier(context.Background(), snapshot.DaemonProcess{PID: 7})
			if v.State != tt.state || !reflect.DeepEqual(v.V, tt.want) {
				t.Errorf("%+v, want %v %+v", v, tt.state, tt.want)
			}
		})
	}
}

func TestVerifierOfContainerd(t *testing.T) {
	files := process("42", map[string]string{
		"proc/42/exe": "-> /usr/bin/containerd", "proc/42/cmdline": "containerd\x00-c\x00/c.toml\x00",
		"c.toml": "[plugins.'" + verifierPlugin + "']\nbin_dir = '/v'\n", "proc/self/ns/mnt": "-> mnt:[100]", "proc/42/ns/mnt": "-> mnt:[100]",
	})
	files["proc/42/ns/mnt"] = "-> mnt:[100]"
	if v := fake(t, files).Verifier(context.Background(), snapshot.DaemonProcess{PID: 7}); v.V.BinDir != "/v" {
		t.Errorf("%+v", v)
	}
}

// Two engines on a machine have a containerd each, and neither need be a child of
// its engine.
func TestContainerdOfTwo(t *testing.T) {
	own := holder("42", "/usr/bin/containerd", "/run/own.sock")
	own["proc/42/cmdline"] = "containerd\x00-c\x00/own.toml\x00"
	other := holder("43", "/usr/bin/containerd", "/run/containerd/containerd.sock")
	other["proc/43/cmdline"] = "containerd\x00-c\x00/other.toml\x00"
	configs := map[string]string{"own.toml": "root = '/own'\n", "other.toml": "root = '/other'\n", "run/own.sock": "", "run/containerd/containerd.sock": "", "var/run": "-> /run"}
	for name, tt := range map[string]struct {
		cmdline string
		parts   []map[string]string
		want    string // "" when it is not known
	}{
		"named":                     {"dockerd\x00--containerd\x00/var/run/own.sock\x00", []map[string]string{own, other}, "/own"},
		"usual":                     {"dockerd\x00", []map[string]string{own, other}, "/other"},
		"nobody there":              {"dockerd\x00--containerd=/run/none.sock\x00", []map[string]string{own, other}, ""},
		"only one, which is not it": {"dockerd\x00", []map[string]string{own}, ""},
		"only one, socket unseen":   {"dockerd\x00--containerd=/run/none.sock\x00", []map[string]string{own}, "/own"},
	} {
		t.Run(name, func(t *testing.T) {
			daemon := process("9", map[string]string{"proc/9/exe": "-> /usr/bin/dockerd", "proc/9/cmdline": tt.cmdline, "proc/self/ns/mnt": "-> mnt:[100]"})
			files := append(slices.Clone(tt.parts), daemon, configs)
			for _, pid := range []string{"9", "42", "43"} {
				files = append(files, map[string]string{"proc/" + pid + "/ns/mnt": "-> mnt:[100]"})
			}
			c, err := fake(t, files...).containerd(t.Context(), snapshot.DaemonProcess{PID: 9, Exe: "/usr/bin/dockerd"})
			root := ""
			if err == nil {
				root, err = c.dataRoot()
			}
			if root != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q, %v, want %q", root, err, tt.want)
			}
		})
	}
}
