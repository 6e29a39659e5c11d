package dockerapi

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	idleConns   = 16 // idle connections kept, so that parallel reads do not dial again
	sshConns    = 4  // each is a process and a login
)

// counter counts requests and keeps the error of a failed one for the caller,
// since the client library rewrites errors and drops their cause.
type counter struct {
	next  http.RoundTripper
	calls atomic.Int64
}

type failure struct{ err error }

type failureKey struct{}

// RoundTrip implements [http.RoundTripper].
func (t *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	t.calls.Add(1)
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		if f, ok := r.Context().Value(failureKey{}).(*failure); ok {
			f.err = err
		}
	}
	return resp, err
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the
// transport.
func (t *counter) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// newTransport returns the HTTP transport of an endpoint and the scheme that
// requests use.
func newTransport(e Endpoint) (*http.Transport, string, error) {
	tr := &http.Transport{
		MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: dialTimeout,
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	switch e.Kind {
	case KindUnix:
		tr.DisableCompression = true
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", cmp.Or(e.dial, e.Socket))
		}
		return tr, "http", nil
	case KindSSH:
		tr.MaxConnsPerHost = sshConns
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialSSH(ctx, e.ssh)
		}
		return tr, "http", nil
	case KindTCP:
		tr.Proxy = http.ProxyFromEnvironment
		tr.DialContext = dialer.DialContext
		if e.tls == nil {
			return tr, "http", nil
		}
		c, err := e.tls.config()
		if err != nil {
			return nil, "", err
		}
		tr.TLSClientConfig = c
		return tr, "https", nil
	}
	return nil, "", fmt.Errorf("endpoint %q is of unknown kind %q", e.Name, e.Kind)
}
