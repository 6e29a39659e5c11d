package registry

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// undoTime bounds the undoing of a probe, which goes on after an interrupt.
const undoTime = 20 * time.Second

// Sends lists, for people, what a probe sends beyond reads, in its order.
func Sends() []string {
	return []string{
		"POST /v2/plimsoll-probe-RANDOM/blobs/uploads/: opens an upload, cancelled at once by DELETE",
		"DELETE /v2/plimsoll-probe-RANDOM/manifests/DIGEST of what does not exist: tells whether deletion is on",
		"only where both are allowed: pushes an image of a few hundred bytes, overwrites its tag, and deletes image and blobs; the name may stay in the catalogue, and unreferenced bytes until garbage collection",
		"where the registry is a Harbor: one login with the password that its documentation publishes",
	}
}

// probe sends what is not a read, and undoes it.
func (c *collector) probe(ctx context.Context) {
	repo := "plimsoll-probe-" + rand.Text()[:12]
	p := prober{c: c, repo: strings.ToLower(repo)}
	c.say("registry %s: opens an upload in %s and cancels it; asks to delete a manifest that does not exist", c.address, p.repo)
	location, status, err := p.open(ctx)
	if err != nil {
		c.reg.Probe = snapshot.Missing[snapshot.RegistryProbe](snapshot.Failed, snapshot.ReasonFailed, "--probe")
		return
	}
	p.out.Push = status
	if status == http.StatusAccepted {
		p.cancel(ctx, location)
	}
	absent := digestOf([]byte(repo))
	if p.out.Delete, err = p.ask(ctx, http.MethodDelete, "manifests/"+absent); err != nil {
		p.out.Why = "the registry did not answer to a deletion"
	}
	p.overwrite(ctx)
	if c.reg.Product == "harbor" {
		c.say("registry %s: tries one login with the published password of Harbor", c.address)
		a, err := c.client.send(ctx, message{
			method: http.MethodGet, url: c.base + "/api/v2.0/users/current",
			header: map[string]string{"Authorization": "Basic YWRtaW46SGFyYm9yMTIzNDU="}, // as printed in Harbor's guide: no secret
		})
		if err == nil {
			p.out.Default = a.status
		}
	}
	for _, l := range p.out.Left {
		c.say("registry %s: left behind: %s", c.address, l)
	}
	c.reg.Probe = snapshot.Seen(p.out, "--probe")
}

// prober is one probe of one registry.
type prober struct {
	c    *collector
	repo string
	out  snapshot.RegistryProbe
}

func (p *prober) url(rest string) string { return p.c.base + "/v2/" + p.repo + "/" + rest }

func (p *prober) ask(ctx context.Context, method, rest string) (int, error) {
	a, err := p.c.client.send(ctx, message{method: method, url: p.url(rest), header: map[string]string{"Accept": manifestTypes}})
	if err != nil {
		return 0, err
	}
	return a.status, nil
}

// open opens an upload and returns where it goes on; empty for another host.
func (p *prober) open(ctx context.Context) (location string, status int, err error) {
	a, err := p.c.client.send(ctx, message{method: http.MethodPost, url: p.url("blobs/uploads/")})
	if err != nil {
		return "", 0, err
	}
	return p.c.within(a.header.Get("Location")), a.status, nil
}

// cancel ends an upload, even when the run was interrupted.
func (p *prober) cancel(ctx context.Context, location string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer done()
	if location != "" {
		a, err := p.c.client.send(ctx, message{method: http.MethodDelete, url: location})
		if err == nil && (a.status/100 == 2 || a.status == http.StatusNotFound) {
			return
		}
	}
	p.out.Left = append(p.out.Left, "an upload without content in "+p.repo+", which the registry drops by itself")
}

