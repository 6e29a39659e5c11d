package example

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"plimsoll/test/testbed"
)

type (
	object = map[string]any
	list   = []any
)

// images are the names under which the example's containers know the one image
// there is. Where it comes from decides what is said of registries.
var images = []string{"nginx:latest", "postgres:15", "redis:latest", "node-exporter:v1.7.0", "gitlab-runner:latest", "restic:0.16", "openvpn:latest"}

// container is one of the example's.
type container struct {
	name    string
	created bool // and never started
	spec    testbed.Spec
}

// populate fills an engine with containers that are run badly in the ways that
// are met most often, and one that is run well. Values are invented; only names
// and shapes of them reach a snapshot. The port of this machine that one of them
// takes must be free.
func populate(t *testing.T, bed *testbed.Bed, port int) {
	t.Helper()
	for _, ref := range images {
		repo, tag, _ := strings.Cut(ref, ":")
		bed.Post("/images/"+testbed.PinnedImage+"/tag?repo="+repo+"&tag="+tag, nil, nil)
	}
	if _, err := bed.Call(t.Context(), http.MethodDelete, "/images/"+testbed.Image, nil); err != nil {
		t.Fatal(err)
	}
	bed.Post("/networks/create", object{"Name": "shop"}, nil)
	bed.Post("/volumes/create", object{"Name": "shop_db"}, nil)
	var img struct{ RepoDigests []string }
	bed.Get("/images/"+testbed.PinnedImage+"/json", &img)
	socket := strings.TrimPrefix(bed.Address(), "unix://")
	for _, c := range append(badly(socket, port), well(img.RepoDigests[0])) {
		c.spec["StopSignal"] = "SIGKILL" // the image's program hears no other
		if c.created {
			bed.Create(c.name, c.spec)
		} else {
			bed.Run(c.name, c.spec)
		}
	}
}

func badly(socket string, port int) []container {
	always := object{"Name": "always"}
	return []container{
		{name: "shop-web", spec: testbed.Spec{
			"Image": "nginx:latest", "Labels": compose("web"), "ExposedPorts": object{"80/tcp": object{}},
			"HostConfig": object{
				"NetworkMode": "shop", "RestartPolicy": always,
				"PortBindings": object{"80/tcp": list{object{"HostPort": strconv.Itoa(port)}}},
			},
		}},
		{name: "shop-db", spec: testbed.Spec{
			"Image": "postgres:15", "Labels": compose("db"), "Env": list{"POSTGRES_USER=shop", "POSTGRES_PASSWORD=not-a-real-one"},
			"HostConfig": object{"NetworkMode": "shop", "RestartPolicy": object{"Name": "unless-stopped"}, "Binds": list{"shop_db:/var/lib/postgresql/data"}},
		}},
		{name: "shop-cache", spec: testbed.Spec{
			"Image":      "redis:latest",
			"HostConfig": object{"NetworkMode": "shop", "RestartPolicy": object{"Name": "on-failure"}, "IpcMode": "host", "SecurityOpt": list{"seccomp=unconfined"}},
		}},
		{name: "ci-runner", spec: testbed.Spec{
			"Image":      "gitlab-runner:latest",
			"Env":        list{"CI_SERVER_URL=https://git.example/", "RUNNER_TOKEN=not-a-real-one", "AWS_SECRET_ACCESS_KEY=not-a-real-one"},
			"HostConfig": object{"NetworkMode": "shop", "RestartPolicy": always, "Binds": list{socket + ":/var/run/docker.sock"}},
		}},
		{name: "backup", spec: testbed.Spec{
			"Image":      "restic:0.16",
			"Env":        list{"BACKUP_PASSPHRASE=not-a-real-one"},
			"HostConfig": object{"NetworkMode": "none", "RestartPolicy": always, "Binds": list{"/:/host:ro"}},
		}},
		{name: "node-exporter", spec: testbed.Spec{
			"Image":      "node-exporter:v1.7.0",
			"HostConfig": object{"NetworkMode": "host", "PidMode": "host", "RestartPolicy": always},
		}},
		{name: "vpn-old", created: true, spec: testbed.Spec{ // one docker start away
			"Image":      "openvpn:latest",
			"HostConfig": object{"NetworkMode": "host", "Privileged": true},
		}},
	}
}

func well(pinned string) container {
	return container{name: "mailer", spec: testbed.Spec{
		"Image": pinned, "User": "1000:1000",
		"Healthcheck": object{"Test": list{"CMD", "/bin/ls", "/tmp"}, "Interval": 30e9, "Timeout": 5e9, "Retries": 3},
		"HostConfig": object{
			"NetworkMode": "shop", "RestartPolicy": object{"Name": "on-failure", "MaximumRetryCount": 5},
			"Memory": 64 << 20, "MemorySwap": 64 << 20, "NanoCpus": 5e8, "PidsLimit": 64, "ReadonlyRootfs": true,
			"CapDrop": list{"ALL"}, "SecurityOpt": list{"no-new-privileges"}, "Tmpfs": object{"/tmp": "size=8m,noexec,nosuid,nodev"},
			"LogConfig": object{"Type": "json-file", "Config": object{"max-size": "10m", "max-file": "3"}},
		},
	}}
}

func compose(service string) object {
	return object{
		"com.docker.compose.project": "shop", "com.docker.compose.service": service, "com.docker.compose.container-number": "1",
		"com.docker.compose.project.config_files": "/srv/shop/compose.yaml", "com.docker.compose.project.working_dir": "/srv/shop",
	}
}
