// Package inspect decodes the engine's answer of GET /containers/ID/json. It is
// the only decoder of it: what collect judges, a step is simulated on and harden
// reads again before and after a change is the same reading of the same fields.
package inspect

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// Container is one container as the engine describes it. References to other
// containers and networks are as the engine writes them.
type Container struct {
	ID, Name    string
	Labels      map[string]string // only those that say what manages it
	Owner       *snapshot.Owner   // what manages it; nil: nothing
	Created     string            // RFC 3339; empty when the engine does not say
	State       State
	Spec        snapshot.ContainerSpec
	Unread      []string // fields that were not understood, by the engine's names; Spec.Unread has them by its own
	Networks    []snapshot.Attachment
	VolumesFrom []string // references of containers whose volumes it uses
}

// State is what the container is doing.
type State struct {
	Status                      string // created, running, paused, restarting, exited, removing, dead
	Running, Paused, Restarting bool
	PID                         int // of the first process; 0 without one
	ExitCode                    int
	Finished                    string // RFC 3339; empty without an end
	Restarts                    int    // how often its restart policy started it again
	Health                      string // what its health test says: starting, healthy, unhealthy; "" without one
}

var errNotObject = errors.New("the answer has no Config, HostConfig or State object")

// Decode reads the answer. It fails only when nothing can be judged; a field
// that is not understood is in Unread, and its value here says nothing.
func Decode(raw []byte) (*Container, error) {
	bad := new(answer.Unread)
	top, ok := answer.Parse(raw, "", bad)
	if !ok {
		return nil, errNotObject
	}
	host, okHost := top.Child("HostConfig")
	config, okConfig := top.Child("Config")
	state, okState := top.Child("State")
	if !okHost || !okConfig || !okState {
		return nil, errNotObject
	}
	c := &Container{
		ID: top.Text("Id", answer.MaxShort), Name: strings.TrimPrefix(top.Text("Name", answer.MaxShort), "/"),
		Labels: Labels(config), State: decodeState(top, state),
	}
	_, c.Owner = Identify(c.Labels)
	c.Created = moment(top.Text("Created", answer.MaxShort))

	s := &c.Spec
	decodeConfig(config, s)
	s.Trust = trust(config)
	s.ImageID = top.Text("Image", answer.MaxShort)
	decodeHost(host, s)
	s.Security = decodeSecurity(host)
	s.Security.AppArmor = top.Text("AppArmorProfile", answer.MaxShort)
	s.Security.ProcessLabel = top.Text("ProcessLabel", answer.MaxShort)
	s.Mounts = decodeMounts(top, host)
	s.Tmpfs = tmpfs(host, s.Mounts)
	s.TmpfsOptions = tmpfsOptions(host)
	c.VolumesFrom = host.Texts("VolumesFrom", answer.MaxShort)
	if network, ok := top.Child("NetworkSettings"); ok {
		c.Networks = decodeNetworks(network)
		s.Ports = decodePorts(config, host, network)
	} else {
		bad.Add("NetworkSettings")
	}
	for _, n := range c.Networks {
		s.Networks = append(s.Networks, n.Network)
	}
	c.Unread = bad.Sorted()
	s.Unread = SpecPaths(c.Unread)
	return c, nil
}

func decodeState(top, o answer.Object) State {
	s := State{Status: o.Text("Status", answer.MaxShort)}
	o.Read("Running", &s.Running)
	o.Read("Paused", &s.Paused)
	o.Read("Restarting", &s.Restarting)
	o.Read("Pid", &s.PID)
	o.Read("ExitCode", &s.ExitCode)
	top.Read("RestartCount", &s.Restarts)
	if !s.Running && !s.Paused && !s.Restarting {
		s.Finished = moment(o.Text("FinishedAt", answer.MaxShort))
	}
	var health struct{ Status string }
	o.Read("Health", &health)
	s.Health = o.Cut("Health", health.Status, answer.MaxShort)
	return s
}

// moment is a time of the engine's in whole seconds, "" for its zero time and
// for what is none.
func moment(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 2000 {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func decodeConfig(o answer.Object, s *snapshot.ContainerSpec) {
	s.Image = o.Text("Image", answer.MaxText)
	s.User = o.Text("User", answer.MaxShort)
	s.Env = Env(o)
	s.Args = append(conceal(o, "Entrypoint", "entrypoint"), conceal(o, "Cmd", "cmd")...)
	s.Health.Test = HealthTest(o)
}

// HealthTest returns the kind of health test in a Config object, of a container or
// an image, without its command.
func HealthTest(o answer.Object) string {
	var h struct{ Test []string }
	o.Read("Healthcheck", &h)
	if len(h.Test) == 0 {
		return ""
	}
	return answer.Short(h.Test[0], 16)
}

// Env reduces the variables of a Config object, of a container or an image, to
// their names and shapes. An entry without '=' has no name, so that a secret
// that was pasted there does not become one.
func Env(o answer.Object) []snapshot.Secretish {
	var entries []string
	o.Read("Env", &entries)
	entries = answer.Capped(o, "Env", entries)
	var out []snapshot.Secretish
	for i, e := range entries {
		name, value, ok := strings.Cut(e, "=")
		if !ok || !variableName(name) {
			name, value = "#"+strconv.Itoa(i), e
		}
		out = append(out, snapshot.Conceal(name, value))
	}
	return out
}

// variableName reports whether s looks like the name of a variable rather than
// like data.
func variableName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// conceal reduces a list of arguments; they are named by their position.
func conceal(o answer.Object, field, name string) []snapshot.Secretish {
	var args []string
	o.Read(field, &args)
	args = answer.Capped(o, field, args)
	var out []snapshot.Secretish
	for i, a := range args {
		out = append(out, snapshot.Conceal(name+"["+strconv.Itoa(i)+"]", a))
	}
	return out
}

func decodeNetworks(o answer.Object) []snapshot.Attachment {
	var nets map[string]json.RawMessage
	o.Read("Networks", &nets)
	var out []snapshot.Attachment
	for name, raw := range nets {
		var n struct{ IPAddress string }
		if err := json.Unmarshal(raw, &n); err != nil {
			o.Reject("Networks")
		}
		out = append(out, snapshot.Attachment{Network: o.Cut("Networks", name, answer.MaxShort), IP: answer.Short(n.IPAddress, 64)})
	}
	slices.SortFunc(out, func(a, b snapshot.Attachment) int { return strings.Compare(a.Network, b.Network) })
	return answer.Capped(o, "Networks", out)
}
