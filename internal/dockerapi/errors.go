package dockerapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode"

	"github.com/containerd/errdefs"
)

// The kinds of failure. A caller that has no right gets [os.ErrPermission].
var (
	ErrNoEngine  = errors.New("no engine there")                  // no such socket, no such host
	ErrRefused   = errors.New("connection refused")               // nothing listens
	ErrTLS       = errors.New("TLS failed")                       // certificates, or plain against TLS
	ErrNotDocker = errors.New("not a Docker API")                 // something else answers
	ErrTooOld    = errors.New("engine API too old")               // below MinAPIVersion
	ErrTimeout   = errors.New("timed out")                        // the deadline of one request or of the caller
	ErrBroken    = errors.New("connection broken")                // ended in the middle of an answer
	ErrNotFound  = errors.New("no such object")                   // HTTP 404
	ErrConflict  = errors.New("conflict with the object's state") // HTTP 409
	ErrInvalid   = errors.New("refused as invalid")               // HTTP 400
	ErrEngine    = errors.New("engine failed")                    // HTTP 500 and the rest
	ErrTooLarge  = errors.New("answer too large")                 // above the bound of the read
)

// Error is a failed request. Kind is one of this package's errors, or
// [os.ErrPermission] or [context.Canceled].
type Error struct {
	Op      string // what was asked, for people: "GET /info"
	Kind    error
	Message string // what the engine or the network said; printable, at most 512 bytes
}

func (e *Error) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Kind)
	}
	return fmt.Sprintf("%s: %v: %s", e.Op, e.Kind, e.Message)
}

// Unwrap makes errors.Is find the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Reason says in few words why a request failed, without anything that the
// engine wrote, so that it may enter a snapshot.
func Reason(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		return "failed"
	case errors.Is(e.Kind, os.ErrPermission):
		return "permission denied"
	case errors.Is(e.Kind, context.Canceled):
		return "cancelled"
	}
	return e.Kind.Error()
}

// transportError classifies an error of dialling, TLS or HTTP.
func transportError(op string, err error) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	e := &Error{Op: op, Kind: transportKind(err), Message: printable(rootCause(err).Error())}
	if strings.HasSuffix(e.Message, e.Kind.Error()) || errors.Is(e.Kind, os.ErrPermission) {
		e.Message = "" // it would only say the kind again
	}
	return e
}

// howToBeLetIn is what a user needs who may not open the engine's socket.
const howToBeLetIn = "run it as root, as in sudo plimsoll assess; membership of group docker would grant it too, and equals root"

func transportKind(err error) error {
	var (
		netErr    net.Error
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return ErrTimeout
	case errors.Is(err, os.ErrPermission):
		return os.ErrPermission
	case errors.Is(err, os.ErrNotExist), errors.As(err, &dns):
		return ErrNoEngine
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify),
		errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return ErrTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ErrBroken
	case strings.Contains(err.Error(), "malformed HTTP"):
		return ErrNotDocker
	}
	return ErrBroken
}

// statusError classifies an HTTP status that is not success.
func statusError(op string, status int, message string) *Error {
	kind := ErrEngine
	switch status {
	case 400:
		kind = ErrInvalid
	case 401, 403:
		kind = os.ErrPermission // an authorization plugin, or a proxy in front
	case 404:
		kind = ErrNotFound
	case 409:
		kind = ErrConflict
	}
	return &Error{Op: op, Kind: kind, Message: printable(message)}
}

// libraryError classifies an error of the client library.
func libraryError(op string, err error) *Error {
	e := &Error{Op: op, Kind: ErrEngine, Message: printable(err.Error())}
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind = context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind = ErrTimeout
	case errdefs.IsNotFound(err):
		e.Kind = ErrNotFound
	case errdefs.IsConflict(err):
		e.Kind = ErrConflict
	case errdefs.IsInvalidArgument(err):
		e.Kind = ErrInvalid
	case errdefs.IsPermissionDenied(err), errdefs.IsUnauthorized(err):
		e.Kind = os.ErrPermission
	}
	return e
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

const maxMessage = 512 // bytes of a foreign message that are kept

// printable makes a foreign message safe for a terminal and bounds it.
func printable(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s)
}
