package inspect

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

func decodeMounts(o, host answer.Object) []snapshot.Mount {
	within := subpaths(host)
	var list []json.RawMessage
	o.Read("Mounts", &list)
	var out []snapshot.Mount
	for _, raw := range answer.Capped(o, "Mounts", list) {
		var m struct {
			Type, Name, Source, Destination, Propagation string
			RW                                           *bool
		}
		if err := json.Unmarshal(raw, &m); err != nil || m.RW == nil {
			o.Reject("Mounts") // what did decode is kept: it can only make things worse
		}
		out = append(out, snapshot.Mount{
			Type:        o.Cut("Mounts", m.Type, answer.MaxShort),
			Volume:      o.Cut("Mounts", m.Name, answer.MaxShort),
			Source:      o.Cut("Mounts", m.Source, answer.MaxText),
			Destination: o.Cut("Mounts", m.Destination, answer.MaxText),
			Propagation: o.Cut("Mounts", m.Propagation, answer.MaxShort),
			ReadOnly:    m.RW != nil && !*m.RW,
			Subpath:     within[m.Destination],
		})
	}
	slices.SortFunc(out, func(a, b snapshot.Mount) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Source, b.Source))
	})
	return out
}

// subpaths reads which folder of a volume was asked for, by mount point; the
// description of the mount in force does not say.
func subpaths(host answer.Object) map[string]string {
	var asked []struct {
		Target        string
		VolumeOptions *struct{ Subpath string }
	}
	host.Read("Mounts", &asked)
	out := make(map[string]string)
	for _, m := range asked {
		if m.VolumeOptions != nil && m.VolumeOptions.Subpath != "" {
			out[m.Target] = host.Cut("Mounts", m.VolumeOptions.Subpath, answer.MaxText)
		}
	}
	return out
}

// tmpfs joins the two ways of asking for one.
func tmpfs(host answer.Object, mounts []snapshot.Mount) []string {
	var at map[string]string
	host.Read("Tmpfs", &at)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(at)) {
		out = append(out, host.Cut("Tmpfs", path, answer.MaxText))
	}
	for _, m := range mounts {
		if m.Type == "tmpfs" {
			out = append(out, m.Destination)
		}
	}
	slices.Sort(out)
	return answer.Capped(host, "Tmpfs", slices.Compact(out))
}

// tmpfsOptions reads the options asked for, by mount point. The engine applies
// noexec, nosuid and nodev before them.
func tmpfsOptions(host answer.Object) []snapshot.Pair {
	out := make(map[string]string)
	var at map[string]string
	host.Read("Tmpfs", &at)
	maps.Copy(out, at)
	var mounts []struct {
		Type, Target string
		TmpfsOptions *struct{ Options [][]string }
	}
	host.Read("Mounts", &mounts)
	for _, m := range mounts {
		if m.Type != "tmpfs" || m.TmpfsOptions == nil {
			continue
		}
		words := make([]string, 0, len(m.TmpfsOptions.Options))
		for _, o := range m.TmpfsOptions.Options {
			words = append(words, strings.Join(o, "="))
		}
		out[m.Target] = strings.Join(words, ",")
	}
	var pairs []snapshot.Pair
	for _, path := range slices.Sorted(maps.Keys(out)) {
		if out[path] != "" {
			pairs = append(pairs, snapshot.Pair{Key: host.Cut("Tmpfs", path, answer.MaxText), Value: host.Cut("Tmpfs", out[path], answer.MaxShort)})
		}
	}
	return answer.Capped(host, "Tmpfs", pairs)
}

// binding is one published port as the engine writes it.
type binding struct{ HostIp, HostPort string } //nolint:revive // the engine's spelling

// decodePorts lists the published ports: those in force, and those asked for
// that are not in force, because the container is stopped.
func decodePorts(config, host, network answer.Object) []snapshot.Port {
	var asked, actual map[string][]binding
	host.Read("PortBindings", &asked)
	network.Read("Ports", &actual)
	var all bool
	host.Read("PublishAllPorts", &all)
	if all {
		var exposed map[string]struct{}
		config.Read("ExposedPorts", &exposed)
		if asked == nil {
			asked = make(map[string][]binding, len(exposed))
		}
		for p := range exposed {
			if len(asked[p]) == 0 {
				asked[p] = []binding{{}}
			}
		}
	}
	var out []snapshot.Port
	for spec, list := range actual {
		for _, b := range list {
			known := len(out)
			out = appendPort(network, "Ports", out, spec, b)
			if len(out) > known {
				out[known].Routed = b.HostPort == ""
			}
		}
	}
	for spec, list := range asked {
		for _, b := range list {
			if !covered(b, actual[spec]) {
				out = appendPort(host, "PortBindings", out, spec, b)
			}
		}
	}
	slices.SortFunc(out, func(a, b snapshot.Port) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), strings.Compare(a.Proto, b.Proto),
			strings.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
	})
	return answer.Capped(host, "PortBindings", slices.Compact(out))
}

// covered reports whether a wish is met by a binding in force. One without a port
// of the host meets any: the network routes to the container instead.
func covered(b binding, actual []binding) bool {
	return slices.ContainsFunc(actual, func(a binding) bool {
		return (a.HostPort == "" || b.HostPort == "" || b.HostPort == "0" || strings.Contains(b.HostPort, "-") || a.HostPort == b.HostPort) &&
			(b.HostIp == "" || a.HostIp == b.HostIp)
	})
}

// appendPort reads "80/tcp" and a binding. A range of host ports, from which
// the engine chooses at start, has host port 0.
func appendPort(o answer.Object, field string, out []snapshot.Port, spec string, b binding) []snapshot.Port {
	number, proto, _ := strings.Cut(spec, "/")
	inside, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		o.Reject(field)
		return out
	}
	var outside uint64
	if b.HostPort != "" && !strings.Contains(b.HostPort, "-") {
		if outside, err = strconv.ParseUint(b.HostPort, 10, 16); err != nil {
			o.Reject(field) // published all the same
		}
	}
	return append(out, snapshot.Port{
		Proto: cmp.Or(answer.Short(proto, 16), "tcp"), ContainerPort: uint16(inside),
		HostIP: o.Cut(field, b.HostIp, 64), HostPort: uint16(outside),
	})
}
