package registry

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// note learns the product from what its answers carry.
func (c *collector) note(h http.Header) {
	if v := h.Get("Gitlab-Container-Registry-Version"); v != "" {
		c.reg.Product, c.reg.Version, c.reg.Sure = "gitlab", shorten(v), true
		return
	}
	if v, ok := strings.CutPrefix(h.Get("Server"), "Nexus/"); ok {
		v, _, _ = strings.Cut(v, " ")
		c.reg.Product, c.reg.Version, c.reg.Sure = "nexus", shorten(v), true
	}
}

// product asks what products other than the plain distribution answer, and
// whether there is a web page.
func (c *collector) product(ctx context.Context) {
	if a, err := c.client.get(ctx, c.base+"/api/v2.0/systeminfo", maxList); err == nil && a.status == http.StatusOK {
		var info struct {
			Version string `json:"harbor_version"`
			Auth    string `json:"auth_mode"`
		}
		if json.Unmarshal(a.body, &info) == nil && (info.Version != "" || info.Auth != "") {
			c.reg.Product, c.reg.Version, c.reg.Sure = "harbor", shorten(info.Version), true
			if h, err := c.client.get(ctx, c.base+"/api/v2.0/health", maxList); err == nil {
				c.reg.API.V.Health = h.status
			}
		}
	}
	a, err := c.client.get(ctx, c.base+"/", maxList)
	if err != nil {
		return
	}
	if to := c.within(a.header.Get("Location")); a.status/100 == 3 && to != "" {
		if b, err := c.client.get(ctx, to, maxList); err == nil {
			a = b
		}
	}
	switch {
	case strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && a.status < 400 && len(a.body) > 0:
		c.reg.Console = true
	case c.reg.Product == "" && a.status == http.StatusOK && len(a.body) == 0 && a.header.Get("Cache-Control") == "no-cache":
		c.reg.Product = "distribution" // its root says nothing, and that it must not be cached
		c.reg.API.V.Health = a.status
	}
}

// within resolves an address that the registry gave; empty when it leads to
// another host, port or scheme.
func (c *collector) within(location string) string {
	base, err := url.Parse(c.base)
	if err != nil || location == "" {
		return ""
	}
	u, err := base.Parse(location)
	if err != nil || u.Scheme != base.Scheme || hostPort(u) != hostPort(base) || u.User != nil {
		return ""
	}
	return u.String()
}

// hostPort is the authority of a URL with its port written out.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}

// debugPort is where the documentation puts the debug server.
const debugPort = 5001

// debug asks the usual port of distribution's debug server, which shows
// metrics, health and profiles to anyone.
func (c *collector) debug(ctx context.Context) {
	at := net.JoinHostPort(c.host, strconv.Itoa(debugPort))
	source := "GET http://" + at + "/debug/health"
	if c.port == debugPort {
		c.reg.Debug = snapshot.Missing[snapshot.RegistryDebug](snapshot.Skipped, snapshot.ReasonNotCollected, source)
		return
	}
	d := snapshot.RegistryDebug{Address: at}
	plain := newClient(nil)
	defer plain.close()
	if a, err := plain.get(ctx, "http://"+at+"/debug/health", maxList); err == nil && (a.status == http.StatusOK || a.status == http.StatusServiceUnavailable) && isObject(a.body) {
		d.Open, d.Health = true, a.status
	}
	c.reg.Debug = snapshot.Seen(d, source)
}
