package host

import (
	"fmt"
	"net/netip"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestRootsWord(t *testing.T) {
	word := func(uid, comm, cmdline string) map[string]string {
		return process("42", map[string]string{
			"proc/42/status": statusText(uid, "42"), "proc/42/comm": comm + "\n", "proc/42/cmdline": cmdline,
			"usr/bin/dockerd": "x", "opt/dockerd": "-> /usr/bin/dockerd",
		})
	}
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"root's":           {word("0", "dockerd", "/usr/bin/dockerd\x00-H\x00fd://\x00"), "/usr/bin/dockerd"},
		"by a link":        {word("0", "dockerd", "/opt/dockerd\x00"), "/usr/bin/dockerd"},
		"a bare name":      {word("0", "dockerd", "dockerd\x00"), "dockerd"},
		"no such file":     {word("0", "dockerd", "/gone/dockerd\x00"), "dockerd"},
		"another name":     {word("0", "sleep", "/usr/bin/dockerd\x00"), "sleep"},
		"another user's":   {word("1000", "dockerd", "/usr/bin/dockerd\x00"), ""},
		"a kernel thread":  {word("0", "dockerd", ""), ""},
		"a name with path": {word("0", "../../dockerd", "x\x00"), "dockerd"},
	} {
		if got := fake(t, tt.files).rootsWord(42); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestRootMount(t *testing.T) {
	const ours = "22 27 0:21 / /proc rw - proc proc rw\n27 1 254:0 / / rw - ext4 /dev/vda rw\n"
	for name, tt := range map[string]struct {
		theirs string
		same   bool
	}{
		"the same namespace":  {"27 1 254:0 / / rw - ext4 /dev/vda rw\n", true},
		"a copy of it":        {"327 301 254:0 / / rw - ext4 /dev/vda rw\n", false},
		"a root of its own":   {"27 1 254:0 /var/lib/x / rw - ext4 /dev/vda rw\n", false},
		"something over it":   {"27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 0:50 / / rw - tmpfs tmpfs rw\n", false},
		"no root that we see": {"22 27 0:21 / /proc rw - proc proc rw\n", false},
	} {
		if got := rootMount([]byte(ours)) == rootMount([]byte(tt.theirs)); got != tt.same {
			t.Errorf("%s: %t, want %t", name, got, tt.same)
		}
	}
}

// TestConfiguredListeners is what remains when the daemon's open files are
// closed to the reader.
func TestConfiguredListeners(t *testing.T) {
	rows := []tcpListener{
		{addr: netip.MustParseAddrPort("0.0.0.0:2375")}, {addr: netip.MustParseAddrPort("10.0.0.1:2376")}, {addr: netip.MustParseAddrPort("127.0.0.1:22")},
	}
	m := fake(t, map[string]string{"var/run/docker.sock": "", "srv/x.sock": ""})
	for name, tt := range map[string]struct {
		hosts []string
		want  string
	}{
		"none":              {nil, "[/var/run/docker.sock] [] true"},
		"a socket":          {[]string{"unix:///srv/x.sock"}, "[/srv/x.sock] [] true"},
		"every address":     {[]string{"tcp://0.0.0.0:2375", "unix:///srv/x.sock"}, "[/srv/x.sock] [0.0.0.0:2375] true"},
		"one address":       {[]string{"tcp://10.0.0.1:2376"}, "[] [10.0.0.1:2376] true"},
		"a name":            {[]string{"tcp://build-07:2376"}, "[] [10.0.0.1:2376] true"},
		"nothing listens":   {[]string{"tcp://10.0.0.1:2377"}, "[] [] false"},
		"handed over":       {[]string{"fd://", "unix:///srv/x.sock"}, "[] [] false"},
		"a form of its own": {[]string{"npipe:////./pipe/x"}, "[] [] false"},
	} {
		c := snapshot.DaemonConfig{}
		if tt.hosts != nil {
			c.Settings = []snapshot.Setting{{Key: "hosts", Values: tt.hosts}}
		}
		unix, tcp, ok := m.configured(snapshot.Seen(c, ""), rows)
		var addrs []netip.AddrPort
		for _, l := range tcp {
			addrs = append(addrs, l.addr)
		}
		if got := fmt.Sprint(unix, addrs, ok); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if _, _, ok := m.configured(snapshot.Missing[snapshot.DaemonConfig](snapshot.Denied, snapshot.ReasonDenied, ""), rows); ok {
		t.Error("a configuration that was not read says where the daemon listens")
	}
}
