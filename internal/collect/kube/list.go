package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"os"

	"plimsoll/internal/collect/node"
	"plimsoll/internal/kubeapi"
	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
)

// list is what became of reading one resource, in all namespaces or in one.
type list struct {
	task
	namespace string // "" is all of them
	state     snapshot.State
	reason    snapshot.Reason
	why       string // one sentence
	who       string // whom the server refused, by its own words
	apart     bool   // read in two states of the cluster
	broken    int    // objects that were not understood
	items     int
}

// read lists one resource.
func (c *collector) read(ctx context.Context, t task, namespace string) *list {
	l := &list{task: t, namespace: namespace, state: snapshot.Observed}
	q := kubeapi.List{Path: t.as.Path(namespace), Form: kubeapi.Objects}
	switch {
	case t.kind == "Secret" && t.group == coreGroup:
		q.Form = kubeapi.Names
	case !kubeobj.Wired(t.as.GroupVersion, t.as.Kind):
		q.Form, q.Page = kubeapi.JSON, customPage
	}
	s := &sink{c: c, l: l, seed: maphash.MakeSeed()}
	o, err := c.Client.List(ctx, q, s)
	l.items, l.apart = o.Items, l.apart || o.Apart
	if err != nil {
		c.refused(l, err)
	}
	return l
}

// customPage is how many objects that may be large are asked for at once: the
// schemas of a definition may take a megabyte.
const customPage = 50

// refused puts an error into the list's outcome.
func (c *collector) refused(l *list, err error) {
	l.state, l.reason = snapshot.Failed, snapshot.ReasonFailed
	l.why = "listing " + l.qualified() + ": " + kubeapi.Reason(err)
	switch {
	case errors.Is(err, os.ErrPermission):
		l.state, l.reason = snapshot.Denied, snapshot.ReasonDenied
		l.who = kubeapi.Who(err)
		l.why = "listing " + l.qualified() + " is forbidden"
	case errors.Is(err, kubeapi.ErrNotFound) && (c.found.State != snapshot.Observed || l.optional):
		l.state, l.reason, l.why = snapshot.Absent, "", l.qualified()+" are not served"
	case errors.Is(err, kubeapi.ErrMalformed) && l.kind == "Secret":
		l.why = "the server does not offer secrets without their values, and with them they were not asked for"
	}
}

// sink takes the objects of one list. One that came before the list began anew is
// not taken twice.
type sink struct {
	c    *collector
	l    *list
	seed maphash.Seed
	seen map[uint64]bool
	anew bool
}

// Reset implements [kubeapi.Sink].
func (s *sink) Reset() {
	if s.seen == nil {
		s.seen = make(map[uint64]bool)
		return
	}
	s.anew, s.l.apart = true, true
}

// Take implements [kubeapi.Sink].
func (s *sink) Take(i kubeapi.Item) error {
	o, err := s.decode(i)
	if err != nil {
		s.l.broken++
		return nil
	}
	k := maphash.String(s.seed, kubeobj.Identity(o))
	if s.anew && s.seen[k] {
		return nil
	}
	s.seen[k] = true
	s.c.take(s.l, o, i)
	return nil
}

func (s *sink) decode(i kubeapi.Item) (any, error) {
	t := s.l.as
	if i.Cells != nil {
		return kubeobj.DecodeSecret(i.Raw, i.Cells["Type"])
	}
	return kubeobj.Decode(t.GroupVersion, t.Kind, i.Raw, i.Proto)
}

// take stores an object and what else is of interest in it.
func (c *collector) take(l *list, o any, i kubeapi.Item) {
	m, static := kubeobj.Mirror(o)
	template := l.kind == "CustomResourceDefinition" && kubeobj.HoldsTemplate(i.Raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.builder.Add(o, kubeobj.Origin{}) {
		l.broken++
	}
	if static {
		for _, k := range m.Containers {
			if comp, ok := node.Mirrored(m.Node, k.Image, k.Argv); ok {
				comp.Scope = c.id.scope
				c.components = append(c.components, comp)
			}
		}
	}
	if template {
		if gk := definitionOf(i.Raw); gk != "" {
			c.templates[gk] = true
		}
	}
}

// definitionOf is the group and kind that a custom resource definition defines.
func definitionOf(raw []byte) string {
	var d struct {
		Spec struct {
			Group string `json:"group"`
			Names struct {
				Kind string `json:"kind"`
			} `json:"names"`
		} `json:"spec"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return ""
	}
	return fmt.Sprintf("%s/%s", d.Spec.Group, d.Spec.Names.Kind)
}
