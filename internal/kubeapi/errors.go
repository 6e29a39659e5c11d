package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The kinds of failure. A caller that has no right gets [os.ErrPermission].
var (
	ErrConfig        = errors.New("kubeconfig cannot be used")     // none, no such context, or broken
	ErrPlugin        = errors.New("credential plugin failed")      // missing, or ended with an error
	ErrNoServer      = errors.New("no API server there")           // no such host, no route
	ErrRefused       = errors.New("connection refused")            // nothing listens
	ErrTLS           = errors.New("TLS failed")                    // certificates, or plain against TLS
	ErrUnauthorized  = errors.New("credentials not accepted")      // HTTP 401
	ErrNotKubernetes = errors.New("not a Kubernetes API")          // something else answers
	ErrTimeout       = errors.New("timed out")                     // the deadline of one request or of the caller
	ErrBroken        = errors.New("connection broken")             // ended in the middle of an answer
	ErrNotFound      = errors.New("not served")                    // HTTP 404
	ErrForm          = errors.New("not offered in this form")      // HTTP 406
	ErrExpired       = errors.New("list expired while being read") // HTTP 410
	ErrBusy          = errors.New("server is overloaded")          // HTTP 429, or 503 that lasts
	ErrServer        = errors.New("server failed")                 // HTTP 500 and the rest
	ErrTooLarge      = errors.New("answer too large")              // above the bound of the read
	ErrMalformed     = errors.New("answer not understood")         // no list, or one that is cut
)

// Error is a failed request. Kind is one of this package's errors, or
// [os.ErrPermission] or [context.Canceled].
type Error struct {
	Op      string // what was asked, for people: "GET /api/v1/pods"
	Kind    error
	Message string // what the server or the network said; printable, at most 512 bytes

	after    time.Duration // Retry-After
	after429 bool          // the server asked for patience
	caller   bool          // the deadline was the caller's
	token    string        // of a list that expired: where to go on
}

func (e *Error) Error() string {
	switch {
	case e.Message == "":
		return fmt.Sprintf("%s: %v", e.Op, e.Kind)
	case errors.Is(e.Kind, ErrConfig): // the message says all of it
		return e.Op + ": " + e.Message
	}
	return fmt.Sprintf("%s: %v: %s", e.Op, e.Kind, e.Message)
}

// Unwrap makes errors.Is find the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Reason says in few words why a request failed, without anything that the
// server wrote, so that it may enter a snapshot.
func Reason(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		return "failed"
	case errors.Is(e.Kind, os.ErrPermission):
		return "forbidden"
	case errors.Is(e.Kind, context.Canceled):
		return "cancelled"
	}
	return e.Kind.Error()
}

// refusedUser is how an API server begins to say whom it refuses what.
var refusedUser = regexp.MustCompile(`User "([^"]{1,253})" cannot `)

// Who returns the user whom the server refused, by its own words; "" when they
// do not say.
func Who(err error) string {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e.Kind, os.ErrPermission) {
		return ""
	}
	m := refusedUser.FindStringSubmatch(e.Message)
	if m == nil {
		return ""
	}
	return m[1]
}

// status classifies an HTTP status that is not success.
func status(op string, code int, s answer) *Error {
	kind := ErrServer
	switch code {
	case http.StatusUnauthorized:
		kind = ErrUnauthorized
	case http.StatusForbidden:
		kind = os.ErrPermission
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		kind = ErrNotFound
	case http.StatusNotAcceptable:
		kind = ErrForm
	case http.StatusGone:
		kind = ErrExpired
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind = ErrBusy
	case http.StatusGatewayTimeout:
		kind = ErrTimeout
	}
	e := &Error{Op: op, Kind: kind, Message: printable(s.message), after: s.after, token: s.token}
	if !s.kubernetes && code < http.StatusInternalServerError && code != http.StatusTooManyRequests {
		e.Message = strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", code, http.StatusText(code)))
	}
	e.after429 = code == http.StatusTooManyRequests
	return e
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
