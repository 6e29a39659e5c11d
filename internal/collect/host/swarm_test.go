package host

import (
	"testing"

	"plimsoll/internal/snapshot"
)

func TestSwarmAddresses(t *testing.T) {
	const at = "var/lib/docker/swarm/docker-state.json"
	whole := snapshot.SwarmAddresses{Listen: "0.0.0.0:2377", Advertise: "10.0.0.1:2377", DataPath: "10.1.0.1"}
	for name, tt := range map[string]struct {
		files map[string]string
		state snapshot.State
		want  snapshot.SwarmAddresses
	}{
		"as written":       {map[string]string{at: `{"LocalAddr":"10.0.0.1","ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"10.0.0.1:2377","DataPathAddr":"10.1.0.1","DataPathPort":4789}`}, snapshot.Observed, whole},
		"never in a swarm": {map[string]string{}, snapshot.Absent, snapshot.SwarmAddresses{}},
		"not JSON":         {map[string]string{at: "x"}, snapshot.Failed, snapshot.SwarmAddresses{}},
		"a folder":         {map[string]string{at + "/": ""}, snapshot.Failed, snapshot.SwarmAddresses{}},
	} {
		m := fake(t, process("1", nil), ns("self", 100), tt.files)
		if got := m.Swarm(t.Context(), snapshot.DaemonProcess{PID: 1}, "/var/lib/docker"); got.State != tt.state || got.V != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
