package docker

import (
	"slices"
	"testing"

	"plimsoll/internal/dockerapi/answer"
)

// An engine with the containerd store names a digest for every tag; only what it
// pulled or pushed is known to a registry.
func TestKnownToRegistry(t *testing.T) {
	const digest = "@sha256:319f151525b7466687d7c4fd7eeb4455f4302833310c1796d7768c01b384582d"
	for name, tt := range map[string]struct {
		answer     string
		have, want []string
	}{
		"loaded or built":  {`{}`, []string{"shop/web" + digest}, nil},
		"pulled":           {`{"Identity":{"Pull":[{"Repository":"docker.io/library/busybox"}]}}`, []string{"busybox" + digest}, []string{"busybox" + digest}},
		"port left out":    {`{"Identity":{"Pull":[{"Repository":"127.0.0.1/shop/web"}]}}`, []string{"127.0.0.1:5000/shop/web" + digest}, []string{"127.0.0.1:5000/shop/web" + digest}},
		"tagged elsewhere": {`{"Identity":{"Pull":[{"Repository":"docker.io/library/busybox"}]}}`, []string{"busybox" + digest, "trusted.example/busybox" + digest}, []string{"busybox" + digest}},
		"odd answer":       {`{"Identity":{"Pull":"all"}}`, []string{"busybox" + digest}, nil},
	} {
		o, _ := answer.Parse([]byte(tt.answer), "", new(answer.Unread))
		if got := knownToRegistry(o, tt.have); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
