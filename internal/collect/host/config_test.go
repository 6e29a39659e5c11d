package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// shown writes a setting for comparison: key=values, key hidden.
func shown(s snapshot.Setting) string {
	if s.Hidden != nil {
		return s.Key + " hidden"
	}
	return s.Key + "=" + strings.Join(s.Values, "|")
}

func TestMisplaced(t *testing.T) {
	flags := map[string][]string{"icc": {"false"}, "debug": {"true"}}
	file := map[string][]string{"debug": {"true"}, "http-proxy": {"x"}, "iptables": {"true"}, "runtime\x1b": {"x"}, "log-opts": {"max-size=1m"}}
	twice, unknown := misplaced(flags, file)
	if !slices.Equal(twice, []string{"debug"}) || !slices.Equal(unknown, []string{"runtime\uFFFD"}) {
		t.Errorf("twice %q, unknown %q", twice, unknown)
	}
}

func TestParseCmdline(t *testing.T) {
	for in, want := range map[string]string{
		"dockerd": "",
		"":        "",
		"dockerd --icc=false --debug --iptables=false":                            "debug=true icc=false iptables=false",
		"dockerd -H fd:// -H=tcp://0.0.0.0:2375 -Hunix:///x":                      "hosts=fd://|tcp://0.0.0.0:2375|unix:///x",
		"dockerd -Dl info -G docker":                                              "debug=true group=docker log-level=info",
		"dockerd -D=false -g /data -p /p -s vfs":                                  "data-root=/data debug=false pidfile=/p storage-driver=vfs",
		"dockerd --data-root /a --data-root /b":                                   "data-root=/b",
		"dockerd --userns-remap":                                                  "userns-remap=true",
		"dockerd --new-thing secret --icc":                                        "icc=true new-thing hidden",
		"dockerd --new-thing --icc=false":                                         "icc=false new-thing hidden",
		"dockerd -z secret":                                                       "-z hidden",
		"dockerd --label a=b --log-opt max-size=1m --log-opt splunk-token=s3cret": "labels hidden log-opts=max-size=1m|splunk-token",
		"dockerd --registry-mirror https://u:p@m.example/?t=1":                    "registry-mirrors=https://m.example/",
		"dockerd --http-proxy http://u:p@h":                                       "http-proxy hidden",
		"dockerd --icc -- --debug":                                                "icc=true",
		"dockerd --authorization-plugin=a --authorization-plugin b":               "authorization-plugins=a|b",
		"dockerd --bip \x1b[31m":                                                  "bip hidden",
		"dockerd --containerd AKIAABCDEFGHIJKLMNOP":                               "containerd hidden",
	} {
		c := parseCmdline([]byte(strings.ReplaceAll(in, " ", "\x00") + "\x00"))
		var got []string
		for _, s := range merge(c.values, nil) {
			got = append(got, shown(s))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q\n got %s\nwant %s", in, g, want)
		}
	}
}