// overwrite pushes, overwrites and deletes, where everything can be undone.
func (p *prober) overwrite(ctx context.Context) {
	switch {
	case p.out.Why != "":
		return
	case p.out.Push != http.StatusAccepted:
		p.out.Why = "pushing is refused without a login"
		return
	case len(p.out.Left) > 0:
		p.out.Why = "the upload could not be cancelled, so nothing was pushed"
		return
	case p.out.Delete != http.StatusNotFound && p.out.Delete != http.StatusAccepted:
		p.out.Why = "deletion is off or refused, so nothing was pushed that could not be undone"
		return
	}
	p.c.say("registry %s: pushes an image of a few hundred bytes to %s, overwrites its tag and deletes it; the empty name may stay in the catalogue", p.c.address, p.repo)
	p.out.Tag = probeTag
	var pushed [2]image
	defer func() { p.undo(ctx, pushed[:]) }()
	for i := range pushed {
		pushed[i] = newImage()
		if status := p.push(ctx, &pushed[i]); status/100 != 2 {
			switch {
			case status == 0:
				p.out.Why = "the registry did not answer to a push"
			case i == 0:
				p.out.Why = "the registry accepted an upload but no image"
			default:
				p.out.Overwrite = "refused"
			}
			return
		}
	}
	p.out.Overwrite = "refused"
	a, err := p.c.manifest(ctx, http.MethodHead, p.repo, probeTag)
	switch {
	case err != nil:
		p.out.Overwrite, p.out.Why = "", "the registry did not answer to a read"
	case a.header.Get("Docker-Content-Digest") == pushed[1].digest:
		p.out.Overwrite = "done"
	}
}

// probeTag has the form of a release.
const probeTag = "v0.0.0-probe"

// image is a manifest and the blob that is its configuration and its layer.
type image struct {
	blob, manifest       []byte
	blobDigest, digest   string
	blobSent, manifested bool // or perhaps so
}

func newImage() image {
	const mediaType = "application/vnd.docker.distribution.manifest.v2+json"
	blob := []byte(`{"plimsoll":"probe","nonce":"` + rand.Text() + `"}`)
	type part struct {
		MediaType string `json:"mediaType"`
		Size      int    `json:"size"`
		Digest    string `json:"digest"`
	}
	m := image{blob: blob, blobDigest: digestOf(blob)}
	m.manifest, _ = json.Marshal(map[string]any{ // strings and numbers alone
		"schemaVersion": 2, "mediaType": mediaType,
		"config": part{"application/vnd.docker.container.image.v1+json", len(blob), m.blobDigest},
		"layers": []part{{"application/vnd.docker.image.rootfs.diff.tar.gzip", len(blob), m.blobDigest}},
	})
	m.digest = digestOf(m.manifest)
	return m
}

// push sends an image and returns the last HTTP status; 0 when none came.
func (p *prober) push(ctx context.Context, m *image) int {
	location, status, err := p.open(ctx)
	if err != nil || status != http.StatusAccepted || location == "" {
		return status
	}
	joint := "?"
	if strings.Contains(location, "?") {
		joint = "&"
	}
	m.blobSent = true
	a, err := p.c.client.send(ctx, message{
		method: http.MethodPut, url: location + joint + "digest=" + m.blobDigest, body: bytes.NewReader(m.blob), size: int64(len(m.blob)),
		header: map[string]string{"Content-Type": "application/octet-stream"},
	})
	if err != nil || a.status/100 != 2 {
		p.cancel(ctx, location)
		return statusOf(a)
	}
	m.manifested = true
	a, err = p.c.client.send(ctx, message{
		method: http.MethodPut, url: p.url("manifests/" + probeTag), body: bytes.NewReader(m.manifest), size: int64(len(m.manifest)),
		header: map[string]string{"Content-Type": "application/vnd.docker.distribution.manifest.v2+json"},
	})
	if err != nil {
		return 0
	}
	return a.status
}

func statusOf(a *answer) int {
	if a == nil {
		return 0
	}
	return a.status
}

// undo deletes what was pushed, even when the run was interrupted, and looks
// whether it is gone.
func (p *prober) undo(ctx context.Context, pushed []image) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer done()
	p.out.Deleted = "done"
	remains := func(kind, digest string) {
		status, err := p.ask(ctx, http.MethodDelete, kind+"/"+digest)
		if err == nil && (status/100 == 2 || status == http.StatusNotFound) {
			if status, err = p.ask(ctx, http.MethodHead, kind+"/"+digest); err == nil && status == http.StatusNotFound {
				return
			}
		}
		p.out.Deleted = "refused"
		p.out.Left = append(p.out.Left, p.repo+" "+kind+" "+digest)
	}
	for _, m := range pushed {
		if m.manifested {
			remains("manifests", m.digest)
		}
	}
	for _, m := range pushed {
		if m.blobSent {
			remains("blobs", m.blobDigest)
		}
	}
	if status, err := p.ask(ctx, http.MethodGet, "tags/list"); err != nil || status != http.StatusNotFound {
		p.out.Left = append(p.out.Left, "the empty name "+p.repo+" in the catalogue, until its folder is removed from the storage")
	}
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
