package docker

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

// inspected is one container as engine and kernel describe it, before the
// references to other containers are resolved.
type inspected struct {
	inspect.Container
	runtime snapshot.Runtime
	usage   snapshot.Fact[snapshot.Usage]
}

// listed is one row of GET /containers/json.
type listed struct {
	id, name, image, imageID, state string
	labels                          map[string]string
}

func (c *collector) listContainers(ctx context.Context) {
	const part = snapshot.PartEngineContainers
	raw, err := c.Client.Get(ctx, "/containers/json", url.Values{"all": {"1"}}, dockerapi.MaxList)
	if err != nil {
		c.cover(requestFailed(part, "", "GET /containers/json", err))
		return
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		c.cover(unparsable(part, "", "the list of containers"))
		return
	}
	bad := 0
	for _, r := range rows {
		l, ok := decodeRow(r)
		if !ok {
			bad++
			continue
		}
		if c.Self != "" && l.id == c.Self {
			c.leaveOut(&l)
			continue
		}
		c.listed = append(c.listed, l)
	}
	if bad > 0 {
		// A container without an ID cannot be asked for and must not be lost.
		c.cover(unparsable(part, "", "rows of the list of containers"))
		return
	}
	c.observed(part)
}

// leaveOut says that a container is this program's own: what it was given to look
// with would be the worst of the machine.
func (c *collector) leaveOut(l *listed) {
	c.cover(snapshot.PartStatus{
		Part: snapshot.PartEngineContainers, Item: "name/" + l.name, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
		Detail: "plimsoll itself runs in it, so it is not judged",
	})
}

// decodeRow reads a row; only the ID is indispensable.
func decodeRow(raw []byte) (listed, bool) {
	o, ok := answer.Parse(raw, "", new(answer.Unread))
	if !ok {
		return listed{}, false
	}
	l := listed{
		id: o.Text("Id", answer.MaxShort), image: o.Text("Image", answer.MaxText), imageID: o.Text("ImageID", answer.MaxShort), state: o.Text("State", answer.MaxShort),
	}
	l.labels = inspect.Labels(o)
	for _, n := range o.Texts("Names", answer.MaxShort) {
		n = strings.TrimPrefix(n, "/")
		if !strings.Contains(n, "/") { // not the alias of a link
			l.name = n
		}
	}
	if l.name == "" {
		l.name = answer.Short(l.id, 12)
	}
	return l, l.id != ""
}

func unparsable(p snapshot.Part, item, what string) snapshot.PartStatus {
	return snapshot.PartStatus{
		Part: p, Item: item, State: snapshot.Failed, Reason: snapshot.ReasonUnparsable,
		Detail: what + " came in a form that was not understood",
	}
}

// take reads what the engine answered about one container, and where the engine
// runs here, its processes.
func (c *collector) take(ctx context.Context, i int, raw []byte, err error) {
	const part = snapshot.PartEngineContainers
	l := &c.listed[i]
	item := "name/" + l.name
	if dockerapi.IsGone(err) {
		c.cover(snapshot.PartStatus{Part: part, Item: item, State: snapshot.Absent, Detail: "it was removed while the engine was being read"})
		return
	}
	var seen *inspected
	if err == nil {
		var read *inspect.Container
		if read, err = inspect.Decode(raw); err != nil {
			c.cover(unparsable(part, item, "the container"))
		} else {
			seen = &inspected{Container: *read, runtime: snapshot.Runtime{Status: read.State.Status}}
		}
	} else {
		c.cover(requestFailed(part, item, "GET /containers/ID/json", err))
	}
	if err != nil {
		c.seen[i] = l.unjudged()
		return
	}
	seen.ID = l.id
	if seen.Name == "" {
		seen.Name = l.name
	}
	if len(seen.Unread) > 0 {
		c.partial(part, item, "not understood: "+answer.Short(strings.Join(seen.Unread, ", "), answer.MaxShort))
	}
	c.addFacts(ctx, seen)
	c.resolveMounts(seen)
	c.seen[i] = seen
}

// stalled is how many answers may fail to come in time before the rest is not
// waited for: with a minute for each, a hung engine would take hours.
const stalled = 3

func (c *collector) ask(ctx context.Context, id string) ([]byte, error) {
	if c.timeouts.Load() >= stalled {
		return nil, &dockerapi.Error{Op: "inspect", Kind: dockerapi.ErrTimeout}
	}
	raw, err := c.Client.ContainerInspectRaw(ctx, id)
	if errors.Is(err, dockerapi.ErrTimeout) {
		c.timeouts.Add(1)
	}
	return raw, err
}

// unjudged stands for a container of which only the row in the list is known.
// Every check of it is unknown, none passes.
func (l *listed) unjudged() *inspected {
	const source = "GET /containers/ID/json"
	return &inspected{
		Container: inspect.Container{
			ID: l.id, Name: l.name, Labels: l.labels,
			Spec: snapshot.ContainerSpec{Image: l.image, ImageID: l.imageID, Unread: []string{snapshot.AllUnread}},
		},
		runtime: snapshot.Runtime{
			Status:  l.state,
			Process: snapshot.Missing[snapshot.Process](snapshot.Failed, snapshot.ReasonFailed, source),
			Cgroup:  snapshot.Missing[snapshot.Cgroup](snapshot.Failed, snapshot.ReasonFailed, source),
		},
		usage: snapshot.Missing[snapshot.Usage](snapshot.Failed, snapshot.ReasonFailed, source),
	}
}

// addFacts asks the kernel about a live container.
func (c *collector) addFacts(ctx context.Context, s *inspected) {
	state, reason, source := snapshot.Skipped, snapshot.ReasonNotCollected, ""
	switch {
	case !s.runtime.Live():
		state, reason, source = snapshot.Absent, snapshot.ReasonNone, "State.Status"
	case c.local == nil:
	case s.State.PID <= 0:
		state, reason, source = snapshot.Failed, snapshot.ReasonFailed, "State.Pid"
	default:
		f := c.local.Container(ctx, s.State.PID, accountName(s.Spec.User))
		s.runtime.Process, s.runtime.Cgroup, s.runtime.Account, s.usage = f.Process, f.Cgroup, f.Account, f.Usage
		return
	}
	s.runtime.Process = snapshot.Missing[snapshot.Process](state, reason, source)
	s.runtime.Cgroup = snapshot.Missing[snapshot.Cgroup](state, reason, source)
	s.usage = snapshot.Missing[snapshot.Usage](state, reason, source)
}
