// Package registry opens the parts of an image in a registry. It is the only
// importer of the registry client. It reads, with a login if one is given, and
// runs no credential helper.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Login is a user of a registry; the zero value is nobody.
type Login struct{ User, Password string }

// Image is one image in a registry. Digest is that of its manifest or index now.
type Image struct {
	Host, Repository string
	Digest           string
	URL              string // of the registry

	ref    name.Reference
	auth   authn.Authenticator
	caller http.RoundTripper
}

// maxAnswer bounds everything but blobs, in bytes.
const maxAnswer = 16 << 20

// Find asks the registry that ref names for its image. Errors hold nothing that
// the registry wrote.
func Find(ctx context.Context, ref string, login Login) (*Image, error) {
	r, err := name.ParseReference(ref)
	if err != nil {
		return nil, errors.New("it is no image reference, such as registry.example/shop/web:1")
	}
	repo := r.Context()
	m := &Image{Host: repo.RegistryStr(), Repository: repo.RepositoryStr(), ref: r, auth: authn.Anonymous, URL: repo.Scheme() + "://" + repo.RegistryStr()}
	if login.User != "" {
		m.auth = authn.FromConfig(authn.AuthConfig{Username: login.User, Password: login.Password})
	}
	m.caller = bounded{remote.DefaultTransport}
	d, err := remote.Head(r, m.options(ctx)...)
	if err != nil {
		return nil, m.failed("finding the image", err)
	}
	m.Digest = d.Digest.String()
	return m, nil
}

func (m *Image) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(m.auth), remote.WithTransport(m.caller), remote.WithUserAgent("plimsoll"),
		remote.WithRetryPredicate(func(error) bool { return false }),
	}
}

// Manifest returns a manifest or an index.
func (m *Image) Manifest(ctx context.Context, d string) (io.ReadCloser, error) {
	got, err := remote.Get(m.ref.Context().Digest(d), m.options(ctx)...)
	if err != nil {
		return nil, m.failed("reading a manifest", err)
	}
	return io.NopCloser(strings.NewReader(string(got.Manifest))), nil
}

// Blob opens a configuration or a layer, as it is stored.
func (m *Image) Blob(ctx context.Context, d string) (io.ReadCloser, error) {
	l, err := remote.Layer(m.ref.Context().Digest(d), m.options(ctx)...)
	if err != nil {
		return nil, m.failed("reading a blob", err)
	}
	r, err := l.Compressed()
	if err != nil {
		return nil, m.failed("reading a blob", err)
	}
	return r, nil
}

// failed says what went wrong in own words.
func (m *Image) failed(what string, err error) error {
	why := "it does not answer as a registry does"
	var status *transport.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &status):
		switch status.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			why = "it wants a login, or this one may not read it"
		case http.StatusNotFound:
			why = "it has no such image"
		default:
			why = fmt.Sprintf("it answers with HTTP status %d", status.StatusCode)
		}
	}
	return fmt.Errorf("registry %s: %s: %s", m.Host, what, why)
}

// bounded cuts every answer that is no blob.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil && !strings.Contains(r.URL.Path, "/blobs/") && r.URL.Host == r.Host {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}
