package harden

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// creation is all that makes a container like another.
type creation struct {
	body     map[string]json.RawMessage // of POST /containers/create
	networks []attachment               // to connect after creation
}

type attachment struct {
	network  string
	endpoint json.RawMessage
}

// successor builds the creation of a container that is as the one described,
// but for the changes. image is the inspect answer of its image; connected is
// the same container, seen when it was stopped if it was.
func successor(raw, image []byte, connected *view, set []step.Change) (*creation, error) {
	v, err := parseView(raw)
	if err != nil {
		return nil, err
	}
	var in struct {
		Config, HostConfig map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.Config == nil || in.HostConfig == nil {
		return nil, refuse("the engine's description of it has no configuration")
	}
	restoreDefaults(in.Config, v)
	if err := keepEntrypoint(in.Config, image); err != nil {
		return nil, err
	}
	if err := carryVolumes(in.HostConfig, v); err != nil {
		return nil, err
	}
	r := recipe{config: in.Config, host: in.HostConfig, image: image}
	for _, c := range set {
		if err := r.set(c.Field, c.To); err != nil {
			return nil, err
		}
	}
	c := &creation{body: in.Config}
	if c.body["HostConfig"], err = json.Marshal(in.HostConfig); err != nil {
		return nil, err
	}
	return c, c.attach(connected, v)
}

// restoreDefaults takes out what the engine filled in by itself and would
// refuse or freeze if it were given back.
func restoreDefaults(config map[string]json.RawMessage, v *view) {
	mode := v.Spec.NetworkMode
	generated := v.Config.Hostname == shortID(v.ID)
	if generated || mode == "host" || strings.HasPrefix(mode, "container:") || v.Spec.UTSMode == "host" {
		delete(config, "Hostname")
	}
	if strings.HasPrefix(mode, "container:") {
		delete(config, "ExposedPorts") // the image's own, which may not be asked for in another's network
	}
}

func shortID(id string) string { return id[:min(12, len(id))] }

// keepEntrypoint writes an entrypoint that was emptied as the engine wants to
// be told so; else the image's own would come back.
func keepEntrypoint(config map[string]json.RawMessage, image []byte) error {
	var has []string
	var img struct{ Config struct{ Entrypoint []string } }
	if err := json.Unmarshal(config["Entrypoint"], &has); err != nil && config["Entrypoint"] != nil {
		return refuse("its entrypoint is not understood")
	}
	if err := json.Unmarshal(image, &img); err != nil {
		return refuse("the engine's description of its image is not understood")
	}
	if len(has) == 0 && len(img.Config.Entrypoint) > 0 {
		config["Entrypoint"] = json.RawMessage(`[""]`)
	}
	return nil
}

// carryVolumes names the anonymous volumes that the container got at creation,
// so that its successor mounts the same ones.
func carryVolumes(host map[string]json.RawMessage, v *view) error {
	named := make(map[string]bool)
	for _, b := range v.HostConfig.Binds {
		named[bindTarget(b)] = true
	}
	var mounts []map[string]json.RawMessage
	if m := host["Mounts"]; m != nil {
		if err := json.Unmarshal(m, &mounts); err != nil {
			return refuse("its mounts are not understood")
		}
	}
	volumes := make(map[string]snapshot.Mount)
	for _, m := range v.Spec.Mounts {
		if m.Type == "volume" && m.Volume != "" {
			volumes[m.Destination] = m
		}
	}
	for i, m := range v.HostConfig.Mounts {
		named[m.Target] = true
		if vol, ok := volumes[m.Target]; ok && m.Source == "" && i < len(mounts) {
			mounts[i]["Source"], _ = json.Marshal(vol.Volume) // a string always encodes
		}
	}
	binds := slices.Clone(v.HostConfig.Binds)
	for _, dest := range slices.Sorted(maps.Keys(volumes)) {
		if named[dest] {
			continue
		}
		b := volumes[dest].Volume + ":" + dest
		if volumes[dest].ReadOnly {
			b += ":ro"
		}
		binds = append(binds, b)
	}
	var err error
	if mounts != nil {
		if host["Mounts"], err = json.Marshal(mounts); err != nil {
			return err
		}
	}
	if binds != nil {
		host["Binds"], err = json.Marshal(binds)
	}
	return err
}

// bindTarget returns the path in the container of a bind in the engine's form
// SOURCE:TARGET[:OPTIONS].
func bindTarget(b string) string {
	parts := strings.Split(b, ":")
	if len(parts) < 2 {
		return b
	}
	return parts[1]
}

// attach writes the first network into the creation, since engines before API
// 1.44 take only one there, and lists the others. before is the container while
// it ran, when it did: engines since 28 forget at the stop which MAC address was
// asked for.
func (c *creation) attach(v, before *view) error {
	mode := v.Spec.NetworkMode
	if mode == "host" || mode == "none" || strings.HasPrefix(mode, "container:") {
		return nil
	}
	first := ""
	for _, name := range slices.Sorted(maps.Keys(v.NetworkSettings.Networks)) {
		var e endpointView
		if err := json.Unmarshal(v.NetworkSettings.Networks[name], &e); err != nil {
			return refuse("its connection to network %q is not understood", printable(name))
		}
		if v.State.Running {
			e.MacAddress = "" // it may be one that the engine chose
		}
		if err := e.keepMAC(before.NetworkSettings.Networks[name]); err != nil {
			return refuse("its connection to network %q is not understood", printable(name))
		}
		config, err := e.config(v.ID)
		if err != nil {
			return err
		}
		if name == mode || e.NetworkID == mode {
			first = name
			quoted, _ := json.Marshal(name) // a string always encodes
			c.body["NetworkingConfig"] = json.RawMessage(fmt.Sprintf(`{"EndpointsConfig":{%s:%s}}`, quoted, config))
			continue
		}
		c.networks = append(c.networks, attachment{network: name, endpoint: config})
	}
	if first == "" {
		return refuse("it was disconnected by hand from its first network %q; connect it again or create it anew", printable(mode))
	}
	return nil
}

// endpointView is the part of a network connection that was asked for, not
// given out by the engine. The engine forgets a MAC address that it chose when
// the container stops.
type endpointView struct {
	IPAMConfig, Links, DriverOpts json.RawMessage
	Aliases                       []string
	NetworkID, MacAddress         string
	GwPriority                    int
	IPAddress                     string
}

// keepMAC takes over the MAC address of the same connection as it was, unless it
// is the one that engines before 28 derive from the address: those may give it to
// another container later. A random one cannot be told from one that was asked
// for, and does no harm.
func (e *endpointView) keepMAC(raw json.RawMessage) error {
	if raw == nil || e.MacAddress != "" {
		return nil
	}
	var was endpointView
	if err := json.Unmarshal(raw, &was); err != nil {
		return err
	}
	if a, err := netip.ParseAddr(was.IPAddress); err == nil && a.Is4() {
		b := a.As4()
		if was.MacAddress == fmt.Sprintf("02:42:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]) {
			return nil
		}
	}
	e.MacAddress = was.MacAddress
	return nil
}

func (e endpointView) config(id string) (json.RawMessage, error) {
	out := make(map[string]any)
	for name, raw := range map[string]json.RawMessage{"IPAMConfig": e.IPAMConfig, "Links": e.Links, "DriverOpts": e.DriverOpts} {
		if raw != nil && string(raw) != "null" {
			out[name] = raw
		}
	}
	var aliases []string
	for _, a := range e.Aliases {
		if a != shortID(id) { // the engine adds it by itself
			aliases = append(aliases, a)
		}
	}
	if e.GwPriority != 0 { // Engine 28 and later
		out["GwPriority"] = e.GwPriority
	}
	if e.MacAddress != "" {
		out["MacAddress"] = e.MacAddress
	}
	if aliases != nil {
		out["Aliases"] = aliases
	}
	return json.Marshal(out)
}
