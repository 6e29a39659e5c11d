package docker

import (
	"slices"
	"testing"

	"plimsoll/internal/dockerapi/answer"
)

func TestRuntimePrograms(t *testing.T) {
	o, _ := answer.Parse([]byte(`{"Runtimes":{"runc":{"path":"runc"},"io.containerd.runc.v2":{"path":"runc"},"kata":{"path":"/opt/kata/bin/kata"},"shim":{"runtimeType":"x"}}}`), "", new(answer.Unread))
	if got := runtimePrograms(o); !slices.Equal(got, []string{"/opt/kata/bin/kata", "runc"}) {
		t.Errorf("%q", got)
	}
}
