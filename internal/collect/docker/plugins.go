package docker

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"plimsoll/internal/dockerapi"
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

// decodePlugins reads the answer of GET /plugins. What is granted is part of the
// configuration, and what an administrator changed is in the settings.
func decodePlugins(raw []byte) ([]snapshot.Plugin, bool) {
	type device struct{ Path string }
	type mount struct{ Source string }
	var rows []struct {
		Name     string
		Enabled  bool
		Settings struct {
			Devices []device
			Mounts  []mount
		}
		Config struct {
			Network         struct{ Type string }
			PidHost         bool
			IpcHost         bool
			PropagatedMount string
			Linux           struct {
				Capabilities    []string
				AllowAllDevices bool
				Devices         []device
			}
			Mounts []mount
		}
	}
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) > maxList {
		return nil, false
	}
	var out []snapshot.Plugin
	for _, r := range rows {
		p := snapshot.Plugin{Name: short(r.Name, maxShort), Enabled: r.Enabled}
		grant := func(right, what string) {
			if what != "" && len(p.Rights) < maxList {
				p.Rights = append(p.Rights, right+" "+short(what, maxShort))
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
		slices.Sort(p.Rights)
		p.Rights = slices.Compact(p.Rights)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b snapshot.Plugin) int { return strings.Compare(a.Name, b.Name) })
	return out, true
}
