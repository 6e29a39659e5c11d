package dockerapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// MinAPIVersion is the oldest engine API that is spoken: Docker 19.03.
const MinAPIVersion = client.MinAPIVersion

// RequestTimeout bounds one read, from dialling to the last byte.
const RequestTimeout = 60 * time.Second

const connectTimeout = 20 * time.Second // of the first exchange

// Client is a connection to one engine. It is safe for concurrent use.
type Client struct {
	endpoint Endpoint
	library  *client.Client
	http     *http.Client
	counter  *counter
	held     held
	base     url.URL // scheme, host and the endpoint's own path prefix
	version  string  // negotiated, "1.41"
	timeout  time.Duration
}

// Connect reaches the engine at e and agrees on an API version. Its errors are
// of type [*Error] where the network or the engine is the cause.
func Connect(ctx context.Context, e Endpoint) (*Client, error) {
	tr, scheme, err := newTransport(e)
	if err != nil {
		return nil, err
	}
	return connect(ctx, e, tr, scheme)
}

func connect(ctx context.Context, e Endpoint, tr http.RoundTripper, scheme string) (*Client, error) {
	c := &Client{endpoint: e, counter: &counter{next: tr}, timeout: RequestTimeout}
	c.http = &http.Client{Transport: c.counter, CheckRedirect: client.CheckRedirect}
	c.base = url.URL{Scheme: scheme, Host: e.host(), Path: e.path}
	if err := c.negotiate(ctx); err != nil {
		c.http.CloseIdleConnections()
		return nil, err
	}
	var err error
	c.library, err = client.New(
		client.WithHost("tcp://"+c.base.Host+c.base.Path),
		client.WithHTTPClient(c.http),
		client.WithScheme(scheme),
		client.WithAPIVersion(c.version))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.Name, err)
	}
	return c, nil
}

// negotiate asks the engine for its version and takes the highest that both
// sides speak.
func (c *Client) negotiate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	op := "connect to " + c.endpoint.Name
	u := c.base.JoinPath("_ping")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		e := transportError(op, err)
		if c.endpoint.Kind == KindUnix && errors.Is(e, os.ErrPermission) {
			e.Message = howToBeLetIn
		}
		return e
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	if err != nil {
		return transportError(op, err)
	}
	server := resp.Header.Get("Api-Version")
	switch {
	case resp.StatusCode == http.StatusBadRequest && strings.Contains(string(body), "HTTPS server"):
		return &Error{Op: op, Kind: ErrTLS, Message: "the engine speaks TLS and was asked in clear; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a context with certificates"}
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusUnauthorized:
		return statusError(op, resp.StatusCode, string(body))
	case server == "":
		return &Error{Op: op, Kind: ErrNotDocker, Message: fmt.Sprintf("HTTP status %d without an Api-Version header", resp.StatusCode)}
	}
	c.version, err = agree(op, server)
	return err
}

// agree returns the highest version that the server and the library speak.
func agree(op, server string) (string, error) {
	s, err := versionNumber(op, server)
	if err != nil {
		return "", err
	}
	lowest, _ := versionNumber(op, MinAPIVersion)
	highest, _ := versionNumber(op, client.MaxAPIVersion)
	switch {
	case s < lowest:
		return "", &Error{Op: op, Kind: ErrTooOld, Message: fmt.Sprintf("the engine speaks API %s, needed is %s (Docker 19.03) or later", server, MinAPIVersion)}
	case s > highest:
		return client.MaxAPIVersion, nil
	}
	return server, nil
}

var versionForm = regexp.MustCompile(`^1\.([0-9]{1,4})$`)

// versionNumber returns the part after "1.", by which versions compare.
func versionNumber(op, v string) (int, error) {
	m := versionForm.FindStringSubmatch(v)
	if m == nil {
		return 0, &Error{Op: op, Kind: ErrNotDocker, Message: printable(fmt.Sprintf("Api-Version is %.40q, want a form like 1.44", v))}
	}
	return strconv.Atoi(m[1])
}

// Endpoint returns what the client is connected to.
func (c *Client) Endpoint() Endpoint { return c.endpoint }

// APIVersion returns the agreed version, such as "1.41".
func (c *Client) APIVersion() string { return c.version }

// Calls returns the number of requests sent so far.
func (c *Client) Calls() int64 { return c.counter.calls.Load() }

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
