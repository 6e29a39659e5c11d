package docker

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// allUnread in a spec's Unread says that nothing of the container was read.
const allUnread = "*"

// inspected is one container as the engine describes it, before the references
// to other containers are resolved.
type inspected struct {
	id, name string
	pid      int
	labels   map[string]string // only those of [keptLabels]
	spec     snapshot.ContainerSpec
	runtime  snapshot.Runtime
	usage    snapshot.Fact[snapshot.Usage]
	nets     []snapshot.Attachment
	volumes  []string // references of containers whose volumes it uses
}

var errNotObject = errors.New("the answer has no Config, HostConfig or State object")

// decodeContainer reads the answer of GET /containers/ID/json. It fails only
// when nothing can be judged; a field that is not understood is in Unread.
func decodeContainer(raw []byte) (*inspected, error) {
	bad := new(unread)
	top, ok := parseObject(raw, "", bad)
	if !ok {
		return nil, errNotObject
	}
	host, okHost := top.child("HostConfig")
	config, okConfig := top.child("Config")
	state, okState := top.child("State")
	if !okHost || !okConfig || !okState {
		return nil, errNotObject
	}
	c := &inspected{id: top.text("Id", maxShort), name: strings.TrimPrefix(top.text("Name", maxShort), "/")}
	c.runtime.Status = state.text("Status", maxShort)
	state.read("Pid", &c.pid)

	s := &c.spec
	decodeConfig(config, s)
	c.labels, s.Trust = decodeLabels(config)
	s.ImageID = top.text("Image", maxShort)
	decodeHost(host, s)
	s.Security = decodeSecurity(host)
	s.Security.AppArmor = top.text("AppArmorProfile", maxShort)
	s.Security.ProcessLabel = top.text("ProcessLabel", maxShort)
	s.Mounts = decodeMounts(top)
	s.Tmpfs = tmpfs(host, s.Mounts)
	s.TmpfsOptions = tmpfsOptions(host)
	c.volumes = host.texts("VolumesFrom", maxShort)
	if network, ok := top.child("NetworkSettings"); ok {
		c.nets = decodeNetworks(network)
		s.Ports = decodePorts(config, host, network)
	} else {
		bad.add("NetworkSettings")
	}
	for _, n := range c.nets {
		s.Networks = append(s.Networks, n.Network)
	}
	s.Unread = bad.sorted()
	return c, nil
}

func decodeConfig(o object, s *snapshot.ContainerSpec) {
	s.Image = o.text("Image", maxText)
	s.User = o.text("User", maxShort)
	s.Env = decodeEnv(o)
	s.Args = append(conceal(o, "Entrypoint", "entrypoint"), conceal(o, "Cmd", "cmd")...)
	s.Health.Test = healthTest(o)
}

// healthTest returns the kind of test without its command.
func healthTest(o object) string {
	var h struct{ Test []string }
	o.read("Healthcheck", &h)
	if len(h.Test) == 0 {
		return ""
	}
	return short(h.Test[0], 16)
}

// decodeEnv keeps the names. An entry without '=' has no name, so that a secret
// that was pasted there does not become one.
func decodeEnv(o object) []snapshot.Secretish {
	var entries []string
	o.read("Env", &entries)
	entries = capped(o, "Env", entries)
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
func conceal(o object, field, name string) []snapshot.Secretish {
	var args []string
	o.read(field, &args)
	args = capped(o, field, args)
	var out []snapshot.Secretish
	for i, a := range args {
		out = append(out, snapshot.Conceal(name+"["+strconv.Itoa(i)+"]", a))
	}
	return out
}

func decodeNetworks(o object) []snapshot.Attachment {
	var nets map[string]json.RawMessage
	o.read("Networks", &nets)
	var out []snapshot.Attachment
	for name, raw := range nets {
		var n struct{ IPAddress string }
		if err := json.Unmarshal(raw, &n); err != nil {
			o.bad.add(o.prefix + "Networks")
		}
		out = append(out, snapshot.Attachment{Network: o.cut("Networks", name, maxShort), IP: short(n.IPAddress, 64)})
	}
	slices.SortFunc(out, func(a, b snapshot.Attachment) int { return strings.Compare(a.Network, b.Network) })
	return capped(o, "Networks", out)
}
