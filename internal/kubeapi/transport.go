package kubeapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
)

// newHTTP returns the client that signs in as the configuration says. It follows
// no redirect: credentials would go along.
func newHTTP(c *Config) (*http.Client, error) {
	h, err := rest.HTTPClientFor(c.rest)
	if err != nil {
		return nil, &Error{Op: "use " + c.Name(), Kind: ErrConfig, Message: printable(pathless(err))}
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return h, nil
}

// pathless is an error's text. Those of missing files name them, which helps.
func pathless(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// transportError classifies an error of credentials, dialling, TLS or HTTP.
func (c *Config) transportError(op string, err error) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if message := c.tlsMessage(err); message != "" {
		return &Error{Op: op, Kind: ErrTLS, Message: message}
	}
	if strings.Contains(err.Error(), "getting credentials: ") {
		return &Error{Op: op, Kind: ErrPlugin, Message: c.pluginMessage(err)}
	}
	e := &Error{Op: op, Kind: transportKind(err), Message: printable(rootCause(err).Error())}
	if strings.HasSuffix(e.Message, e.Kind.Error()) || errors.Is(e.Kind, ErrTimeout) || errors.Is(e.Kind, context.Canceled) {
		e.Message = "" // it would only say the kind again
	}
	if errors.Is(e.Kind, ErrRefused) {
		e.Message = "nothing listens at " + c.Server
	}
	return e
}

// tlsMessage says what is wrong with whose certificate; "" when something else is.
func (c *Config) tlsMessage(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		op        *net.OpError
	)
	plain := strings.Contains(err.Error(), "HTTP response to HTTPS client")
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is not signed by the authority that %s names; either the authority is outdated or another server answers", c.Server, c.Name())
	case errors.As(err, &host):
		return printable(fmt.Sprintf("the certificate of %s is for other names: %s", c.Server, host.Error()))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of %s is not valid now: it holds from %s until %s", c.Server, day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	case errors.As(err, &record), plain:
		return c.Server + " does not speak TLS"
	case errors.As(err, &op) && op.Op == "remote error": // an alert, of a type that crypto/tls keeps to itself
		if old := c.expired(); old != "" {
			return old
		}
		return printable("the server ended the handshake: " + op.Err.Error())
	case errors.As(err, &invalid), errors.As(err, &verify):
		return printable(rootCause(err).Error())
	}
	return ""
}

// expired says so when the client certificate of the configuration is out of date.
func (c *Config) expired() string {
	if c.until.IsZero() || time.Now().Before(c.until) {
		return ""
	}
	return fmt.Sprintf("the client certificate of %s expired on %s; sign in anew, or with kubeadm: kubeadm certs renew", c.Name(), day(c.until))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// pluginMessage says what became of the program that gives credentials.
func (c *Config) pluginMessage(err error) string {
	name := c.plugin
	if name == "" {
		name = "the credential plugin"
	}
	_, text, _ := strings.Cut(err.Error(), "getting credentials: ")
	if strings.Contains(text, "executable "+c.plugin+" not found") {
		m := fmt.Sprintf("%s signs in with the program %s, which is not in PATH", c.Name(), name)
		if c.hint != "" {
			m += "; its hint: " + c.hint
		}
		return printable(m)
	}
	first, _, _ := strings.Cut(text, "\n")
	return printable(name + ": " + strings.TrimPrefix(first, "exec: "))
}

func transportKind(err error) error {
	var (
		netErr net.Error
		dns    *net.DNSError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return ErrTimeout
	case errors.As(err, &dns), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return ErrNoServer
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	case errors.Is(err, os.ErrPermission), errors.Is(err, os.ErrNotExist):
		return ErrConfig // a token file
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ErrBroken
	case strings.Contains(err.Error(), "malformed HTTP"):
		return ErrNotKubernetes
	}
	return ErrBroken
}

// rootCause skips the wrappers that repeat the request's URL.
func rootCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
