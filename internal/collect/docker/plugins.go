package docker

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// readPlugins reads the managed plugins and the rights over the host that were
// granted to them. Their settings, which may hold credentials, are not kept.
func (c *collector) readPlugins(ctx context.Context) {
	const source = "GET /plugins"
	missing := snapshot.Missing[[]snapshot.Plugin]
	raw, err := c.Client.Get(ctx, "/plugins", nil, dockerapi.MaxList)
	switch {
	case errors.Is(err, os.ErrPermission):
		c.plugins = missing(snapshot.Denied, snapshot.ReasonDenied, source)
		return
	case err != nil:
		c.plugins = missing(snapshot.Failed, snapshot.ReasonFailed, source)
		return
	}
	list, ok := decodePlugins(raw)
	if !ok {
		c.plugins = missing(snapshot.Failed, snapshot.ReasonUnparsable, source)
		return
	}
	c.plugins = snapshot.Seen(list, source)
}

// pluginRow is what is used of a row of GET /plugins.
type pluginRow struct {
	Name     string
	Enabled  bool
	Settings struct {
		Devices []pluginDevice
		Mounts  []pluginMount
	}
	Config struct {
		Network         struct{ Type string }
		PidHost         bool
		IpcHost         bool
		PropagatedMount string
		Linux           struct {
			Capabilities    []string
			AllowAllDevices bool
			Devices         []pluginDevice
		}
		Mounts []pluginMount
	}
}

type pluginDevice struct{ Path string }

type pluginMount struct{ Source string }

// rights lists what a plugin may do to the host.
func (r *pluginRow) rights() []string {
	var out []string
	grant := func(right, what string) {
		if what != "" && len(out) < answer.MaxList {
			out = append(out, right+" "+answer.Short(what, answer.MaxShort))
		}
	}
	for right, on := range map[string]bool{
		"network": r.Config.Network.Type == "host", "pid": r.Config.PidHost, "ipc": r.Config.IpcHost,
	} {
		if on {
			grant(right, "host")
		}
	}
	if r.Config.Linux.AllowAllDevices {
		grant("devices", "all")
	}
	for _, d := range slices.Concat(r.Config.Linux.Devices, r.Settings.Devices) {
		grant("device", d.Path)
	}
	for _, m := range slices.Concat(r.Config.Mounts, r.Settings.Mounts) {
		grant("mount", m.Source)
	}
	for _, n := range r.Config.Linux.Capabilities {
		grant("capability", strings.TrimPrefix(n, "CAP_"))
	}
	grant("propagated mount", r.Config.PropagatedMount)
	slices.Sort(out)
	return slices.Compact(out)
}

// decodePlugins reads the answer of GET /plugins. What is granted is part of the
// configuration, and what an administrator changed is in the settings.
func decodePlugins(raw []byte) ([]snapshot.Plugin, bool) {
	var rows []pluginRow
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) > answer.MaxList {
		return nil, false
	}
	var out []snapshot.Plugin
	for _, r := range rows {
		out = append(out, snapshot.Plugin{Name: answer.Short(r.Name, answer.MaxShort), Enabled: r.Enabled, Rights: r.rights()})
	}
	slices.SortFunc(out, func(a, b snapshot.Plugin) int { return strings.Compare(a.Name, b.Name) })
	return out, true
}
