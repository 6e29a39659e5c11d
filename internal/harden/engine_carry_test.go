package harden

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"testing"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// TestRecreateKeepsTheRest compares all of a rich container's configuration
// before and after a re-creation.
func TestRecreateKeepsTheRest(t *testing.T) { onBoth(t, recreateKeepsTheRest) }

func recreateKeepsTheRest(b *bed) {
	t := b.T
	net1, net2, vol := b.prefix+"n1", b.prefix+"n2", b.prefix+"v"
	b.docker("network", "create", "--subnet", "10.203.7.0/24", net1)
	b.docker("network", "create", net2)
	b.docker("volume", "create", vol)
	t.Cleanup(func() {
		b.sweep()
		exec.Command("docker", "network", "rm", net1, net2).Run()
		exec.Command("docker", "volume", "rm", vol).Run()
	})
	on := b.run("rich", append([]string{
		"--network", net1, "--ip", "10.203.7.9", "--network-alias", "shop", "-v", vol + ":/data:ro", "-v", "/anon",
		"--mount", "type=volume,target=/anon2", "--tmpfs", "/scratch:size=1m", "-e", "TOKEN=canary", "-l", "a=b", "--ulimit", "nofile=100:200", "-p", "127.0.0.1::8080",
		"--add-host", "x:10.0.0.1", "--sysctl", "net.ipv4.ip_forward=0", "--cap-add", "SYS_PTRACE", "--restart", "unless-stopped", "--stop-timeout", "3", "--health-cmd", "true",
		"--health-interval", "200ms", "-m", "64m", "--pids-limit", "50", "--log-opt", "max-size=1m", "-w", "/data", "-u", "0:0",
	}, sleeper...)...)
	connect := []string{"network", "connect", "--alias", "second"}
	if !b.debian {
		connect = append(connect, "--gw-priority", "7")
	}
	b.docker(append(connect, net2, on.Name)...)
	b.docker("exec", on.Name, "sh", "-c", "echo kept > /anon/f; echo kept > /anon2/f")
	before := b.inspect(on.Name)

	o := b.options()
	s := step.New(step.ContainerRecreate, on, step.Change{Field: fieldNoNew, From: "", To: "true"})
	if _, err := Apply(t.Context(), o, []step.Step{s}); err != nil {
		t.Fatal(err)
	}
	if got := b.docker("exec", on.Name, "cat", "/anon/f", "/anon2/f"); got != "kept\nkept" {
		t.Errorf("anonymous volumes hold %q", got)
	}
	b.sameConfig(before, b.inspect(on.Name), "SecurityOpt", "Binds", "Mounts")

	// After commit a rollback makes an equal container anew.
	if _, err := Commit(t.Context(), o, "latest"); err != nil {
		t.Fatal(err)
	}
	rep, err := Rollback(t.Context(), o, "latest")
	if err != nil || rep.Steps[0].Undo != step.UndoEquivalent {
		t.Fatalf("rollback after commit: %+v, %v", rep.Steps, err)
	}
	if got := b.docker("exec", on.Name, "cat", "/anon/f", "/anon2/f"); got != "kept\nkept" {
		t.Errorf("anonymous volumes hold %q after rollback", got)
	}
	b.sameConfig(before, b.inspect(on.Name), "Binds", "Mounts")
}

// sameConfig compares two descriptions but for some keys of HostConfig.
func (b *bed) sameConfig(before, after []byte, but ...string) {
	b.Helper()
	type described struct {
		Config, HostConfig map[string]json.RawMessage
		State              struct{ Running bool }
		NetworkSettings    struct {
			Networks map[string]struct {
				IPAMConfig            json.RawMessage
				Aliases               []string
				IPAddress, MacAddress string
				GwPriority            int
			}
		}
	}
	var x, y described
	if err := errors.Join(json.Unmarshal(before, &x), json.Unmarshal(after, &y)); err != nil {
		b.Fatal(err)
	}
	compare := func(what string, p, q map[string]json.RawMessage) {
		for k := range p {
			if !slices.Contains(but, k) && k != "Hostname" && string(p[k]) != string(q[k]) {
				b.Errorf("%s.%s: %s, was %s", what, k, q[k], p[k])
			}
		}
	}
	compare("Config", x.Config, y.Config)
	compare("HostConfig", x.HostConfig, y.HostConfig)
	if !y.State.Running {
		b.Error("it does not run")
	}
	if len(y.NetworkSettings.Networks) != len(x.NetworkSettings.Networks) {
		b.Errorf("networks %v, were %v", y.NetworkSettings.Networks, x.NetworkSettings.Networks)
	}
	for name, n := range x.NetworkSettings.Networks {
		m := y.NetworkSettings.Networks[name]
		if string(n.IPAMConfig) != "null" && string(n.IPAMConfig) != "{}" && (m.IPAddress != n.IPAddress || m.MacAddress != n.MacAddress || m.GwPriority != n.GwPriority) {
			b.Errorf("network %s: %+v, was %+v", name, m, n)
		}
		if len(m.Aliases) != len(n.Aliases) || n.Aliases[0] != m.Aliases[0] {
			b.Errorf("network %s: aliases %v, were %v", name, m.Aliases, n.Aliases)
		}
	}
}

// TestRecreateKeepsMAC makes its container through the API: new docker commands
// cannot ask an old engine for an address.
func TestRecreateKeepsMAC(t *testing.T) { onBoth(t, recreateKeepsMAC) }

func recreateKeepsMAC(b *bed) {
	t := b.T
	const mac = "02:42:0a:cb:07:63"
	name := b.prefix + "mac"
	body, _ := json.Marshal(map[string]any{"Image": testImage, "MacAddress": mac, "Cmd": sleeper[1:], "NetworkingConfig": map[string]any{
		"EndpointsConfig": map[string]any{"bridge": map[string]any{"MacAddress": mac}}, // where API 1.44 moved it
	}})
	id, _, err := b.eng.ContainerCreate(t.Context(), name, body)
	if err != nil {
		t.Fatal(err)
	}
	b.docker("start", name)
	on := snapshot.Subject{Kind: snapshot.KindContainer, Scope: "engine:" + b.engine, Key: "name/" + name, Name: name, UID: id}
	s := step.New(step.ContainerRecreate, on, step.Change{Field: fieldCapDrop, From: "", To: "NET_RAW"})
	if _, err := Apply(t.Context(), b.options(), []step.Step{s}); err != nil {
		t.Fatal(err)
	}
	if got := b.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}", name); got != mac {
		t.Errorf("MAC address %s, was %s", got, mac)
	}
}
