package snapshot_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

// telling is a snapshot full of names that must not get out.
const telling = `{
 "host":{"name":"run","accounts":{"v":{"groups":[{"name":"docker","gid":998,"members":["alice","root"]}]},"state":"observed"}},
 "engine":{"name":"run","insecureRegistries":["reg.corp:5000","10.1.0.0/16"],"mirrors":["https://mirror.corp/"],
  "components":[{"key":"containerd","value":"1.2.3.4"}],
  "config":{"v":{"settings":[{"key":"hosts","values":["tcp://10.1.2.3:2375","fd://"],"origin":"flag"}]}}},
 "spec":{"image":"reg.corp:5000/shop/web:1","mounts":[
   {"type":"bind","source":"/home/alice/data","destination":"/data","resolved":"observed"},
   {"type":"bind","source":"/run/docker.sock","destination":"/run/docker.sock","resolved":"observed"}]},
 "container":{"attachments":[{"network":"shop","ip":"172.20.0.2"}]},
 "image":{"tags":["reg.corp:5000/shop/web:1","nginx:1"]},
 "parts":{"engine.listeners":{"state":"denied","detail":"alice on run may not read 10.1.2.3 (8.8.8.8, [2001:4860::8]:53, ::1, 127.0.0.1)","grant":"ssh alice@run"}},
 "snapshot":{"listeners":[{"scope":"engine:7S6Z","network":"tcp","address":"10.1.2.3","port":2375},{"scope":"engine:7S6Z","network":"tcp","address":"127.0.0.1","port":2376}]}
}`

func TestScrub(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(telling))
	if err != nil {
		t.Fatal(err)
	}
	out, err := snapshot.Scrub(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"alice", "build-07", "corp", "10.1.", "172.20", "8.8.8.8", "2001:4860"} {
		if strings.Contains(b.String(), gone) {
			t.Errorf("%q is still there", gone)
		}
	}
	for _, kept := range []string{"/run/docker.sock", "127.0.0.1", "::1", "1.2.3.4", "nginx:1", `"root"`, `"fd://"`, "engine:7S6Z"} {
		if !strings.Contains(b.String(), kept) {
			t.Errorf("%q was lost", kept)
		}
	}
	if _, err := snapshot.Parse(b.Bytes()); err != nil {
		t.Errorf("the copy cannot be read: %v", err)
	}
	if a, l := out.Engines[0].Config.V.Settings[0].Values[0], out.Listeners[0].Address; !strings.Contains(a, l) {
		t.Errorf("one address has two stand-ins: %q, %q", a, l)
	}
	if img, tag := out.ContainerSpecs[0].Image, out.Images[0].Tags[0]; img != tag || snapshot.ParseReference(img).Registry == "docker.io" {
		t.Errorf("image %q, tag %q: one registry has two stand-ins, or is none any more", img, tag)
	}
}

func TestScrubIsDeterministicAndLeavesItsInput(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(telling))
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := snapshot.Scrub(s)
	b, errB := snapshot.Scrub(s)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) || a.ID == s.ID {
		t.Errorf("errors %v, %v; IDs %s, %s of %s", errA, errB, a.ID, b.ID, s.ID)
	}
	after, err := json.Marshal(s)
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the input was changed")
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("build-07", "10.0.0.1", "reg.corp:5000/a:1", "alice")
	f.Add("run", "::1", "docker.io/a@sha256:00", "root")
	f.Add("", "fe80::1", "[fd00::1]:5000/a", "host-1")
	f.Add("1.2.3.4", "224.0.0.1", "a", "user-1")
	f.Fuzz(func(t *testing.T, host, ip, image, user string) {
		s := checktest.Minimal()
		s.Hosts[0].Name, s.Engines[0].Name, s.Scopes[0].Name = host, host, host
		s.Containers[0].Networks[0].IP = ip
		s.ContainerSpecs[0].Image = image
		s.Hosts[0].Accounts.V.Groups[0].Members = []string{user}
		out, err := snapshot.Scrub(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Validate(); err != nil {
			t.Error(err)
		}
		if m := out.Hosts[0].Accounts.V.Groups[0].Members[0]; user != "" && user != "root" && m == user && strings.Trim(user, "0123456789+-") != "" {
			t.Errorf("the user %q is still there", user)
		}
	})
}
