package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// listServices reads the services of the swarm, and which secrets and
// configurations there are: of these the engine tells names, of secrets never
// more.
func (c *collector) listServices(ctx context.Context) {
	const part = snapshot.PartEngineServices
	if c.outside(part) {
		return
	}
	var bad bool
	if c.swarm.Secrets, bad = c.names(ctx, part, "/secrets"); bad {
		return
	}
	if c.swarm.Configs, bad = c.names(ctx, part, "/configs"); bad {
		return
	}
	c.services = make(map[string]snapshot.RestartPolicy)
	c.list(ctx, part, "/services", "", func(o answer.Object) bool {
		s, ok := decodeService(o)
		if ok {
			c.services[s.ID] = s.RestartPolicy
			c.swarm.Services = append(c.swarm.Services, s)
		}
		return ok
	})
	slices.SortFunc(c.swarm.Services, func(a, b snapshot.SwarmService) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
}

// names lists what a path has, sorted; bad says that the part was covered as one
// that could not be read.
func (c *collector) names(ctx context.Context, part snapshot.Part, path string) (names []string, bad bool) {
	raw, err := c.Client.Get(ctx, path, nil, dockerapi.MaxList)
	if err != nil {
		c.cover(requestFailed(part, "", "GET "+path, err))
		return nil, true
	}
	var rows []struct{ Spec struct{ Name string } }
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) > answer.MaxList {
		c.cover(unparsable(part, "", "the answer to GET "+path))
		return nil, true
	}
	for _, r := range rows {
		names = append(names, answer.Short(r.Spec.Name, answer.MaxShort))
	}
	slices.Sort(names)
	return names, false
}

// service is what is used of a row of GET /services.
type service struct {
	Name string
	Mode struct {
		Replicated    *struct{ Replicas int64 }
		Global        *struct{}
		ReplicatedJob *struct{ TotalCompletions int64 }
		GlobalJob     *struct{}
	}
	TaskTemplate struct {
		ContainerSpec struct {
			Image   string
			Env     []string
			Secrets []struct{ SecretName string }
			Configs []struct{ ConfigName string }
		}
		Resources struct {
			Limits struct{ MemoryBytes, NanoCPUs, Pids int64 }
		}
		RestartPolicy *struct {
			Condition     string
			MaxAttempts   int64
			Window, Delay *time.Duration
		}
	}
	EndpointSpec struct {
		Ports []struct {
			Protocol, PublishMode     string
			TargetPort, PublishedPort uint16
		}
	}
}

func decodeService(o answer.Object) (snapshot.SwarmService, bool) {
	var v service
	s := snapshot.SwarmService{ID: o.Text("ID", answer.MaxShort)}
	if !o.Read("Spec", &v) || s.ID == "" {
		return s, false
	}
	t := &v.TaskTemplate
	s.Name, s.Image = answer.Short(v.Name, answer.MaxShort), o.Cut("Spec.Image", t.ContainerSpec.Image, answer.MaxText)
	s.Mode, s.Replicas = v.mode()
	for _, e := range answer.Capped(o, "Spec.Env", t.ContainerSpec.Env) {
		name, value, _ := strings.Cut(e, "=")
		s.Env = append(s.Env, snapshot.Conceal(answer.Short(name, answer.MaxShort), value))
	}
	for _, n := range answer.Capped(o, "Spec.Secrets", t.ContainerSpec.Secrets) {
		s.Secrets = append(s.Secrets, answer.Short(n.SecretName, answer.MaxShort))
	}
	for _, n := range answer.Capped(o, "Spec.Configs", t.ContainerSpec.Configs) {
		s.Configs = append(s.Configs, answer.Short(n.ConfigName, answer.MaxShort))
	}
	slices.Sort(s.Secrets)
	slices.Sort(s.Configs)
	s.RestartPolicy = v.restarts()
	s.Memory, s.NanoCPUs, s.Pids = t.Resources.Limits.MemoryBytes, t.Resources.Limits.NanoCPUs, t.Resources.Limits.Pids
	for _, p := range answer.Capped(o, "Spec.Ports", v.EndpointSpec.Ports) {
		s.Ports = append(s.Ports, snapshot.SwarmPort{
			Proto: answer.Short(p.Protocol, answer.MaxShort), Target: p.TargetPort, Published: p.PublishedPort, Mode: answer.Short(p.PublishMode, answer.MaxShort),
		})
	}
	return s, true
}

func (v *service) mode() (string, int64) {
	switch m := &v.Mode; {
	case m.Replicated != nil:
		return "replicated", m.Replicated.Replicas
	case m.Global != nil:
		return "global", 0
	case m.ReplicatedJob != nil:
		return "replicated-job", m.ReplicatedJob.TotalCompletions
	case m.GlobalJob != nil:
		return "global-job", 0
	}
	return "", 0
}

const defaultDelay = 5 * time.Second // between the end of a task and its replacement

// restarts is the policy of the service's tasks, which their containers do not
// have. Without one a task is replaced whatever its end, without end.
func (v *service) restarts() snapshot.RestartPolicy {
	p := snapshot.RestartPolicy{Name: "always", Service: true}
	r := v.TaskTemplate.RestartPolicy
	if r == nil {
		return p
	}
	switch r.Condition {
	case "none":
		p.Name = "no"
	case "on-failure":
		p.Name = "on-failure"
	}
	p.Max, p.Delay = r.MaxAttempts, defaultDelay.Milliseconds()
	if r.Delay != nil {
		p.Delay = r.Delay.Milliseconds()
	}
	if r.Window != nil {
		p.Window = r.Window.Milliseconds()
	}
	return p
}
