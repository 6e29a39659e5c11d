package docker

import "testing"

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]version{
		"29.1.0": {29, 1, 0}, "20.10.24+dfsg1": {20, 10, 24}, "28.0.0-rc.1": {28, 0, 0}, "29": {29, 0, 0}, "19.03.15": {19, 3, 15},
		"": {}, "dev": {}, "0.0.0-dev": {}, "-1.2": {}, "29.x": {},
	} {
		got, ok := parseVersion(in)
		if got != want || ok != (want != version{}) {
			t.Errorf("parseVersion(%q) = %v, %v; want %v", in, got, ok, want)
		}
	}
	if v := (version{29, 3, 0}); v.atLeast(29, 3, 1) || !v.atLeast(29, 3, 0) || !v.atLeast(28, 9, 9) {
		t.Errorf("%v compares wrongly", v)
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"29.1.0", "20.10.24+dfsg1", "dev", "1.99999999999999999999", "\x1b[31m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := parseVersion(s); ok && (v.major < 1 || v.minor < 0 || v.patch < 0) {
			t.Errorf("parseVersion(%q) = %v", s, v)
		}
	})
}

func TestLoopback(t *testing.T) {
	for in, want := range map[string]bool{
		"127.0.0.0/8": true, "127.1.0.0/16": true, "127.0.0.1:5000": true, "localhost": true, "localhost:5000": true, "[::1]:5000": true, "::1/128": true,
		"::ffff:127.0.0.1": true, "127.0.0.0/7": false, "0.0.0.0/0": false, "::/0": false, "localhost.example": false, "10.0.0.1": false, "": false,
	} {
		if got := loopback(in); got != want {
			t.Errorf("loopback(%q) = %v", in, got)
		}
	}
}

func TestOnThisMachine(t *testing.T) {
	for in, want := range map[string]bool{
		"unix:///dev/log": true, "udp://127.0.0.1:514": true, "localhost:24224": true, ":24224": true, "tcp://[::1]:601": true, "tcp://0.0.0.0:1": true,
		"tcp+tls://logs.example:6514": false, "https://splunk.example/": false, "10.0.0.9:24224": false,
	} {
		if got := onThisMachine(in); got != want {
			t.Errorf("onThisMachine(%q) = %v", in, got)
		}
	}
}

func TestListensOnTCP(t *testing.T) {
	for in, want := range map[string]bool{
		"tcp://0.0.0.0:2375": true, "0.0.0.0:2375": true, ":2375": true, "unix:///run/docker.sock": false, "fd://": false, "": false,
	} {
		if got := listensOnTCP([]string{in}); got != want {
			t.Errorf("listensOnTCP(%q) = %v", in, got)
		}
	}
}
