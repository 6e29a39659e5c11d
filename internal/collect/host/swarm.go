package host

import (
	"context"
	"encoding/json"
	"path"

	"plimsoll/internal/snapshot"
)

// Swarm reads the addresses that an engine was given for its swarm from the state
// file below its data root. The swarm's keys, which lie beside it, are not opened.
func (m *Machine) Swarm(ctx context.Context, d snapshot.DaemonProcess, root string) snapshot.Fact[snapshot.SwarmAddresses] {
	const file = "swarm/docker-state.json"
	view, err := m.viewOf(d.PID)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return vanished[snapshot.SwarmAddresses](err, file)
	}
	source := path.Join("/", root, file)
	b, err := view.read(source, maxText)
	if err != nil {
		return missing[snapshot.SwarmAddresses](err, text(source))
	}
	var state struct{ ListenAddr, AdvertiseAddr, DataPathAddr string }
	if err := json.Unmarshal(b, &state); err != nil {
		return snapshot.Missing[snapshot.SwarmAddresses](snapshot.Failed, snapshot.ReasonUnparsable, text(source))
	}
	return snapshot.Seen(snapshot.SwarmAddresses{
		Listen: text(state.ListenAddr), Advertise: text(state.AdvertiseAddr), DataPath: text(state.DataPathAddr),
	}, text(source))
}
