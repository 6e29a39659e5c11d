package dockerapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Save streams an image as docker save writes it. The stream has no bound of its
// own and ends with ctx.
func (c *Client) Save(ctx context.Context, ref string) (io.ReadCloser, error) {
	if err := reference("image", ref); err != nil {
		return nil, err
	}
	op := "GET /images/" + ref + "/get"
	u := c.base.JoinPath("v"+c.version, "/images/"+ref+"/get")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(op, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, statusError(op, resp.StatusCode, engineMessage(resp.Body))
	}
	return resp.Body, nil
}

// ImageHistoryRaw returns the engine's list of an image's steps, the last one
// first.
func (c *Client) ImageHistoryRaw(ctx context.Context, ref string) ([]byte, error) {
	if err := reference("image", ref); err != nil {
		return nil, err
	}
	return c.Get(ctx, "/images/"+ref+"/history", nil, MaxObject)
}
