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

// TestChosenPortsAreSaid: a port that the engine gave out is not the successor's.
func TestChosenPortsAreSaid(t *testing.T) {
	f := newFake()
	id := f.add("web", func(c *fakeContainer) {
		c.host["PortBindings"] = map[string]any{
			"80/tcp": []any{map[string]any{"HostIp": "", "HostPort": ""}}, "443/tcp": []any{map[string]any{"HostIp": "", "HostPort": "8443"}},
		}
	})
	verdicts, err := Preview(t.Context(), testOptions(t, f), []step.Step{readonlyStep(id)})
	if err != nil || len(verdicts[0].Warnings) != 1 || !strings.Contains(verdicts[0].Warnings[0], "for 80/tcp anew") {
		t.Errorf("%+v, %v", verdicts, err)
	}
}
