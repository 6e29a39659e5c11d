package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	"plimsoll/internal/collect/node"
	"plimsoll/internal/kubeapi"
	"plimsoll/internal/snapshot"
)

// nodes adds what the API shows of the nodes' own components: those of static
// pods by their mirrors, and the kubelets where they were to be asked.
func (c *collector) nodes(ctx context.Context, out *snapshot.Snapshot) {
	out.Components = append(out.Components, c.components...)
	st := snapshot.PartStatus{
		Scope: c.id.scope, Part: snapshot.PartNodeKubelet, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
		Detail: "the kubelets were not asked for their configuration", Grant: "plimsoll assess k8s --kubelets, or " + onNodes,
	}
	if c.Kubelets && len(out.Nodes) > 0 {
		st = c.kubelets(ctx, out)
	}
	out.Parts = append(out.Parts, st)
	slices.SortFunc(out.Components, func(a, b snapshot.Component) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Node, b.Node))
	})
	out.Parts = append(out.Parts, c.mirrored(out)...)
	for _, p := range []snapshot.Part{snapshot.PartNodeFiles, snapshot.PartNodePKI} {
		out.Parts = append(out.Parts, snapshot.PartStatus{
			Scope: c.id.scope, Part: p, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: "the nodes themselves were not looked at", Grant: onNodes,
		})
	}
}

// hosted are the distributions whose control plane the provider runs elsewhere.
var hosted = []string{"eks", "gke", "aks"}

// mirrored says what the mirrors of static pods show: of a component that each
// node of the control plane has, all of it.
func (c *collector) mirrored(out *snapshot.Snapshot) []snapshot.PartStatus {
	st := snapshot.PartStatus{
		Scope: c.id.scope, Part: snapshot.PartNodeComponents, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
		Detail: "no mirror of a static pod was seen, and the nodes themselves were not looked at", Grant: onNodes,
	}
	if len(c.components) == 0 {
		if slices.Contains(hosted, out.Clusters[0].Distribution) {
			st.Reason, st.Detail, st.Grant = snapshot.ReasonProvider, "the provider runs the control plane and shows nothing of it", ""
		}
		return []snapshot.PartStatus{st}
	}
	st.State, st.Reason, st.Detail = snapshot.Observed, snapshot.ReasonPartial, "command lines as the mirrors of static pods show them; the nodes themselves were not looked at"
	parts := []snapshot.PartStatus{st}
	if !c.listed(snapshot.PartClusterNodes) || !c.listed(snapshot.PartClusterPods) {
		return parts
	}
	for _, name := range []string{snapshot.APIServer, snapshot.Etcd, snapshot.ControllerManager, snapshot.Scheduler} {
		all, planes := true, 0
		for i := range out.Nodes {
			n := &out.Nodes[i]
			if !n.ControlPlane {
				continue
			}
			planes++
			all = all && slices.ContainsFunc(c.components, func(k snapshot.Component) bool { return k.Name == name && k.Node == n.Name })
		}
		if all && planes > 0 {
			parts = append(parts, snapshot.PartStatus{Scope: c.id.scope, Part: st.Part, Item: snapshot.KindItem(snapshot.Kind(name)), State: snapshot.Observed})
		}
	}
	return parts
}

// onNodes is what shows the nodes themselves.
const onNodes = "plimsoll assess host on each node"

// kubelets asks every kubelet for its configuration, through the API server. The
// right to do so lets its holder run commands in pods, which is why it is asked for.
func (c *collector) kubelets(ctx context.Context, out *snapshot.Snapshot) snapshot.PartStatus {
	st := snapshot.PartStatus{Scope: c.id.scope, Part: snapshot.PartNodeKubelet, State: snapshot.Observed}
	found := make([]*snapshot.Component, len(out.Nodes))
	errs := make([]error, len(out.Nodes))
	var denied atomic.Bool
	c.each(len(out.Nodes), func(i int) {
		if denied.Load() {
			return
		}
		n := &out.Nodes[i]
		b, err := c.Client.Get(ctx, "/api/v1/nodes/"+n.Name+"/proxy/configz", maxDocument)
		if errs[i] = err; err != nil {
			denied.Store(denied.Load() || errors.Is(err, os.ErrPermission))
			return
		}
		k := snapshot.Component{Scope: c.id.scope, Node: n.Name, Name: snapshot.Kubelet, Source: snapshot.FromConfigz, Version: n.Kubelet, VersionBy: "the node's object"}
		k.Flags = snapshot.Missing[[]snapshot.ComponentFlag](snapshot.Skipped, snapshot.ReasonNotCollected, "")
		k.Kubelet = &snapshot.KubeletConfig{Merged: snapshot.Missing[[]snapshot.ConfigField](snapshot.Skipped, snapshot.ReasonNotCollected, "")}
		fields, ok := node.Configz(b)
		k.Kubelet.Live = snapshot.Seen(fields, "configz")
		if !ok {
			k.Kubelet.Live = snapshot.Missing[[]snapshot.ConfigField](snapshot.Failed, snapshot.ReasonUnparsable, "configz")
		}
		found[i] = &k
	})
	silent := 0
	for i, k := range found {
		switch {
		case k != nil:
			out.Components = append(out.Components, *k)
		case !denied.Load():
			silent++
			out.Parts = append(out.Parts, snapshot.PartStatus{
				Scope: c.id.scope, Part: snapshot.PartNodeKubelet, Item: "Node/" + out.Nodes[i].Name, State: snapshot.Failed, Reason: snapshot.ReasonFailed,
				Detail: "asking the kubelet: " + kubeapi.Reason(errs[i]),
			})
		}
	}
	switch {
	case denied.Load():
		st.State, st.Reason, st.Detail = snapshot.Denied, snapshot.ReasonDenied, "forbidden: get nodes/proxy, by which kubelets are asked; it also lets its holder run commands in pods"
		st.Grant = onNodes
	case silent == len(out.Nodes):
		st.State, st.Reason, st.Detail = snapshot.Failed, snapshot.ReasonFailed, "no kubelet answered through the API server"
	case silent > 0:
		st.Reason, st.Detail = snapshot.ReasonPartial, fmt.Sprintf("%d of %d kubelets did not answer through the API server", silent, len(out.Nodes))
	}
	return st
}
