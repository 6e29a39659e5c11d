package host

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// The answers of a TCP listener, as documented on snapshot.Listener.
const (
	apiOpen    = "open"
	apiTLSOpen = "tls-open"
	apiRefused = "refused"
	apiNone    = "none"
	apiUnknown = "unknown"
)

// ask sends GET /_ping over TLS without a client certificate and, to what does
// not speak TLS, in clear. In this order no server has a malformed request to
// log. Each attempt ends after two seconds.
func ask(ctx context.Context, addr string) string {
	asked := false
	cfg := &tls.Config{
		InsecureSkipVerify: true,             //nolint:gosec // the question is what any caller gets; nothing is told to the server
		MinVersion:         tls.VersionTLS10, // likewise
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return new(tls.Certificate), nil
		},
	}
	switch isAPI, err := ping(ctx, addr, cfg); {
	case isAPI:
		return apiTLSOpen
	case err == nil:
		return apiNone
	case asked && isAlert(err):
		return apiRefused
	case ctx.Err() != nil || isDial(err):
		return apiUnknown
	}
	switch isAPI, err := ping(ctx, addr, nil); {
	case isAPI:
		return apiOpen
	case ctx.Err() != nil || isDial(err) || isTimeout(err):
		return apiUnknown
	}
	return apiNone
}

// ping asks one way and reports whether the answer is the engine API's, whatever
// its status: an authorization plugin that denies /_ping lets others through.
func ping(ctx context.Context, addr string, cfg *tls.Config) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false, err
	}
	defer conn.Close() //nolint:errcheck // what counts is what was read
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // a closed connection has ended too
	defer stop()
	c := conn
	if cfg != nil {
		c = tls.Client(conn, cfg)
	}
	if _, err := io.WriteString(c, "GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c, 16<<10)), nil)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.Header.Get("Api-Version") != "" || resp.Header.Get("Ostype") != "" {
		return true, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16))
	return resp.StatusCode == http.StatusOK && string(body) == "OK", err
}

// isDial reports that nobody was reached.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isAlert reports that the other side ended TLS by an alert.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
