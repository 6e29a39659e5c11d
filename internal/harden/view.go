package harden

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/dockerapi/inspect"
)

// view is one container as the engine describes it: what is judged, by the
// decoder that collect uses too, and what only a re-creation needs.
type view struct {
	*inspect.Container
	carried
}

// carried is what a successor takes over and no evidence holds. A part in
// another form is an error: it would be lost.
type carried struct {
	Created time.Time
	Config  struct {
		Hostname    string
		StopTimeout *int // seconds; negative is without end
		Healthcheck *struct {
			Interval, Timeout, StartPeriod time.Duration
			Retries                        int
		}
	}
	HostConfig struct {
		Binds, Links []string
		PortBindings map[string][]struct{ HostPort string }
		Mounts       []struct{ Type, Source, Target string }
	}
	NetworkSettings struct {
		Networks map[string]json.RawMessage
	}
}

func parseView(raw []byte) (*view, error) {
	c, err := inspect.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("read the engine's description of a container: %w", err)
	}
	v := view{Container: c}
	if err := json.Unmarshal(raw, &v.carried); err != nil {
		return nil, fmt.Errorf("read the engine's description of a container: %w", err)
	}
	if v.ID == "" {
		return nil, fmt.Errorf("the engine described a container without an ID")
	}
	return &v, nil
}

// unread returns the first of the fields whose answer was not understood, or
// "". Its zero value must not be taken for what the engine said.
func unread(c *inspect.Container, fields ...string) string {
	for _, f := range fields {
		for _, u := range c.Unread {
			if f == u || strings.HasPrefix(f, u+".") { // one security option is part of all
				return u
			}
		}
	}
	return ""
}

// decisive are the fields by which harden decides whether it may touch a
// container at all, and how.
var decisive = [...]string{"Id", "Name", "Config.Labels", "State.Status", "State.Running", "State.Paused", "State.Restarting"}

// understood refuses a container that cannot be handled safely because the
// engine described it in a form not known here: decisive fields and those of
// the step for any change, all for a re-creation.
func (v *view) understood(fields []string, all bool) error {
	u := unread(v.Container, append(slices.Clone(decisive[:]), fields...)...)
	if u == "" && all && len(v.Unread) > 0 {
		u = v.Unread[0]
	}
	if u != "" {
		return refuse("the engine's answer for %s was not understood; this version cannot change the container safely", printable(u))
	}
	return nil
}

// managed returns why a container belongs to a manager, or "".
func (v *view) managed() string {
	if v.Owner == nil {
		return ""
	}
	who, source := v.Owner.Kind, "it there:"
	switch v.Owner.Kind {
	case "compose":
		who, source = "Compose", "the compose file of"
	case "swarm":
		who, source = "Swarm", "the service with docker service update:"
	case "kubernetes":
		who, source = "Kubernetes", "the workload behind pod"
	}
	return fmt.Sprintf("%s manages it and would undo or fight the change; change %s %s", who, source, printable(v.Owner.Name))
}

// checked reports whether the engine runs a health test.
func (v *view) checked() bool { return v.Spec.Health.Test != "" && v.Spec.Health.Test != "NONE" }

// The engine's defaults for a health test that does not say.
const (
	defaultEvery   = 30 * time.Second
	defaultRetries = 3
)

// healthEvery is how long it takes from one health test to the next, and from
// the start to the first.
func (v *view) healthEvery() time.Duration {
	if h := v.Config.Healthcheck; h != nil && h.Interval > 0 {
		return h.Interval
	}
	return defaultEvery
}

// healthBound is how long a container may take until its health test speaks:
// the start period and every retry, by its own settings or the engine's
// defaults.
func (v *view) healthBound() time.Duration {
	const most = 1000 // retries; more do not fit a duration
	timeout, retries, start := defaultEvery, defaultRetries, time.Duration(0)
	if h := v.Config.Healthcheck; h != nil {
		start = max(h.StartPeriod, 0)
		if h.Timeout > 0 {
			timeout = h.Timeout
		}
		if h.Retries > 0 {
			retries = h.Retries
		}
	}
	// Settings that no timer could measure are as good as the longest one.
	const longest = 1000 * time.Hour
	every := min(v.healthEvery(), longest) + min(timeout, longest)
	return min(start, longest) + time.Duration(min(retries, most))*every
}