func TestParseDaemonJSON(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		" \n":                         "",
		"\xef\xbb\xbf{\"icc\":false}": "icc=false",
		`{"hosts":["unix:///a","tcp://u:p@1.2.3.4:1"],"mtu":1500,"debug":null}`:           "hosts=unix:///a|tcp://1.2.3.4:1 mtu=1500",
		`{"default-ulimits":{"nofile":{"Name":"nofile","Hard":2,"Soft":1}}}`:              "default-ulimits=nofile=1:2",
		`{"runtimes":{"k":{"path":"/k","runtimeArgs":["s3cret"]}}}`:                       "runtimes=k=/k",
		`{"default-address-pools":[{"base":"10.0.0.0/8","size":24}]}`:                     "default-address-pools=base=10.0.0.0/8,size=24",
		`{"features":{"containerd-snapshotter":true,"a":false}}`:                          "features=a=false|containerd-snapshotter=true",
		`{"log-opts":{"max-size":"1m","gelf-address":"udp://s3cret"}}`:                    "log-opts=gelf-address|max-size=1m",
		`{"proxies":{"http-proxy":"http://u:p@x","odd":"s3cret"},"unknown":{"a":["s3"]}}`: "http-proxy hidden proxies hidden unknown hidden",
		`{"builder":{"gc":{"enabled":true}}}`:                                             "builder=gc.enabled=true",
	} {
		v, err := parseDaemonJSON([]byte(in))
		var got []string
		for _, s := range merge(nil, v) {
			got = append(got, shown(s))
		}
		if g := strings.Join(got, " "); g != want || err != nil {
			t.Errorf("%q\n got %s, %v\nwant %s", in, g, err, want)
		}
	}
	for _, bad := range []string{"{", "[]", `"s3cret"`, `{"s3cret":1} x`, `{"a":"s3cret`, strings.Repeat("[", 20000)} {
		if _, err := parseDaemonJSON([]byte(bad)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestBareAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://u:p@h/x?t=1#f": "https://h/x", "https://h/x": "https://h/x", "u:p@h:5000": "h:5000", "10.0.0.0/8": "10.0.0.0/8",
		"unix:///a@b?c": "unix:///a@b?c", "https://u:p/q@h": "https://h", "fd://": "fd://", "tcp://[::1]:2375": "tcp://[::1]:2375",
	} {
		if got := bareAddress(in); got != want {
			t.Errorf("bareAddress(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	dockerd := func(uid string, more map[string]string) (*Machine, snapshot.DaemonProcess) {
		files := process("42", map[string]string{"proc/42/exe": "-> /usr/bin/dockerd", "proc/self/ns/mnt": "-> mnt:[100]"})
		maps.Copy(files, ns("42", 100))
		maps.Copy(files, more)
		d := snapshot.DaemonProcess{PID: 42, Exe: "/usr/bin/dockerd"}
		fmt.Sscan(uid, &d.UID)
		return fake(t, files), d
	}
	for _, tt := range []struct {
		name, uid string
		files     map[string]string
		state     snapshot.State
		reason    snapshot.Reason
		file      string
		seen      snapshot.State
		settings  string
	}{
		{
			"defaults", "0",
			map[string]string{"proc/42/cmdline": "dockerd\x00"},
			snapshot.Observed, "", "/etc/docker/daemon.json", snapshot.Absent, "",
		},
		{
			"the flag holds", "0",
			map[string]string{
				"proc/42/cmdline": "dockerd\x00--icc=false\x00", "etc/docker/daemon.json": `{"icc":true,"debug":true}`,
			},
			snapshot.Observed, "", "/etc/docker/daemon.json", snapshot.Observed, "debug=true icc=false",
		},
		{
			"named file", "0",
			map[string]string{"proc/42/cmdline": "dockerd\x00--config-file\x00/x.json\x00", "x.json": `{"icc":true}`},
			snapshot.Observed, "", "/x.json", snapshot.Observed, "icc=true",
		},
		{
			"relative file", "0",
			map[string]string{
				"proc/42/cmdline": "dockerd\x00--config-file=x.json\x00", "proc/42/cwd": "-> /srv", "srv/x.json": `{"icc":true}`,
			},
			snapshot.Observed, "", "/srv/x.json", snapshot.Observed, "icc=true",
		},
		{
			"unparsable", "0",
			map[string]string{"proc/42/cmdline": "dockerd\x00-D\x00", "etc/docker/daemon.json": `{`},
			snapshot.Failed, snapshot.ReasonUnparsable, "/etc/docker/daemon.json", snapshot.Failed, "debug=true",
		},
		{
			"rootless", "1000",
			map[string]string{
				"proc/42/cmdline": "dockerd\x00", "proc/42/environ": "SECRET=s3cret\x00HOME=/home/u\x00",
				"home/u/.config/docker/daemon.json": `{"mtu":1}`,
			},
			snapshot.Observed, "", "/home/u/.config/docker/daemon.json", snapshot.Observed, "mtu=1",
		},
		{
			"own mounts", "0",
			map[string]string{
				"proc/42/cmdline": "dockerd\x00", "proc/42/ns/mnt": "-> mnt:[7]",
				"etc/docker/daemon.json": `{"mtu":1}`, "proc/42/root/etc/docker/daemon.json": `{"mtu":2}`,
			},
			snapshot.Observed, "", "/etc/docker/daemon.json", snapshot.Observed, "mtu=2",
		},
		{"gone", "0", nil, snapshot.Failed, snapshot.ReasonPartial, "", snapshot.Skipped, ""},
		{"ended", "0", map[string]string{"proc/42/cmdline": ""}, snapshot.Failed, snapshot.ReasonPartial, "", snapshot.Skipped, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, d := dockerd(tt.uid, tt.files)
			f := m.Config(context.Background(), d)
			var got []string
			for _, s := range f.V.Settings {
				got = append(got, shown(s))
			}
			if f.State != tt.state || f.Reason != tt.reason || f.V.File != tt.file || f.V.FileSeen != tt.seen || strings.Join(got, " ") != tt.settings {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestConfigOfPodman(t *testing.T) {
	f := Open(t.TempDir()).Config(context.Background(), snapshot.DaemonProcess{PID: 1, Exe: "/usr/bin/podman"})
	if f.State != snapshot.Skipped {
		t.Errorf("%+v", f)
	}
}

// TestReads keeps the list for people in step with the paths in the code.
func TestReads(t *testing.T) {
	all := strings.Join(Open("").Reads(), "\n")
	for _, p := range []string{defaultConfig, dpkgInfo, dpkgStatus, apkDB, "HOME", "xdg"} {
		if !strings.Contains(strings.ToLower(all), strings.ToLower(p)) {
			t.Errorf("Reads does not name %s", p)
		}
	}
}
