package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
)

// mostNamespaces bounds the namespaces that are asked one by one when all at once
// is forbidden.
const mostNamespaces = 200

// narrow asks again, in single namespaces, for what may not be read in all of
// them at once: in the one that the context names, and in those that are known and
// let us see their pods.
func (c *collector) narrow(ctx context.Context) {
	var denied []task
	for _, l := range c.lists {
		if l.state == snapshot.Denied && !l.wide {
			denied = append(denied, l.task)
		}
	}
	if len(denied) == 0 {
		return
	}
	spaces := c.spaces(ctx, denied)
	for _, ns := range spaces {
		c.each(len(denied), func(i int) { c.note(c.read(ctx, denied[i], ns)) })
	}
	if !c.listed(snapshot.PartClusterNamespaces) {
		c.each(len(spaces), func(i int) { c.oneNamespace(ctx, spaces[i]) })
	}
}

// listed reports whether a part's lists were all read.
func (c *collector) listed(p snapshot.Part) bool {
	return !slices.ContainsFunc(c.lists, func(l *list) bool { return l.part == p && l.state != snapshot.Observed })
}

// spaces are the namespaces to ask one by one.
func (c *collector) spaces(ctx context.Context, denied []task) []string {
	own := c.Client.Config().Namespace
	known := slices.DeleteFunc(c.builder.Namespaces(), func(n string) bool { return n == own })
	if len(known) > mostNamespaces {
		known = known[:mostNamespaces]
	}
	i := slices.IndexFunc(denied, func(t task) bool { return t.kind == "Pod" })
	if i < 0 { // pods are seen everywhere, which says nothing of the rest
		return append([]string{own}, known...)
	}
	open := make([]bool, len(known))
	c.each(len(known), func(n int) {
		_, err := c.Client.List(ctx, kubeapi.List{Path: denied[i].as.Path(known[n]), Page: 1}, glance{})
		open[n] = err == nil || errors.Is(err, errGlance)
	})
	out := []string{own}
	for n, ok := range open {
		if ok {
			out = append(out, known[n])
		}
	}
	return out
}

// glance is a sink that wants to know whether a list may be read.
type glance struct{}

var errGlance = errors.New("seen enough")

// Reset implements [kubeapi.Sink].
func (glance) Reset() {}

// Take implements [kubeapi.Sink].
func (glance) Take(kubeapi.Item) error { return errGlance }

// oneNamespace reads a namespace by its name.
func (c *collector) oneNamespace(ctx context.Context, name string) {
	for _, r := range standard() {
		if r.kind != "Namespace" {
			continue
		}
		b, err := c.Client.Get(ctx, "/api/v1/namespaces/"+name, maxDocument)
		l := &list{task: task{r, r.assumed()}, namespace: name, state: snapshot.Observed}
		if err != nil {
			c.refused(l, err)
		} else {
			o, err := kubeobj.Decode("v1", "Namespace", b, false)
			if err != nil {
				l.broken++
			} else {
				c.take(l, o, kubeapi.Item{Raw: b})
			}
		}
		c.note(l)
	}
}

// parts says what became of each part.
func (c *collector) parts() []snapshot.PartStatus {
	c.found.Scope = c.id.scope
	out := []snapshot.PartStatus{c.found}
	for _, p := range listParts() {
		out = append(out, c.part(p)...)
	}
	return out
}

