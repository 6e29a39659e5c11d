package host

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"plimsoll/internal/snapshot"
)

// wellFormed fails unless settings are sorted, unique, valid text and either
// shown or hidden.
func wellFormed(t *testing.T, list []snapshot.Setting) {
	t.Helper()
	for i, s := range list {
		if i > 0 && list[i-1].Key >= s.Key {
			t.Errorf("key %q after %q", s.Key, list[i-1].Key)
		}
		if (s.Hidden == nil) == (s.Values == nil) || !utf8.ValidString(s.Key) || strings.ContainsRune(s.Key, 0x1b) {
			t.Errorf("setting %+v", s)
		}
		for _, v := range s.Values {
			if !printable(v) {
				t.Errorf("value %q of %q", v, s.Key)
			}
		}
	}
}

func FuzzCmdline(f *testing.F) {
	for _, s := range []string{"dockerd\x00-H\x00fd://\x00", "dockerd\x00-Dl\x00info\x00--label=a", "\x00\x00--", "d\x00-\xff=\x00--=\x00--\x1b[m", "d\x00-H"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { wellFormed(t, merge(parseCmdline(b).values, nil)) })
}

func FuzzDaemonJSON(f *testing.F) {
	for _, s := range []string{`{"hosts":["a"],"default-ulimits":{"a":{"Hard":1}}}`, `{"runtimes":{"a":1},"log-opts":{"a":"b"}}`, `{"proxies":[1]}`, `{"icc":{"a":[{}]}}`, "{", "\xef\xbb\xbf{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseDaemonJSON(b)
		if err == nil {
			wellFormed(t, merge(nil, v))
		}
	})
}

func FuzzMountinfo(f *testing.F) {
	f.Add([]byte(v1Mounts + v2Mounts))
	f.Add([]byte("1 0 0:1 / /a\\040b\\134 ro - t s o\n - \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		mounts := parseMounts(b)
		want := make(covered)
		for _, m := range mounts {
			want[m.point] = slices.Contains(m.options, "ro") || slices.Contains(m.super, "ro")
		}
		if got := parseCovered(b); !maps.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", b, got, want)
		}
		if dir, top, ok := locate(mounts, "", "/docker/x"); ok && !strings.HasPrefix(dir, strings.TrimSuffix(top, "/")) && !strings.Contains(top, "//") && !strings.Contains(top, ".") {
			t.Errorf("%q is not below %q", dir, top)
		}
	})
}

func FuzzAccounts(f *testing.F) {
	f.Add([]byte(machine["etc/group"]))
	f.Add([]byte(machine["etc/passwd"]))
	f.Add([]byte("passwd: files [!UNAVAIL=return] x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, g := range parseGroup(b) {
			if g.Name == "" || g.GID < 0 || !utf8.ValidString(g.Name+strings.Join(g.Members, "")) {
				t.Errorf("%+v", g)
			}
		}
		for _, u := range parsePasswd(b) {
			if u.name == "" || u.uid < 0 || u.gid < 0 {
				t.Errorf("%+v", u)
			}
		}
		parseSwitch(b)
	})
}

func FuzzACL(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x02\x00\x06\x00\xe8\x03\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseACL(b)
		if err == nil && len(list) > len(b)/8 {
			t.Errorf("%d entries of %d bytes", len(list), len(b))
		}
	})
}

func FuzzTOML(f *testing.F) {
	for _, s := range []string{"a = 'b' # c\n[x.\"y\"]\nz = [\"1\",\n2]", "[[a]]\nb='''\n'''", "a = \"\\u00e9\\", "[a]]x.\n[b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, e := range func() []entry { e, _ := scanTOML(s); return e }() {
			if len(e.strings) > len(s) || len(e.raw) > len(s) {
				t.Errorf("%+v", e)
			}
		}
	})
}

func FuzzProc(f *testing.F) {
	f.Add([]byte(statusText("0", "1")))
	f.Add([]byte("5 (x) S 1 2"))
	f.Add([]byte(fakeLimits + wholeMap))
	f.Add([]byte("0: 2 0 00010000 0001 01 5 /x\n 0: 0100007F:1F90 0 0A 0 0 0 0 0 5 1\n4:memory:/x\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		parseStatus(b)
		parseStat(b)
		parseLimits(b)
		parseIDMap(b)
		parseUnix(b)
		parseTCP(bytes.NewReader(b), 9)
		parseMembership(b)
	})
}
