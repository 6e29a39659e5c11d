package dockerapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync/atomic"
)

// Bounds of one answer, and of the answers of one engine that are read at the same
// time, in bytes.
const (
	MaxObject = 64 << 20
	MaxList   = 128 << 20
	maxHeld   = 192 << 20
)

// Get reads an API path such as "/info". The answer is at most limit bytes of
// valid or invalid JSON; it is for the caller to decode.
func (c *Client) Get(ctx context.Context, path string, query url.Values, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.do(ctx, http.MethodGet, path, query, nil, limit)
}

// do sends one request. The path is made of constants and of references that
// [reference] accepted.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body io.Reader, limit int64) ([]byte, error) {
	op := method + " " + path
	u := c.base.JoinPath("v"+c.version, path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(op, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, statusError(op, resp.StatusCode, engineMessage(resp.Body))
	}
	if resp.ContentLength > limit {
		return nil, &Error{Op: op, Kind: ErrTooLarge, Message: fmt.Sprintf("%d bytes, the bound is %d", resp.ContentLength, limit)}
	}
	b, err := c.held.read(resp.Body, limit)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, &Error{Op: op, Kind: ErrTooLarge, Message: fmt.Sprintf("more than %d bytes, or more than %d with others that are read now", limit, maxHeld)}
	case err != nil:
		return nil, transportError(op, err)
	}
	return b, nil
}

// held counts the bytes of the answers that are being read, so that an engine that
// answers several requests without end takes no more memory than with one.
type held struct{ bytes atomic.Int64 }

// read returns at most limit bytes. It grows by pieces: a buffer that doubles would
// hold three times as much.
func (h *held) read(r io.Reader, limit int64) ([]byte, error) {
	const piece = 1 << 20
	var total int64
	defer func() { h.bytes.Add(-total) }()
	var full [][]byte
	buf := make([]byte, 0, 4<<10)
	for {
		if len(buf) == cap(buf) {
			full = append(full, buf)
			buf = make([]byte, 0, min(piece, 2*cap(buf)))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		total += int64(n)
		if h.bytes.Add(int64(n)) > maxHeld || total > limit {
			return nil, ErrTooLarge
		}
		switch {
		case errors.Is(err, io.EOF):
			return bytes.Join(append(full, buf), nil), nil
		case err != nil:
			return nil, err
		}
	}
}

// engineMessage reads the message of an error answer: JSON, or plain text from
// a proxy.
func engineMessage(r io.Reader) string {
	b, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil && len(b) == 0 {
		return ""
	}
	var m struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(b, &m) == nil {
		return m.Message
	}
	return string(b)
}

// referenceForm is what may stand in an API path: ids, names, digests, image
// references. It keeps ".." and "?" out.
var referenceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:@/+-]{0,511}$`)

var parentStep = regexp.MustCompile(`(^|/)\.{0,2}(/|$)`)

// reference checks an id or name that came from an engine or a snapshot.
func reference(kind, ref string) error {
	if !referenceForm.MatchString(ref) || parentStep.MatchString(ref) {
		return &Error{Op: kind, Kind: ErrInvalid, Message: printable(fmt.Sprintf("%.80q is not an id or name", ref))}
	}
	return nil
}

// ContainerInspectRaw returns the engine's answer about one container.
func (c *Client) ContainerInspectRaw(ctx context.Context, id string) (json.RawMessage, error) {
	if err := reference("container", id); err != nil {
		return nil, err
	}
	return c.Get(ctx, "/containers/"+id+"/json", nil, MaxObject)
}

// ImageInspectRaw returns the engine's answer about one image.
func (c *Client) ImageInspectRaw(ctx context.Context, ref string) (json.RawMessage, error) {
	if err := reference("image", ref); err != nil {
		return nil, err
	}
	return c.Get(ctx, "/images/"+ref+"/json", nil, MaxObject)
}

// IsGone reports whether an object had disappeared when it was asked for.
func IsGone(err error) bool { return errors.Is(err, ErrNotFound) }

// Archive returns the tar archive of one path inside a container.
func (c *Client) Archive(ctx context.Context, id, path string, limit int64) ([]byte, error) {
	if err := reference("container", id); err != nil {
		return nil, err
	}
	return c.Get(ctx, "/containers/"+id+"/archive", url.Values{"path": {path}}, limit)
}
