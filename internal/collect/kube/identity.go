package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/url"
	"strings"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/snapshot"
)

// identity is what tells the cluster from others.
type identity struct {
	scope string
	ca    string // first 16 hex digits of the sha256 of its authority's certificate
}

const maxDocument = 4 << 20 // bytes of an object that is read by itself

// identify names the cluster: by the UID of its first namespace, which it keeps
// for life; where that may not be read by its authority, as its nodes do; else by
// the address that was asked.
func (c *collector) identify(ctx context.Context) {
	cfg := c.Client.Config()
	c.id.ca = caHash(cfg.CA)
	var root struct {
		Data map[string]string `json:"data"`
	}
	if c.document(ctx, "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt", &root) {
		if h := caHash([]byte(root.Data["ca.crt"])); h != "" {
			c.id.ca = h
		}
	}
	var ns struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
	}
	switch {
	case c.document(ctx, "/api/v1/namespaces/kube-system", &ns) && ns.Metadata.UID != "":
		c.id.scope = "cluster:" + clean(ns.Metadata.UID)
	case c.id.ca != "":
		c.id.scope = "cluster:ca-" + c.id.ca
	default:
		c.id.scope = "cluster:" + cfg.Server
	}
}

// document reads one object; false when it is not there, may not be read or is
// not understood.
func (c *collector) document(ctx context.Context, path string, into any) bool {
	b, err := c.Client.Get(ctx, path, maxDocument)
	return err == nil && json.Unmarshal(b, into) == nil
}

// caHash is the first 16 hex digits of the sha256 of the first certificate.
func caHash(pemText []byte) string {
	block, _ := pem.Decode(pemText)
	if block == nil || block.Type != "CERTIFICATE" {
		return ""
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])[:16]
}

// clean bounds a text of the server's and takes control characters out.
func clean(s string) string {
	const most = 253
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > most {
		s = s[:most]
	}
	return s
}

// discover asks what is served.
func (c *collector) discover(ctx context.Context) {
	served, err := c.Client.Discover(ctx)
	c.served = served
	c.found = snapshot.PartStatus{Part: snapshot.PartClusterVersion, State: snapshot.Observed}
	switch {
	case err != nil:
		l := list{task: task{resource: resource{plural: "what is served"}}}
		c.refused(&l, err)
		c.found.State, c.found.Reason = snapshot.Failed, snapshot.ReasonFailed
		c.found.Detail = "asking what is served: " + kubeapi.Reason(err)
		if l.state == snapshot.Denied {
			c.found.State, c.found.Reason = snapshot.Denied, snapshot.ReasonDenied
			c.found.Detail = "what is served, and in which version, may not be asked"
			c.found.Grant = bindTo("kubectl create clusterrolebinding plimsoll-discovery --clusterrole=system:discovery", l.who)
		}
		c.served = kubeapi.Served{}
	case c.Client.Version().GitVersion == "":
		c.found.Reason, c.found.Detail = snapshot.ReasonPartial, "the version may not be asked"
	case len(served.Missing) > 0:
		c.found.Reason, c.found.Detail = snapshot.ReasonPartial, "the servers behind these API groups did not answer: "+strings.Join(served.Missing, ", ")
	}
}

// scope is the cluster as a scope.
func (c *collector) scope() snapshot.Scope {
	cfg := c.Client.Config()
	s := snapshot.Scope{ID: c.id.scope, Kind: snapshot.ScopeCluster, Name: clean(cfg.Cluster), Target: target(cfg.Server), Taken: c.Taken, Remote: true}
	if u, err := url.Parse(cfg.Server); err == nil {
		ip := net.ParseIP(u.Hostname())
		s.Remote = u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
	}
	return s
}

// target is the server's address without what may sign in.
func target(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
