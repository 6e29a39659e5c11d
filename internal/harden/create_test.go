package harden

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

const longID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestSuccessor looks at what is given back to the engine differently from how
// the engine described it.
func TestSuccessor(t *testing.T) {
	const bridge = `"NetworkSettings":{"Networks":{"bridge":{"NetworkID":"n1"}}}`
	for _, tc := range []struct {
		name, config, host, rest, image string
		running                         bool
		want, not                       []string // parts of the body
	}{
		{name: "generated host name", config: `"Hostname":"0123456789ab"`, rest: bridge, not: []string{"Hostname"}},
		{name: "chosen host name", config: `"Hostname":"web"`, rest: bridge, want: []string{`"Hostname":"web"`}},
		{name: "host network", config: `"Hostname":"vm"`, host: `"NetworkMode":"host"`, rest: `"Mounts":[]`, not: []string{"Hostname", "NetworkingConfig"}},
		{name: "another's network", config: `"Hostname":"x","ExposedPorts":{"80/tcp":{}}`, host: `"NetworkMode":"container:abc"`, rest: `"Mounts":[]`, not: []string{"Hostname", "ExposedPorts"}},
		{name: "emptied entrypoint", config: `"Entrypoint":null`, rest: bridge, image: `{"Config":{"Entrypoint":["/run"]}}`, want: []string{`"Entrypoint":[""]`}},
		{name: "no entrypoint anywhere", config: `"Entrypoint":null`, rest: bridge, want: []string{`"Entrypoint":null`}},
		{
			name: "anonymous volumes", host: `"Binds":["v1:/a:ro"],"Mounts":[{"Type":"volume","Target":"/b","VolumeOptions":{"NoCopy":true}}]`,
			rest: bridge + `,"Mounts":[{"Type":"volume","Name":"v1","Destination":"/a","RW":false},{"Type":"volume","Name":"v2","Destination":"/b","RW":true},{"Type":"volume","Name":"v3","Destination":"/c","RW":false},{"Type":"bind","Destination":"/d"}]`,
			want: []string{`"Binds":["v1:/a:ro","v3:/c:ro"]`, `"Source":"v2"`, `"NoCopy":true`},
		},
		{
			name: "asked-for addresses", host: `"NetworkMode":"shop"`,
			rest: `"NetworkSettings":{"Networks":{"shop":{"IPAMConfig":{"IPv4Address":"10.0.0.9"},"IPAddress":"10.0.0.9","MacAddress":"02:00:00:00:00:01","Aliases":["web","0123456789ab"]}}}`,
			want: []string{`"shop":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"10.0.0.9"},"MacAddress":"02:00:00:00:00:01"}`}, not: []string{`"IPAddress"`},
		},
		{
			name: "derived address of a running one", host: `"NetworkMode":"shop"`,
			running: true,
			rest:    `"NetworkSettings":{"Networks":{"shop":{"IPAddress":"10.0.0.9","MacAddress":"02:42:0a:00:00:09"}}}`, not: []string{"MacAddress"},
		},
		{
			name: "other address of a running one", host: `"NetworkMode":"shop"`,
			running: true,
			rest:    `"NetworkSettings":{"Networks":{"shop":{"IPAddress":"10.0.0.9","MacAddress":"02:42:0a:00:00:08","GwPriority":7}}}`,
			want:    []string{`{"GwPriority":7,"MacAddress":"02:42:0a:00:00:08"}`},
		},
		{name: "field of a later engine", config: `"FromTheFuture":{"a":1}`, host: `"AlsoNew":[2]`, rest: bridge, want: []string{`"FromTheFuture":{"a":1}`, `"AlsoNew":[2]`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw := fmt.Appendf(nil, `{"Id":%q,"State":{"Running":%t},"Config":{%s},"HostConfig":{%s},%s}`, longID, tc.running, tc.config, tc.host, tc.rest)
			v, err := parseView(raw)
			if err != nil {
				t.Fatal(err)
			}
			if tc.image == "" {
				tc.image = "{}"
			}
			c, err := successor(raw, []byte(tc.image), v, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(c.body)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range tc.want {
				if !strings.Contains(string(body), w) {
					t.Errorf("body %s lacks %s", body, w)
				}
			}
			for _, w := range tc.not {
				if strings.Contains(string(body), w) {
					t.Errorf("body %s has %s", body, w)
				}
			}
		})
	}
}

func TestSuccessorRefusesLostNetwork(t *testing.T) {
	raw := fmt.Appendf(nil, `{"Id":%q,"State":{},"Config":{},"HostConfig":{"NetworkMode":"shop"},"NetworkSettings":{"Networks":{"other":{}}}}`, longID)
	v, err := parseView(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := successor(raw, []byte("{}"), v, nil); err == nil || !strings.Contains(err.Error(), "disconnected by hand") {
		t.Errorf("err = %v", err)
	}
}

func TestWrittenPaths(t *testing.T) {
	v := &view{Container: &inspect.Container{Spec: snapshot.ContainerSpec{Mounts: []snapshot.Mount{{Destination: "/mnt/x/data"}}, Tmpfs: []string{"/scratch/"}}}}
	got := writtenPaths([]dockerapi.Change{
		{Path: "/mnt", Kind: 0},
		{Path: "/mnt/x", Kind: 1},
		{Path: "/mnt/x/data", Kind: 1},
		{Path: "/mnt/x/data/f", Kind: 1},
		{Path: "/scratch", Kind: 1},
		{Path: "/etc", Kind: 0},
		{Path: "/etc/new", Kind: 1},
		{Path: "/mnt/y", Kind: 1},
		{Path: "/tmp", Kind: 0},
		{Path: "", Kind: 0},
	}, v)
	if want := "[ /etc/new /mnt/y /tmp]"; fmt.Sprint(got) != want {
		t.Errorf("writtenPaths = %v, want %s", got, want)
	}
}
