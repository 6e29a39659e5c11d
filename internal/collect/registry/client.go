package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	answerTime = 5 * time.Second
	maxHeader  = 64 << 10
	maxList    = 1 << 20 // bytes of a list or manifest
	maxBlob    = 4 << 20 // bytes of a blob that is hashed
)

// client sends requests without credentials, through no proxy, and follows no
// redirect: a status of 3xx is an answer.
type client struct{ http http.Client }

func newClient(cfg *tls.Config) *client {
	d := net.Dialer{Timeout: answerTime}
	return &client{http: http.Client{
		Timeout: answerTime,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSClientConfig: cfg, TLSHandshakeTimeout: answerTime, ResponseHeaderTimeout: answerTime,
			MaxResponseHeaderBytes: maxHeader, MaxIdleConns: 4, IdleConnTimeout: answerTime, DisableCompression: true, Proxy: nil,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// answer is one response: its body up to a limit.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    bool // the body was longer
	tls    *tls.ConnectionState
	took   time.Duration
}

// message is one request.
type message struct {
	method, url string
	header      map[string]string
	body        io.Reader
	size        int64 // of the body
	limit       int64 // bytes of the answer's body; 0 reads none
}

func (c *client) send(ctx context.Context, m message) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, m.method, m.url, m.body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = m.size
	req.Header.Set("User-Agent", "plimsoll")
	for k, v := range m.header {
		req.Header.Set(k, v)
	}
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header, tls: resp.TLS, took: time.Since(start)}
	if m.limit == 0 {
		return a, nil
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, m.limit+1))
	if int64(len(a.body)) > m.limit {
		a.body, a.cut = a.body[:m.limit], true
	}
	return a, err
}

func (c *client) get(ctx context.Context, url string, limit int64) (*answer, error) {
	return c.send(ctx, message{method: http.MethodGet, url: url, limit: limit})
}

// plainError says in few words why a registry could not be asked, without the
// URL, which the caller names.
func plainError(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("asking was interrupted")
	case errors.As(err, &op) && op.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errors.New("it does not answer in time")
	case errors.As(err, &op):
		return errors.New("nothing answers there: " + op.Err.Error())
	}
	return errors.New("what answers there speaks no HTTP that is understood")
}
