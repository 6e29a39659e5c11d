package host

import (
	"context"
	"errors"
	"strings"
	"testing"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"
)

// mounted is a fake of which only what the points name is mounted.
func mounted(t *testing.T, points []string, files ...map[string]string) *Machine {
	t.Helper()
	m := fake(t, files...)
	m.held = &held{root: m.root}
	for _, p := range points {
		m.held.points = append(m.held.points, strings.TrimSuffix(m.root+p, "/"))
	}
	return m
}

// TestWhatIsNotMountedIsNotAbsent is the difference between a file that the machine
// does not have and one that the container does not show.
func TestWhatIsNotMountedIsNotAbsent(t *testing.T) {
	files := map[string]string{"etc/passwd": "x", "etc/link": "-> /usr/share/x", "usr/": "", "proc/": ""}
	for name, tt := range map[string]struct {
		points []string
		path   string
		want   snapshot.State
	}{
		"whole, there":              {[]string{"/"}, "/etc/passwd", snapshot.Observed},
		"whole, not there":          {[]string{"/"}, "/etc/shadow", snapshot.Absent},
		"nothing":                   {nil, "/etc/passwd", snapshot.Skipped},
		"a part, there":             {[]string{"/etc"}, "/etc/passwd", snapshot.Observed},
		"a part, not there":         {[]string{"/etc"}, "/etc/shadow", snapshot.Absent},
		"beside the part":           {[]string{"/etc"}, "/usr/bin/dockerd", snapshot.Skipped},
		"the container's folder":    {[]string{"/etc"}, "/usr", snapshot.Skipped},
		"a link out of the part":    {[]string{"/etc"}, "/etc/link", snapshot.Skipped},
		"a folder named alike":      {[]string{"/et"}, "/etc/passwd", snapshot.Skipped},
		"the root of a part":        {[]string{"/etc"}, "/", snapshot.Skipped},
		"proc not mounted in it":    {[]string{"/"}, "/proc/1/status", snapshot.Skipped},
		"proc mounted, no process":  {[]string{"/", "/proc"}, "/proc/1/status", snapshot.Absent},
		"sys of a mount without it": {[]string{"/", "/proc"}, "/sys/module/apparmor", snapshot.Skipped},
	} {
		m := mounted(t, tt.points, files)
		if got := m.Resolve(tt.path); got.State != tt.want {
			t.Errorf("%s: %s is %v, want %v", name, tt.path, got.State, tt.want)
		}
	}
}

// TestUnmountedPartsNameTheMount reads a machine of which nothing is mounted:
// no part may be observed but what the kernel tells about all.
func TestUnmountedPartsNameTheMount(t *testing.T) {
	m := mounted(t, nil)
	_, h, parts := m.Collect(t.Context())
	files, part := m.HostFiles(t.Context())
	if len(files) > 0 || h.AppArmor == snapshot.Absent {
		t.Errorf("files %v, AppArmor %v", files, h.AppArmor)
	}
	for _, p := range append(parts, part) {
		if p.Part == snapshot.PartHostAudit {
			continue // asked of the kernel, not of a file
		}
		if p.State != snapshot.Skipped || !strings.HasPrefix(p.Grant, "docker run -v /:"+m.root+":ro") {
			t.Errorf("%s is %s, %q, grant %q", p.Part, p.State, p.Detail, p.Grant)
		}
	}
	if d := m.Daemon(context.Background(), "/var/run/docker.sock"); d.Known() || d.State == snapshot.Absent {
		t.Errorf("daemon: %+v", d)
	}
	if got := m.Lacking(); len(got) == 0 || !strings.HasPrefix(got[0], "-v /:") {
		t.Errorf("lacking: %q", got)
	}
	if got := Open("").Lacking(); got != nil {
		t.Errorf("on the machine itself there is nothing to add: %q", got)
	}
}

func TestSelf(t *testing.T) {
	line := func(root, point string) string {
		return "40 27 0:31 " + root + " " + point + " rw - ext4 /dev/vda rw\n"
	}
	for name, tt := range map[string]struct{ mounts, groups, want string }{
		"on the machine":  {line("/", "/"), "0::/system.slice/ssh.service\n", ""},
		"by its files":    {line("/var/lib/docker/containers/"+cid+"/hostname", "/etc/hostname"), "0::/\n", cid},
		"by podman's":     {line("/containers/overlay-containers/"+cid+"/userdata/resolv.conf", "/etc/resolv.conf"), "0::/\n", cid},
		"by its group":    {"", "4:memory:/docker/" + cid + "\n", cid},
		"of systemd":      {"", "0::/system.slice/docker-" + cid + ".scope\n", cid},
		"another's files": {line("/var/lib/docker/containers/"+cid+"/hostname", "/host/etc/hostname"), "0::/\n", ""},
		"inside a group":  {"", "0::/docker/" + cid + "/init.scope\n", ""},
		"broken":          {"x\n", "y\n", ""},
	} {
		if got := selfIn([]byte(tt.mounts), []byte(tt.groups)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestKernelThread is for a first process that not even root may
// look into: the kernel's own thread tells what the machine booted with.
func TestKernelThread(t *testing.T) {
	stat := func(parent string) string { return "2 (x) S " + parent + strings.Repeat(" 0", 20) + "\n" }
	for name, tt := range map[string]struct {
		stat, cmdline string
		want          bool
	}{
		"the kernel's":  {stat("0"), "", true},
		"a program":     {stat("0"), "sleep\x00", false},
		"another child": {stat("1"), "", false},
		"not a process": {"x", "", false},
	} {
		m := fake(t, map[string]string{"proc/2/stat": tt.stat, "proc/2/cmdline": tt.cmdline})
		if got := m.isKernelThread(kthreadd); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestGlob(t *testing.T) {
	m := fake(t, map[string]string{"run/user/1000/docker.sock": "", "run/user/1001/": "", "var/run": "-> /run", "run/docker.sock": ""})
	for pattern, want := range map[string]string{
		"/var/run/docker.sock": "/var/run/docker.sock", "/run/user/*/docker.sock": "/run/user/1000/docker.sock", "/run/podman/*/x": "", "/none": "",
	} {
		if got := strings.Join(m.Glob(pattern), " "); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
	if m.IsSocket("/run/docker.sock") {
		t.Error("a file counts as a socket")
	}
	if got := m.Resolve("/gone"); got != (docker.Resolved{State: snapshot.Absent}) {
		t.Errorf("%+v", got)
	}
}

func TestUnmountedErrors(t *testing.T) {
	err := error(&unmountedError{path: "/etc\x1b", root: "/host"})
	if s, r := outcome(errors.Join(err)); s != snapshot.Skipped || r != snapshot.ReasonNotCollected {
		t.Errorf("%v, %v", s, r)
	}
}
