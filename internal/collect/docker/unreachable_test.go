package docker

import (
	"os"
	"strings"
	"testing"

	"plimsoll/internal/collect"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

func TestUnreachableEngineIsNeverAPass(t *testing.T) {
	unix := dockerapi.SocketEndpoint("/run/docker.sock")
	far, err := dockerapi.Resolve("tcp://far", func(string) string { return "" }, "")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		e       dockerapi.Endpoint
		o       Options
		kind    error
		state   snapshot.State
		grant   string
		sockets snapshot.State
	}{
		{"refused", far, Options{}, dockerapi.ErrRefused, snapshot.Failed, "", snapshot.Failed},
		{"no right", unix, Options{}, os.ErrPermission, snapshot.Denied, "sudo plimsoll assess", snapshot.Denied},
		{"no right, host known", unix, Options{Local: newLocal(), HostScope: "host:x"}, os.ErrPermission, snapshot.Denied, "sudo plimsoll assess", snapshot.Observed},
		{"plugin of another machine", far, Options{Local: newLocal(), HostScope: "host:x"}, os.ErrPermission, snapshot.Denied, "ask whoever runs the engine", snapshot.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Unreachable(t.Context(), tt.e, tt.o, &dockerapi.Error{Op: "x", Kind: tt.kind, Message: "secret"})
			s := &snapshot.Snapshot{Taken: f.Taken}
			b := collect.NewBuilder(s)
			host := &snapshot.Snapshot{Scopes: []snapshot.Scope{{ID: "host:x", Kind: snapshot.ScopeHost}}}
			for _, fragment := range []*snapshot.Snapshot{host, f} {
				if err := b.Join(fragment); err != nil {
					t.Fatal(err)
				}
			}
			raw := seal(t, s)
			if s.Complete || strings.Contains(string(raw), "secret") {
				t.Errorf("complete %t, or the message is in the snapshot", s.Complete)
			}
			id := "engine:" + tt.e.Address
			for _, p := range append(apiParts(), machineParts()...) {
				want, st := tt.state, s.Part(id, p)
				if p == snapshot.PartEngineSockets {
					want = tt.sockets
				}
				if st.State != want || want == tt.state && (st.Detail == "" || st.Grant != tt.grant) {
					t.Errorf("%s: %+v, want %s", p, st, want)
				}
			}
		})
	}
}
