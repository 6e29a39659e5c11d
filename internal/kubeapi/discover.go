package kubeapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
)

// Resource is a resource of a group and version that is served.
type Resource struct {
	GroupVersion string // apps/v1, v1
	Kind         string
	Resource     string // plural
	Namespaced   bool
	List         bool // it can be listed
}

// Path is where its objects are listed; with a namespace only those of it.
func (r Resource) Path(namespace string) string {
	p := "/apis/" + r.GroupVersion
	if !strings.Contains(r.GroupVersion, "/") {
		p = "/api/" + r.GroupVersion
	}
	if namespace != "" {
		p += "/namespaces/" + namespace
	}
	return p + "/" + r.Resource
}

// Served is what a server offers.
type Served struct {
	Resources []Resource // of a group in the order of preference of its versions
	Missing   []string   // groups that did not say what they offer: an aggregated server is down
}

const (
	aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json;q=0.5"
	discovered = 32 << 20 // bytes of an answer of discovery, at most
)

// Discover asks what is served: in two requests, of older servers in one for
// each group and version.
func (c *Client) Discover(ctx context.Context) (Served, error) {
	var out Served
	for _, path := range []string{"/api", "/apis"} {
		a, err := c.patient(ctx, path, nil, aggregated, discovered)
		if err != nil {
			return out, err
		}
		var kind struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(a.body, &kind); err != nil {
			return out, &Error{Op: "GET " + path, Kind: ErrNotKubernetes, Message: "discovery is no JSON"}
		}
		if kind.Kind == "APIGroupDiscoveryList" {
			err = out.aggregated(a.body)
		} else {
			err = c.discoverEach(ctx, path, a.body, &out)
		}
		if err != nil {
			return out, err
		}
	}
	slices.Sort(out.Missing)
	out.Missing = slices.Compact(out.Missing)
	return out, nil
}

// aggregated reads what is served of all groups at once.
func (s *Served) aggregated(body []byte) error {
	var l struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Versions []struct {
				Version   string `json:"version"`
				Freshness string `json:"freshness"`
				Resources []struct {
					Resource     string `json:"resource"`
					ResponseKind *struct {
						Kind string `json:"kind"`
					} `json:"responseKind"`
					Scope string   `json:"scope"`
					Verbs []string `json:"verbs"`
				} `json:"resources"`
			} `json:"versions"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &l); err != nil {
		return &Error{Op: "GET /apis", Kind: ErrMalformed, Message: printable(err.Error())}
	}
	for _, g := range l.Items {
		for _, v := range g.Versions {
			gv := groupVersion(g.Metadata.Name, v.Version)
			if v.Freshness == "Stale" {
				s.Missing = append(s.Missing, gv)
			}
			for _, r := range v.Resources {
				kind := ""
				if r.ResponseKind != nil {
					kind = r.ResponseKind.Kind
				}
				s.add(Resource{GroupVersion: gv, Kind: kind, Resource: r.Resource, Namespaced: r.Scope == "Namespaced", List: slices.Contains(r.Verbs, "list")})
			}
		}
	}
	return nil
}

func groupVersion(group, version string) string {
	if group == "" {
		return version
	}
	return group + "/" + version
}

// add keeps a resource whose names are fit for a path.
func (s *Served) add(r Resource) {
	fit := func(name string) bool {
		return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
			return c != '.' && c != '-' && c != '/' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
		}) && !strings.Contains(name, "..")
	}
	if fit(r.Resource) && fit(r.GroupVersion) && !strings.Contains(r.Resource, "/") {
		r.Kind = printable(r.Kind)
		s.Resources = append(s.Resources, r)
	}
}

// discoverEach asks every group and version by itself.
func (c *Client) discoverEach(ctx context.Context, path string, body []byte, out *Served) error {
	var l struct {
		Versions []string `json:"versions"` // of /api
		Groups   []struct {
			Name      string `json:"name"`
			Preferred struct {
				GroupVersion string `json:"groupVersion"`
			} `json:"preferredVersion"`
			Versions []struct {
				GroupVersion string `json:"groupVersion"`
			} `json:"versions"`
		} `json:"groups"`
	}
	if err := json.Unmarshal(body, &l); err != nil || l.Versions == nil && l.Groups == nil {
		return &Error{Op: "GET " + path, Kind: ErrNotKubernetes, Message: "it lists no versions and no groups"}
	}
	var gvs []string
	gvs = append(gvs, l.Versions...)
	for _, g := range l.Groups {
		first := g.Preferred.GroupVersion
		slices.SortStableFunc(g.Versions, func(a, b struct {
			GroupVersion string `json:"groupVersion"`
		},
		) int {
			return cmp.Compare(rank(a.GroupVersion == first), rank(b.GroupVersion == first))
		})
		for _, v := range g.Versions {
			gvs = append(gvs, v.GroupVersion)
		}
	}
	for _, gv := range gvs {
		switch err := c.discoverOne(ctx, path, gv, out); {
		case err == nil:
		case ctx.Err() != nil, errors.Is(err, os.ErrPermission), errors.Is(err, ErrUnauthorized):
			return err
		default:
			out.Missing = append(out.Missing, gv)
		}
	}
	return nil
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (c *Client) discoverOne(ctx context.Context, path, gv string, out *Served) error {
	b, err := c.Get(ctx, path+"/"+gv, discovered)
	if err != nil {
		return err
	}
	var l struct {
		Resources []struct {
			Name       string   `json:"name"`
			Kind       string   `json:"kind"`
			Namespaced bool     `json:"namespaced"`
			Verbs      []string `json:"verbs"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return &Error{Op: "GET " + path + "/" + gv, Kind: ErrMalformed, Message: printable(err.Error())}
	}
	for _, r := range l.Resources {
		out.add(Resource{GroupVersion: gv, Kind: r.Kind, Resource: r.Name, Namespaced: r.Namespaced, List: slices.Contains(r.Verbs, "list")})
	}
	return nil
}
