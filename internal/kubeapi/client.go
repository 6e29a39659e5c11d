package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Client asks one API server. It is safe for concurrent use.
type Client struct {
	config  *Config
	http    *http.Client
	base    url.URL
	version Version
	calls   atomic.Int64
	bounds  bounds
}

// Version is what the server calls itself.
type Version struct {
	GitVersion string `json:"gitVersion"` // v1.37.2, v1.33.1-eks-1a2b3c
	Platform   string `json:"platform"`
}

// bounds are the patience of a client; tests have less of it.
type bounds struct {
	request time.Duration // one request, from dialling to the last byte
	connect time.Duration // the first request
	tries   int           // of a read that failed in a way that may pass
	waits   time.Duration // in all, of one read
	longest time.Duration // single wait, whatever the server asks for
	backoff time.Duration // first wait of those that double
	page    int           // objects
	bytes   int64         // of one page
	pages   int           // of one list
}

var usual = bounds{
	request: 60 * time.Second, connect: 20 * time.Second, tries: 6, waits: 2 * time.Minute, longest: 30 * time.Second, backoff: 250 * time.Millisecond,
	page: 500, bytes: 64 << 20, pages: 200_000,
}

// Connect reaches the server and asks for its version, without retries: a
// cluster that does not answer is told at once. Its errors are of type [*Error].
func Connect(ctx context.Context, c *Config) (*Client, error) { return connect(ctx, c, usual) }

func connect(ctx context.Context, cfg *Config, b bounds) (*Client, error) {
	u, err := url.Parse(cfg.Server)
	if err != nil || u.Host == "" {
		return nil, &Error{Op: "use " + cfg.Name(), Kind: ErrConfig, Message: "the server's address is no URL"}
	}
	h, err := newHTTP(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{config: cfg, http: h, base: *u, bounds: b}
	op := "connect to " + cfg.Name() + " at " + cfg.Server
	inner, cancel := context.WithTimeout(ctx, b.connect)
	defer cancel()
	const room = 64 << 10
	a, err := c.once(inner, op, "/version", nil, jsonOnly, room)
	if errors.Is(err, ErrUnauthorized) || isForbidden(err) {
		// Whoever may not see the version may still see objects; who signs in with
		// nothing that counts may not.
		if old := cfg.expired(); old != "" {
			err = &Error{Op: op, Kind: ErrUnauthorized, Message: old}
		}
		if !isForbidden(err) {
			return nil, err
		}
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(a.body, &c.version); err != nil || !strings.HasPrefix(c.version.GitVersion, "v") {
		return nil, &Error{Op: op, Kind: ErrNotKubernetes, Message: "what answers has no version of Kubernetes"}
	}
	c.version.GitVersion, c.version.Platform = printable(c.version.GitVersion), printable(c.version.Platform)
	return c, nil
}

// Config returns what the client is connected by.
func (c *Client) Config() *Config { return c.config }

// Version returns what the server called itself; empty where it may not be asked.
func (c *Client) Version() Version { return c.version }

// Calls returns the number of requests sent so far.
func (c *Client) Calls() int64 { return c.calls.Load() }

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// The forms of answers.
const (
	jsonOnly  = "application/json"
	protoForm = "application/vnd.kubernetes.protobuf,application/json;q=0.9"
	tableForm = "application/json;as=Table;v=v1;g=meta.k8s.io" // and no other: whole objects are not wanted
)

// Get reads one object or document as JSON, of at most max bytes.
func (c *Client) Get(ctx context.Context, path string, max int64) ([]byte, error) {
	a, err := c.patient(ctx, path, nil, jsonOnly, max)
	return a.body, err
}

// answer is what came back.
type answer struct {
	body  []byte
	proto bool

	kubernetes bool // of a failure: the API's own form
	message    string
	token      string
	after      time.Duration
}

// patient asks until there is an answer, an error that stays, or no patience left.
func (c *Client) patient(ctx context.Context, path string, q url.Values, accept string, max int64) (answer, error) {
	op := "GET " + path
	spent := time.Duration(0)
	for try := 1; ; try++ {
		inner, cancel := context.WithTimeout(ctx, c.bounds.request)
		a, err := c.once(inner, op, path, q, accept, max)
		cancel()
		if err == nil || ctx.Err() != nil {
			return a, c.cancelled(ctx, op, err)
		}
		wait := c.wait(err, try)
		if wait < 0 || try >= c.bounds.tries || spent+wait > c.bounds.waits {
			return a, err
		}
		spent += wait
		if err := sleep(ctx, wait); err != nil {
			return a, c.cancelled(ctx, op, err)
		}
	}
}

// cancelled names the caller's own end rather than what it did to the request.
func (c *Client) cancelled(ctx context.Context, op string, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return &Error{Op: op, Kind: context.Canceled}
	}
	return &Error{Op: op, Kind: ErrTimeout, caller: true}
}

// wait says how long to wait before asking again; negative: asking again is no use.
func (c *Client) wait(err error, try int) time.Duration {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return -1
	}
	switch {
	case errors.Is(e.Kind, ErrTimeout):
		if try > 1 { // a server that is this slow twice is not in a hurry the third time
			return -1
		}
	case errors.Is(e.Kind, ErrBusy), errors.Is(e.Kind, ErrServer), errors.Is(e.Kind, ErrBroken), errors.Is(e.Kind, ErrRefused):
	default:
		return -1
	}
	if e.after > 0 {
		if e.after > c.bounds.longest {
			e.Message = strings.TrimSpace(e.Message + " (the server asks to wait " + e.after.String() + ")")
			return -1
		}
		return e.after
	}
	d := min(c.bounds.backoff<<min(try-1, 10), c.bounds.longest)
	return d/2 + rand.N(d/2+1) // #nosec G404 -- spreads requests, keeps no secret
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// once sends one request and reads the answer whole, within max bytes.
func (c *Client) once(ctx context.Context, op, path string, q url.Values, accept string, max int64) (answer, error) {
	u := *c.base.JoinPath(path)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return answer{}, &Error{Op: op, Kind: ErrConfig, Message: printable(err.Error())}
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", "plimsoll")
	c.calls.Add(1)
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.config.transportError(op, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		const room = 1 << 20
		body, _ := io.ReadAll(io.LimitReader(resp.Body, room)) // what there is of it explains
		return answer{}, status(op, resp.StatusCode, failed(resp, body))
	}
	body, err := readAll(resp, max)
	switch {
	case err != nil:
		return answer{}, c.config.transportError(op, err)
	case int64(len(body)) > max:
		return answer{}, &Error{Op: op, Kind: ErrTooLarge}
	}
	return answer{body: body, proto: strings.HasPrefix(resp.Header.Get("Content-Type"), "application/vnd.kubernetes.protobuf")}, nil
}

// readAll reads at most one byte more than max, into room of the right size
// where the server said it.
func readAll(resp *http.Response, max int64) ([]byte, error) {
	room := int64(16 << 10)
	if n := resp.ContentLength; n > 0 {
		room = min(n, max) + 1
	}
	b := make([]byte, 0, room)
	r := io.LimitReader(resp.Body, max+1)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
