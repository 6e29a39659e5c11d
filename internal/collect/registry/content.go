package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	maxRepos   = 10 // that are asked for
	maxSampled = 5  // whose first image is read
	maxBlobs   = 2  // of one image that are read
	maxRunning = 50
)

var (
	repoName   = regexp.MustCompile(`^[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*$`)
	tagName    = regexp.MustCompile(`^\w[\w.-]{0,127}$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

func isRepo(name string) bool { return len(name) <= 255 && repoName.MatchString(name) }

var manifestTypes = strings.Join([]string{
	"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
}, ", ")

// content reads what anyone may read: the catalogue, tags and manifests of its
// first repositories, a few small blobs, and whether images in use are there.
func (c *collector) content(ctx context.Context) {
	var v snapshot.RegistryContent
	a, err := c.client.get(ctx, c.base+"/v2/_catalog?n=100", maxList)
	if err != nil {
		c.reg.Content = snapshot.Missing[snapshot.RegistryContent](snapshot.Failed, snapshot.ReasonFailed, "GET /v2/_catalog")
		return
	}
	v.Catalog = a.status
	var names []string
	if a.status == http.StatusOK {
		var list struct {
			Repositories []string `json:"repositories"`
		}
		if json.Unmarshal(a.body, &list) == nil {
			v.Listed = len(list.Repositories)
			names = list.Repositories
		}
	}
	for _, r := range c.Running[:min(len(c.Running), maxRunning)] {
		if !isRepo(r.Repo) || !digestForm.MatchString(r.Digest) {
			continue
		}
		if h, err := c.manifest(ctx, http.MethodHead, r.Repo, r.Digest); err == nil {
			r.Status = h.status
			v.Running = append(v.Running, r)
		}
		if !slices.Contains(names, r.Repo) {
			names = append(names, r.Repo)
		}
	}
	for _, n := range names {
		if len(v.Repos) == maxRepos || ctx.Err() != nil {
			break
		}
		if isRepo(n) {
			c.repo(ctx, &v, n)
		}
	}
	c.reg.Content = snapshot.Seen(v, "GET /v2/_catalog, tags and manifests")
}

func (c *collector) manifest(ctx context.Context, method, repo, ref string) (*answer, error) {
	limit := int64(maxList)
	if method == http.MethodHead {
		limit = 0
	}
	return c.client.send(ctx, message{method: method, url: c.base + "/v2/" + repo + "/manifests/" + ref, header: map[string]string{"Accept": manifestTypes}, limit: limit})
}

// repo asks for the tags and the first image of one repository.
func (c *collector) repo(ctx context.Context, v *snapshot.RegistryContent, name string) {
	a, err := c.client.get(ctx, c.base+"/v2/"+name+"/tags/list", maxList)
	if err != nil {
		return
	}
	r := snapshot.RegistryRepo{Name: name, Tags: a.status}
	var list struct {
		Tags []string `json:"tags"`
	}
	if a.status == http.StatusOK && json.Unmarshal(a.body, &list) == nil && len(list.Tags) > 0 && tagName.MatchString(list.Tags[0]) {
		if h, err := c.manifest(ctx, http.MethodHead, name, list.Tags[0]); err == nil {
			r.Manifest = h.status
		}
	}
	v.Repos = append(v.Repos, r)
	if r.Manifest == http.StatusOK && len(v.Repos) <= maxSampled {
		c.image(ctx, v, name, list.Tags[0])
	}
}

// descriptor is what a manifest says of another blob.
type descriptor struct {
	Digest string   `json:"digest"`
	Size   int64    `json:"size"`
	URLs   []string `json:"urls"`
}

// image reads a manifest and hashes it and a few small blobs that it names.
func (c *collector) image(ctx context.Context, v *snapshot.RegistryContent, repo, tag string) {
	a, err := c.manifest(ctx, http.MethodGet, repo, tag)
	if err != nil || a.status != http.StatusOK || a.cut {
		return
	}
	check(v, repo, a.header.Get("Docker-Content-Digest"), a.body)
	var m struct {
		Config    descriptor   `json:"config"`
		Layers    []descriptor `json:"layers"`
		Manifests []descriptor `json:"manifests"`
	}
	if json.Unmarshal(a.body, &m) != nil {
		return
	}
	if slices.ContainsFunc(slices.Concat(m.Layers, m.Manifests), func(d descriptor) bool { return len(d.URLs) > 0 }) {
		v.Foreign = append(v.Foreign, repo)
	}
	read := 0
	for _, d := range append([]descriptor{m.Config}, m.Layers...) {
		if read == maxBlobs || ctx.Err() != nil {
			return
		}
		if !digestForm.MatchString(d.Digest) || d.Size <= 0 || d.Size > maxBlob || len(d.URLs) > 0 {
			continue
		}
		b, err := c.client.get(ctx, c.base+"/v2/"+repo+"/blobs/"+d.Digest, d.Size)
		if err == nil && b.status == http.StatusOK { // a redirect to a store elsewhere is not followed
			check(v, repo, d.Digest, b.body)
			read++
		}
	}
}

// check holds content against its digest.
func check(v *snapshot.RegistryContent, repo, digest string, content []byte) {
	if !digestForm.MatchString(digest) {
		return
	}
	v.Blobs++
	sum := sha256.Sum256(content)
	if digest != "sha256:"+hex.EncodeToString(sum[:]) {
		v.Corrupt = append(v.Corrupt, repo+"@"+digest)
	}
}