// part sums up the lists of a part: what could not be read at all decides, then
// what could be read in some namespaces only.
func (c *collector) part(p snapshot.Part) []snapshot.PartStatus {
	st := snapshot.PartStatus{Scope: c.id.scope, Part: p, State: snapshot.Observed}
	var denied, failed, absent, whole []*list
	broken, apart := 0, false
	for _, l := range c.lists {
		if l.part != p || l.namespace != "" {
			continue
		}
		broken += l.broken
		apart = apart || l.apart
		switch l.state {
		case snapshot.Denied:
			denied = append(denied, l)
		case snapshot.Failed, snapshot.Skipped:
			failed = append(failed, l)
		case snapshot.Absent:
			absent = append(absent, l)
		case snapshot.Observed:
			whole = append(whole, l)
		}
	}
	switch {
	case len(failed) > 0:
		c.failed = true
		st.State, st.Reason, st.Detail = snapshot.Failed, cmp.Or(failed[0].reason, snapshot.ReasonFailed), because(failed)
	case len(denied) > 0:
		return c.deniedPart(st, denied)
	case len(whole) == 0 && len(absent) > 0:
		st.State, st.Detail = snapshot.Absent, because(absent)
	case broken > 0:
		st.Reason, st.Detail = snapshot.ReasonPartial, fmt.Sprintf("%d objects were not understood and left out", broken)
	case apart:
		st.Reason, st.Detail = snapshot.ReasonPartial, "the list expired while it was read: what was made or removed meanwhile may be missing"
	}
	return []snapshot.PartStatus{st}
}

func because(lists []*list) string {
	var out []string
	for _, l := range lists {
		if !slices.Contains(out, l.why) {
			out = append(out, l.why)
		}
	}
	const most = 4
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("and %d more", len(out)-most))
	}
	return strings.Join(out, "; ")
}

// deniedPart is the coverage of a part of which something is forbidden: in every
// namespace, or in all but some.
func (c *collector) deniedPart(st snapshot.PartStatus, denied []*list) []snapshot.PartStatus {
	st.State, st.Reason = snapshot.Denied, snapshot.ReasonDenied
	names := make([]string, len(denied))
	for i, l := range denied {
		names[i] = l.qualified()
	}
	st.Detail = "forbidden: list " + strings.Join(names, ", ")
	st.Grant = grant(st.Part, names, denied[0].who)
	seen := c.seenIn(st.Part, denied)
	if len(seen) == 0 {
		return []snapshot.PartStatus{st}
	}
	st.State, st.Reason = snapshot.Observed, snapshot.ReasonPartial
	st.Detail = "read in the namespaces " + few(seen) + " only; in all of them it is forbidden to list " + strings.Join(names, ", ")
	out := []snapshot.PartStatus{st}
	for _, ns := range seen {
		out = append(out, snapshot.PartStatus{Scope: st.Scope, Part: st.Part, Item: snapshot.NamespaceItem(ns), State: snapshot.Observed})
	}
	return out
}

func few(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// seenIn lists the namespaces in which all that is forbidden elsewhere was read.
func (c *collector) seenIn(p snapshot.Part, denied []*list) []string {
	read := make(map[string]int)
	for _, l := range c.lists {
		if l.part == p && l.namespace != "" && l.state == snapshot.Observed && l.broken == 0 && !l.apart {
			read[l.namespace]++
		}
	}
	var out []string
	for ns, n := range read {
		if n >= len(denied) {
			out = append(out, ns)
		}
	}
	slices.Sort(out)
	return out
}

// grant is the command that lets whoever asked list resources.
func grant(p snapshot.Part, resources []string, who string) string {
	name := "plimsoll-" + strings.TrimPrefix(string(p), "cluster.")
	return fmt.Sprintf("kubectl create clusterrole %s --verb=list --resource=%s && %s", name, strings.Join(resources, ","),
		bindTo("kubectl create clusterrolebinding "+name+" --clusterrole="+name, who))
}

var plainUser = regexp.MustCompile(`^[A-Za-z0-9@._:/-]+$`)

// bindTo completes a binding with whom it is for.
func bindTo(command, who string) string {
	account, isAccount := strings.CutPrefix(who, "system:serviceaccount:")
	switch {
	case !plainUser.MatchString(who):
		return command + " --user=NAME"
	case isAccount:
		return command + " --serviceaccount=" + account
	}
	return command + " --user=" + who
}
