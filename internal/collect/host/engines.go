package host

import (
	"context"
	"path"
	"strings"
)

// EngineSockets lists, for every engine among the machine's processes, the unix
// sockets that it listens on for callers. Without the right to look into the
// processes there are none.
func (m *Machine) EngineSockets(ctx context.Context) [][]string {
	a, err := m.findAgents(ctx)
	if err != nil {
		return nil
	}
	var out [][]string
	for _, e := range a.engines {
		all, err := m.unixListeners(ctx, e.pid)
		if err != nil {
			continue
		}
		var api []string
		for _, p := range all {
			if path.IsAbs(p) && !ofEngine(p) {
				api = append(api, text(p))
			}
		}
		if len(api) > 0 {
			out = append(out, api)
		}
	}
	return out
}

// ofEngine reports whether a socket is the engine's own business: for its plugins,
// its networks and its metrics.
func ofEngine(p string) bool {
	return path.Base(p) == "metrics.sock" || strings.Contains(p, "/libnetwork/") || strings.Contains(p, "/plugins/")
}
