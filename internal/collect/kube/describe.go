package kube

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// describe fills in what is known of the cluster as a whole.
func (c *collector) describe(ctx context.Context, out *snapshot.Snapshot) {
	k := &out.Clusters[0]
	k.Version, k.CA = c.Client.Version().GitVersion, c.id.ca
	for _, r := range c.served.Resources {
		k.Served = append(k.Served, snapshot.APIResource{GroupVersion: r.GroupVersion, Kind: r.Kind, Resource: r.Resource, Namespaced: r.Namespaced})
	}
	slices.SortFunc(k.Served, func(a, b snapshot.APIResource) int {
		return strings.Compare(a.GroupVersion+"\x00"+a.Resource, b.GroupVersion+"\x00"+b.Resource)
	})
	k.Served = slices.Compact(k.Served)
	k.Distribution, k.Provider = distribution(k.Version, out)
	c.endpoints(ctx, out)
}

// endpoints collects where the API server is said to answer.
func (c *collector) endpoints(ctx context.Context, out *snapshot.Snapshot) {
	k := &out.Clusters[0]
	k.Endpoints = c.place(k.Endpoints, "kubeconfig", c.Client.Config().Server)
	var info struct {
		Data map[string]string `json:"data"`
	}
	if c.document(ctx, "/api/v1/namespaces/kube-public/configmaps/cluster-info", &info) {
		for _, s := range servers(info.Data["kubeconfig"]) {
			k.Endpoints = c.place(k.Endpoints, "cluster-info", s)
		}
	}
	var slice struct {
		Endpoints []struct {
			Addresses []string `json:"addresses"`
		} `json:"endpoints"`
		Ports []struct {
			Port int `json:"port"`
		} `json:"ports"`
	}
	if c.document(ctx, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes", &slice) {
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				at := snapshot.APIEndpoint{Source: "endpoint slice", Host: clean(a)}
				if len(slice.Ports) > 0 {
					at.Port = slice.Ports[0].Port
				}
				k.Endpoints = append(k.Endpoints, at)
			}
		}
	}
	for i := range out.Nodes {
		n := &out.Nodes[i]
		for _, a := range n.Addresses {
			if n.ControlPlane && a.Type == "ExternalIP" {
				k.Endpoints = append(k.Endpoints, snapshot.APIEndpoint{Source: "node address", Host: clean(a.Address)})
			}
		}
	}
	for i := range k.Endpoints {
		if c.Resolve != nil {
			k.Endpoints[i].Addresses = c.Resolve(ctx, k.Endpoints[i].Host)
		}
	}
}

// place adds the address of a URL.
func (c *collector) place(list []snapshot.APIEndpoint, source, server string) []snapshot.APIEndpoint {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return list
	}
	at := snapshot.APIEndpoint{Source: source, Host: clean(u.Hostname())}
	at.Port, _ = strconv.Atoi(u.Port())
	if at.Port == 0 && u.Scheme == "https" {
		at.Port = 443
	}
	return append(list, at)
}

// servers lists the addresses in a kubeconfig.
func servers(text string) []string {
	root, err := yaml.Parse([]byte(text), "", yaml.Limits{})
	if err != nil || root == nil || root.Kind != yaml.Map {
		return nil
	}
	clusters := root.Get("clusters")
	if clusters == nil {
		return nil
	}
	var out []string
	for _, e := range clusters.Items {
		if s := e.Get("cluster").Get("server"); s != nil && s.Kind == yaml.Scalar {
			out = append(out, s.Value)
		}
	}
	return out
}
