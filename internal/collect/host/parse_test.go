package host

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestParseStatus(t *testing.T) {
	s, err := parseStatus([]byte(statusText("1000", "5\t1")))
	if err != nil || s.uid != 1000 || s.capBnd != 0xa80425fb || !s.noNewPrivs || s.seccomp != 2 || s.pids != 2 || !slices.Equal(s.groups, []int64{6, 998}) {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := parseStatus([]byte("Uid:\t0\t0\t0\t0\n")); err == nil {
		t.Error("a status without capabilities was taken")
	}
}

func TestParseStat(t *testing.T) {
	parent, start, err := parseStat([]byte("5 (x) S 1 (y) R 42 " + strings.Repeat("0 ", 17) + "777 0\n"))
	if parent != 42 || start != 777 || err != nil {
		t.Errorf("parent %d, start %d, %v", parent, start, err)
	}
	if _, _, err := parseStat([]byte("5 (x) S 1")); err == nil {
		t.Error("a short stat was taken")
	}
}

func TestParseLimits(t *testing.T) {
	nofile, nproc, err := parseLimits([]byte(fakeLimits))
	if nofile != -1 || nproc != 200 || err != nil {
		t.Errorf("%d %d %v", nofile, nproc, err)
	}
	if _, _, err := parseLimits(nil); err == nil {
		t.Error("empty limits were taken")
	}
}

func TestIDMap(t *testing.T) {
	r := parseIDMap([]byte("0 100000 65536\nbad\n70000 300000 10\n1 2 99999999999\n"))
	for _, tt := range []struct{ outer, inner int64 }{{100000, 0}, {100999, 999}, {300009, 70009}} {
		if got := inward(r, tt.outer); got != tt.inner {
			t.Errorf("inward(%d) = %d, want %d", tt.outer, got, tt.inner)
		}
		if got := outward(r, tt.inner); got != tt.outer {
			t.Errorf("outward(%d) = %d, want %d", tt.inner, got, tt.outer)
		}
	}
	if got := inward(r, 0); got != overflowID {
		t.Errorf("an unmapped ID became %d", got)
	}
}

func TestRootReadOnly(t *testing.T) {
	for in, want := range map[string][2]bool{
		"1 0 0:1 / / rw - overlay o rw\n":                                {false, true},
		"1 0 0:1 / / ro,relatime shared:1 - overlay o rw\n":              {true, true},
		"1 0 0:1 / / rw - overlay o ro\n":                                {true, true},
		"1 0 0:1 / / ro - overlay o rw\n2 1 0:2 / / rw - tmpfs tmpfs rw": {false, true},
		"1 0 0:1 / /\\040x ro - overlay o rw\nbroken\n":                  {false, false},
	} {
		if ro, found := parseCovered([]byte(in)).rootReadOnly(); ro != want[0] || found != want[1] {
			t.Errorf("%q: %v %v", in, ro, found)
		}
	}
}

func TestWritableIn(t *testing.T) {
	const root = "1 0 0:1 / / ro - overlay o rw\n2 1 0:2 / /proc ro - proc p rw\n3 2 0:3 / /proc/x rw - tmpfs t rw\n"
	for in, want := range map[string]string{
		"": "", "4 1 0:4 / /data rw - ext4 d rw\n": "",
		"4 1 0:4 / /data ro - ext4 d rw\n5 4 0:5 / /data/in rw - ext4 e rw\n":                                              "/data/in",
		"4 1 0:4 / /data ro - ext4 d rw\n5 4 0:5 / /data/in ro - ext4 e rw\n":                                              "",
		"4 1 0:4 / /data ro - ext4 d rw\n5 4 0:5 / /data/a rw - ext4 e rw\n6 5 0:6 / /data/a/b rw - ext4 e rw\n":           "/data/a",
		"4 1 0:4 / /data ro - ext4 d rw\n5 4 0:5 / /data/in rw - ext4 e rw\n6 1 0:6 / /data/in ro - ext4 covers rw\nbad\n": "",
	} {
		if got := strings.Join(parseCovered([]byte(root+in)).writableIn(), ","); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestParseTCP(t *testing.T) {
	in := "  sl  local_address rem_address   st\n" +
		"   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n" +
		"   1: 0100007F:0947 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n" +
		"   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4713 1\n"
	got, err := parseTCP(strings.NewReader(in), 9)
	want := []tcpListener{{netip.MustParseAddrPort("127.0.0.1:2375"), 4711}, {netip.MustParseAddrPort("[::1]:80"), 4713}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "x:y", "01:0050", "0100007F", "010000:0001"} {
		if a, err := parseHexAddr(bad); err == nil {
			t.Errorf("address %q became %v", bad, a)
		}
	}
}

func TestNoneInUse(t *testing.T) {
	for in, want := range map[string]bool{
		"sockets: used 2\nTCP: inuse 0 orphan 0\n": true, "TCP: inuse 1 orphan 0\n": false, "TCP6: inuse 0\n": false, "TCP: x": false, "": false,
	} {
		if got := inUse([]byte(in), "TCP:", "inuse") == "0"; got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestParseUnix(t *testing.T) {
	in := "Num       RefCount Protocol Flags    Type St Inode Path\n" +
		"0000: 00000002 00000000 00010000 0001 01  4683 /var/run/docker.sock\n" +
		"0000: 00000003 00000000 00000000 0001 03  5270 /connected.sock\n" +
		"0000: 00000002 00000000 00010000 0001 01  99 /with a space\n" +
		"0000: 00000002 00000000 00010000 0001 01  4683 /forged\n" +
		"0000: 00000002 00000000 00010000 0001 01  100\n"
	want := map[uint64]string{4683: "/var/run/docker.sock", 99: "/with a space"}
	if got := parseUnix([]byte(in)); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestParseACL(t *testing.T) {
	list := "\x02\x00\x00\x00" +
		"\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x06\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00\xff\xff\xff\xff" +
		"\x08\x00\x07\x00\x64\x00\x00\x00" + "\x10\x00\x05\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
	got, err := parseACL([]byte(list))
	want := []snapshot.ACL{{Kind: "user", ID: 1000, Perm: 6}, {Kind: "group", ID: 100, Perm: 7}, {Kind: "mask", ID: -1, Perm: 5}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"\x02", "\x01\x00\x00\x00", list[:len(list)-1], "\x02\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"} {
		if got, err := parseACL([]byte(bad)); err == nil {
			t.Errorf("%q became %v", bad, got)
		}
	}
	if got, err := parseACL(nil); got != nil || err != nil {
		t.Errorf("no list: %v, %v", got, err)
	}
}

func TestScanTOML(t *testing.T) {
	in := `
imports = ["/a.toml", # why
  'b.toml',
]
disabled_plugins = []
version = 3 # comment
[plugins.'io.containerd.image-verifier.v1.bindir']
  bin_dir = "/opt/\"x\"" # a # b
  sizes = [[1, 2], [3]]
[plugins]
  "a.b".c = '''two
lines'''
`
	got, ok := scanTOML(in)
	if !ok {
		t.Fatal("not understood")
	}
	want := []entry{
		{path: []string{"imports"}, strings: []string{"/a.toml", "b.toml"}},
		{path: []string{"disabled_plugins"}, strings: []string{}},
		{path: []string{"version"}, raw: "3"},
		{path: []string{"plugins", verifierPlugin}},
		{path: []string{"plugins", verifierPlugin, "bin_dir"}, strings: []string{`/opt/"x"`}},
		{path: []string{"plugins", verifierPlugin, "sizes"}, strings: []string{}},
		{path: []string{"plugins"}},
		{path: []string{"plugins", "a.b", "c"}, strings: []string{"two\nlines"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
	for _, bad := range []string{"[a", "x = 'y", "x", "= 1", "a = {b = 1}", "x = [1", "\xff = 1", "[a]]x.\n[b"} {
		if e, ok := scanTOML(bad); ok && bad != "[a]]x.\n[b" {
			t.Errorf("%q counts as understood: %v", bad, e)
		}
	}
}

func TestParseSwitch(t *testing.T) {
	in := "passwd: files systemd sss [NOTFOUND=return] ldap # nis\ngroup:compat\nhosts: files dns\nshadow: winbind\n"
	if got := parseSwitch([]byte(in)); !slices.Equal(got, []string{"ldap", "sss"}) {
		t.Errorf("%q", got)
	}
	if got := parseSwitch(nil); got != nil {
		t.Errorf("without a file: %q", got)
	}
}
