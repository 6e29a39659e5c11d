package harden

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// view is the part of an inspect answer that decides how a container may be
// handled. What steps change is read by ReadFields, what is carried over stays
// raw.
type view struct {
	ID              string `json:"Id"`
	Name            string
	Image           string // the image's ID
	Created         time.Time
	RestartCount    int
	State           stateView
	Config          configView
	HostConfig      hostView
	Mounts          []mountView
	NetworkSettings struct {
		Networks map[string]json.RawMessage
	}
}

type stateView struct {
	Status                               string
	Running, Paused, Restarting, Removal bool
	ExitCode                             int
	StartedAt                            time.Time
	Health                               *struct{ Status string }
}

type configView struct {
	Image       string
	Hostname    string
	Labels      map[string]string
	Entrypoint  []string
	Healthcheck *struct {
		Test                           []string
		Interval, Timeout, StartPeriod time.Duration
		Retries                        int
	}
}

type hostView struct {
	AutoRemove                             bool
	NetworkMode, PidMode, IpcMode, UTSMode string
	Memory, MemorySwap                     int64
	Binds, Links                           []string
	Tmpfs                                  map[string]string
	Mounts                                 []struct{ Type, Source, Target string }
	RestartPolicy                          json.RawMessage
}

type mountView struct {
	Type, Name, Destination string
	RW                      bool
}

func parseView(raw []byte) (*view, error) {
	var v view
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("read the engine's description of a container: %w", err)
	}
	if v.ID == "" {
		return nil, fmt.Errorf("the engine described a container without an ID")
	}
	v.Name = strings.TrimPrefix(v.Name, "/")
	return &v, nil
}

// managed are labels by which managers mark their containers, and what to
// change instead.
var managed = []struct{ label, owner, source string }{
	{"com.docker.compose.project", "Compose", "the compose file of project"},
	{"com.docker.stack.namespace", "a Swarm stack", "the stack file of"},
	{"com.docker.swarm.service.name", "Swarm", "the service with docker service update:"},
	{"com.docker.swarm.task.id", "Swarm", "the service of task"},
	{"io.kubernetes.pod.name", "Kubernetes", "the workload behind pod"},
}

// owner returns why a container belongs to a manager, or "".
func (v *view) owner() string {
	for _, m := range managed {
		if name, ok := v.Config.Labels[m.label]; ok {
			return fmt.Sprintf("%s manages it and would undo or fight the change; change %s %s", m.owner, m.source, printable(name))
		}
	}
	return ""
}

func (v *view) health() string {
	if v.State.Health == nil {
		return ""
	}
	return v.State.Health.Status
}

// checked reports whether the engine runs a health test.
func (v *view) checked() bool {
	h := v.Config.Healthcheck
	return h != nil && len(h.Test) > 0 && h.Test[0] != "NONE"
}

// healthBound is how long a container may take until its health test speaks:
// the start period and every retry, by its own settings or the engine's
// defaults.
func (v *view) healthBound() time.Duration {
	h := v.Config.Healthcheck
	interval, timeout, retries := h.Interval, h.Timeout, h.Retries
	if interval <= 0 {
		interval = 30 * time.Second
	}
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	if retries <= 0 {
		retries = 3
	}
	return h.StartPeriod + time.Duration(min(retries, 1000))*(interval+timeout)
}
