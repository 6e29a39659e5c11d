package harden

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"plimsoll/internal/step"
)

// TestRecipe writes fields into a request; want is what it then holds, or why the
// field is refused.
func TestRecipe(t *testing.T) {
	for _, tt := range []struct {
		name, config, host, image string
		field, value              string
		want, refused             string
	}{
		{name: "a prefixed capability", host: `"CapAdd":["CAP_SYS_ADMIN","SYS_TIME"]`, field: "HostConfig.CapAdd[SYS_ADMIN]", value: "false", want: `"CapAdd":["SYS_TIME"]`},
		{name: "an old option", host: `"SecurityOpt":["seccomp:unconfined","label=disable"]`, field: fieldSeccomp, value: "", want: `"SecurityOpt":["label=disable"]`},
		{name: "a profile back", host: `"SecurityOpt":null`, field: fieldAppArmor, value: "unconfined", want: `"SecurityOpt":["apparmor=unconfined"]`},
		{name: "the engine's profile", host: `"SecurityOpt":["apparmor=unconfined"]`, field: fieldAppArmor, value: "docker-default", want: `"SecurityOpt":[]`},
		{name: "labels", host: `"SecurityOpt":[]`, field: fieldLabel, value: "type:a_t,level:s0", want: `"SecurityOpt":["label=type:a_t","label=level:s0"]`},
		{name: "a profile without its text", host: `"SecurityOpt":[]`, field: fieldSeccomp, value: "sha256:ab", refused: "by its digest only"},
		{name: "privileged again", host: `"MaskedPaths":["/proc/kcore"],"ReadonlyPaths":[]`, field: fieldPrivileged, value: "true", want: `"Privileged":true,"ReadonlyPaths":[]`},
		{name: "some masks", field: fieldMasks, value: "without /proc/keys", refused: "neither default nor unconfined"},
		{name: "a bind with a mode", host: `"Binds":["/srv:/a:z,rw,rslave"]`, field: "HostConfig.Mounts[/a].ReadOnly", value: "true", want: `"Binds":["/srv:/a:z,rslave,ro"]`},
		{name: "propagation of a mount", host: `"Mounts":[{"Target":"/a","BindOptions":null}]`, field: "HostConfig.Mounts[/a].Propagation", value: "rprivate", want: `"BindOptions":{"Propagation":"rprivate"}`},
		{name: "propagation of no kind", host: `"Binds":["/srv:/a"]`, field: "HostConfig.Mounts[/a].Propagation", value: "wide", refused: "is not one of"},
		{name: "volumes of another", host: `"VolumesFrom":["x"]`, field: "HostConfig.Mounts[/a]", value: "", refused: "--volumes-from"},
		{name: "a declared volume", host: `"Binds":["v:/a"]`, image: `{"Config":{"Volumes":{"/a":{}}}}`, field: "HostConfig.Mounts[/a]", value: "", refused: "declares a volume"},
		{name: "a mount back", host: `"Mounts":null`, field: "HostConfig.Mounts[/a]", value: "bind /srv/x y ro,rslave", want: `"Mounts":[{"BindOptions":{"Propagation":"rslave"},"ReadOnly":true,"Source":"/srv/x y","Target":"/a","Type":"bind"}]`},
		{name: "a tmpfs back", field: "HostConfig.Mounts[/a]", value: "tmpfs  rw", refused: "not a bind or a volume"},
		{name: "a tmpfs of a mount", host: `"Mounts":[{"Type":"tmpfs","Target":"/t"}]`, field: "HostConfig.Tmpfs[/t]", value: "", refused: "given as a mount"},
		{name: "a port of all", host: `"PublishAllPorts":true`, field: "HostConfig.PortBindings[80/tcp]", value: "", refused: "every port that its image exposes"},
		{name: "a port", host: `"PortBindings":null`, field: "HostConfig.PortBindings[80/tcp]", value: "[::1]:80", want: `"PortBindings":{"80/tcp":[{"HostIp":"::1","HostPort":"80"}]}`},
		{name: "a port of words", field: "HostConfig.PortBindings[80/tcp]", value: "everywhere", refused: "is not ADDRESS:PORT"},
		{name: "another driver", field: fieldLog, value: "syslog", refused: "neither json-file nor none"},
		{name: "an image's test", config: `"Healthcheck":{"Test":["NONE"]}`, image: `{"Config":{"Healthcheck":{"Test":["CMD","x"]}}}`, field: fieldHealth, value: "CMD", want: `{"HostConfig":{}}`},
		{name: "an invented test", image: `{"Config":{}}`, field: fieldHealth, value: "CMD", refused: "no health test"},
		{name: "limits", host: `"Ulimits":[{"Name":"core","Hard":0,"Soft":0}]`, field: "HostConfig.Ulimits[nofile]", value: "1:2", want: `{"Hard":2,"Name":"nofile","Soft":1}`},
		{name: "no limits", field: "HostConfig.Ulimits[nofile]", value: "many", refused: "is not SOFT:HARD"},
		{name: "what nothing sets", field: "HostConfig.NetworkMode", value: "none", refused: "not changed by re-creating"},
		{name: "a list in another form", host: `"CapAdd":7`, field: "HostConfig.CapAdd[X]", value: "true", refused: "not understood"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recipe{image: json.RawMessage(`{}`)}
			if tt.image != "" {
				r.image = json.RawMessage(tt.image)
			}
			if err := errors.Join(json.Unmarshal([]byte("{"+tt.config+"}"), &r.config), json.Unmarshal([]byte("{"+tt.host+"}"), &r.host)); err != nil {
				t.Fatal(err)
			}
			err := r.set(tt.field, tt.value)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("err = %v, want %q", err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := put(r.config, "HostConfig", r.host); err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(r.config)
			if err != nil || !strings.Contains(string(body), tt.want) {
				t.Errorf("%s, %v, want %s", body, err, tt.want)
			}
		})
	}
}

// TestPartsComeBackAfterCommit: what was taken away is made anew from the step when
// the former container is gone.
func TestPartsComeBackAfterCommit(t *testing.T) {
	b := realBed(t)
	on := b.run("parts", append([]string{
		"--network", "none", "-v", "/srv:/a b:ro", "--device", "/dev/fuse:/dev/f:r", "--cap-add", "SYS_TIME", "--security-opt", "seccomp=unconfined",
		"--security-opt", "systempaths=unconfined", "--uts", "host",
	}, sleeper...)...)
	changes := []step.Change{
		set("HostConfig.Mounts[/a b]", "bind /srv ro,rprivate", ""), set("HostConfig.Devices[/dev/fuse]", "/dev/f r", ""),
		set("HostConfig.CapAdd[SYS_TIME]", "true", "false"), set(fieldSeccomp, "unconfined", ""), set(fieldMasks, "unconfined", "default"), set(fieldUTSMode, "host", ""),
	}
	before := find(t, b.collect(), on)
	o := b.options()
	if _, err := Apply(t.Context(), o, []step.Step{step.New(step.ContainerRecreate, on, changes...)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Commit(t.Context(), o, "latest"); err != nil {
		t.Fatal(err)
	}
	rep, err := Rollback(t.Context(), o, "latest")
	if err != nil || rep.Steps[0].Undo != step.UndoEquivalent {
		t.Fatalf("rollback after commit: %+v, %v", rep.Steps, err)
	}
	if after := find(t, b.collect(), on); !sameLooks(before, after) {
		t.Errorf("it was %+v, it is %+v", before, after)
	}
}

func sameLooks(a, b looks) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
