package harden

import (
	"strings"
	"testing"

	"plimsoll/internal/step"
)

// TestOwnedIsSentToItsOwner: what manages a container makes it anew, so that
// nothing of it needs to be understood to say where the change belongs.
func TestOwnedIsSentToItsOwner(t *testing.T) {
	f := newFake()
	id := f.add("web", func(c *fakeContainer) {
		c.config["Labels"] = map[string]any{"com.docker.swarm.service.name": "web", "com.docker.swarm.task.id": "t"}
		c.host["RestartPolicy"] = "in another form"
	})
	verdicts, err := Preview(t.Context(), testOptions(t, f), []step.Step{readonlyStep(id)})
	if err != nil || !strings.Contains(verdicts[0].Refused, "docker service update") {
		t.Errorf("%+v, %v", verdicts, err)
	}
}
