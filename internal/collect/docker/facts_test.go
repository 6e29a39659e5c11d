package docker

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// TestRecordedEngine replays the answers of a real engine.
func TestRecordedEngine(t *testing.T) {
	f := newFake(t)
	for path, name := range map[string]string{"/containers/json": "containers", "/images/json": "images", "/networks": "networks", "/volumes": "volumes"} {
		f.set(path, recorded(t, name))
	}
	for _, name := range []string{"web", "db"} {
		o, ok := answer.Parse([]byte(recorded(t, name)), "", new(answer.Unread))
		if !ok {
			t.Fatalf("recorded %s is no object", name)
		}
		f.set("/containers/"+o.Text("Id", 64)+"/json", recorded(t, name))
	}
	const image = "sha256:feb12f5ae6478ac93c68b3fb85351b44c90420821548b6e59221cc6d8a2da218"
	f.set("/images/"+image+"/json", recorded(t, "image"))
	f.set("/images/"+image+"/history", recorded(t, "history"))
	s := f.collect(Options{})
	seal(t, s)
	if !s.Complete || len(s.Containers) != 2 || len(s.Parts) != len(apiParts())+len(machineParts())+1 {
		t.Errorf("complete %t, %d containers, parts %+v", s.Complete, len(s.Containers), s.Parts)
	}
	wantImage := []snapshot.Image{{
		Scope: s.Scopes[0].ID, ID: image, Tags: []string{"127.0.0.1:5000/testbed/busybox:1", "testbed/busybox:1"},
		Digests: []string{"127.0.0.1:5000/testbed/busybox@sha256:319f151525b7466687d7c4fd7eeb4455f4302833310c1796d7768c01b384582d"},
		Created: "2026-11-24T14:58:18.581688558Z", Size: 1982382, UserUID: snapshot.Seen[int64](0, "Config.User"),
		Config: snapshot.Seen(snapshot.ImageConfig{
			Platform: "linux/amd64", Layers: []string{"sha256:826bf0d6cee218beb7281189f9553c59030a73973fd55aa3fd9c861c0d423d06"}, Steps: []snapshot.ImageStep{{}},
		}, "GET /images/ID/json, GET /images/ID/history"),
	}}
	if d := cmp.Diff(wantImage, s.Images); d != "" {
		t.Errorf("images (-want +got):\n%s", d)
	}
	i := slices.IndexFunc(s.Networks, func(n snapshot.Network) bool { return n.Default })
	if len(s.Networks) != 3 || i < 0 || s.Networks[i].Name != "bridge" || !slices.Contains(s.Networks[i].Options, snapshot.Pair{Key: "com.docker.network.bridge.enable_icc", Value: "true"}) {
		t.Errorf("networks %+v", s.Networks)
	}
	if len(s.Volumes) != 1 || s.Volumes[0].Name != "cdrec-data" {
		t.Errorf("volumes %+v", s.Volumes)
	}
}

func TestEngineFacts(t *testing.T) {
	tests := []struct {
		name, info string
		want       snapshot.Engine
	}{
		{"security options", `{"SecurityOptions":["name=seccomp,profile=builtin","name=rootless","name=userns","name=cgroupns"]}`, snapshot.Engine{
			SecurityOptions: []string{"name=seccomp,profile=builtin", "name=rootless", "name=userns", "name=cgroupns"}, Rootless: true, UsernsRemap: true,
		}},
		{"containerd store", `{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}`, snapshot.Engine{ContainerdStore: true}},
		{"another driver", `{"DriverStatus":[["Backing Filesystem","extfs"]]}`, snapshot.Engine{}},
		{"registries", `{"RegistryConfig":{"InsecureRegistryCIDRs":["127.0.0.0/8","::1/128","10.0.0.0/8"],"IndexConfigs":{
			"docker.io":{"Secure":true,"Mirrors":["https://u:p@m/"]},"reg:5000":{"Secure":false}},"Mirrors":["https://m/","https://m/?token=x"]}}`, snapshot.Engine{
			InsecureRegistries: []string{"reg:5000", "10.0.0.0/8"}, Mirrors: []string{"https://m/"},
		}},
		{"plugins", `{"Plugins":{"Authorization":["opa"],"Network":null},"Runtimes":{"runsc":{},"runc":{}}}`, snapshot.Engine{
			AuthorizationPlugins: []string{"opa"}, Runtimes: []string{"runc", "runsc"},
		}},
	}
	for _, tt := range tests {
		bad := new(answer.Unread)
		o, ok := answer.Parse([]byte(tt.info), "info.", bad)
		if !ok {
			t.Fatal(tt.info)
		}
		var got snapshot.Engine
		decodeInfo(o, &got)
		if d := cmp.Diff(tt.want, got); d != "" || bad.Len() > 0 {
			t.Errorf("%s: unread %q (-want +got):\n%s", tt.name, bad.Sorted(), d)
		}
	}
}

func TestPodmanIsRecognised(t *testing.T) {
	f := newFake(t)
	f.set("/version", `{"Platform":{"Name":"linux/amd64/debian-13"},"Version":"5.4.2","ApiVersion":"1.41","Components":[{"Name":"Podman Engine","Version":"5.4.2"}]}`)
	s := f.collect(Options{})
	if p := s.Engines[0].Platform; p != "Podman Engine" {
		t.Errorf("platform %q", p)
	}
}

func TestVolumesThatAreBindMountsInDisguise(t *testing.T) {
	f := newFake(t)
	f.set("/volumes", `{"Volumes":[
		{"Name":"etc","Driver":"local","Options":{"type":"none","o":"bind","device":"/etc"}},
		{"Name":"share","Driver":"local","Options":{"type":"cifs","device":"//host/share"}}]}`)
	f.add("aaaa", "c", container(t, "c", func(top, _, _ map[string]any) {
		top["Mounts"] = []any{map[string]any{"Type": "volume", "Name": "etc", "Source": "/var/lib/docker/volumes/etc/_data", "Destination": "/x", "RW": true}}
	}))
	s := f.collect(Options{Local: newLocal(), Machine: here(t), HostScope: "host:x"})
	for _, v := range s.Volumes {
		if want := map[string]string{"etc": "/etc"}[v.Name]; v.Device != want {
			t.Errorf("volume %s has device %q, want %q", v.Name, v.Device, want)
		}
	}
	if _, spec := find(t, s, "c"); spec.Mounts[0].Real != "/real/etc" {
		t.Errorf("mount %+v is not led to the device", spec.Mounts[0])
	}
}
