package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 64 << 20

// StatusError is an answer of the engine that is no success.
type StatusError struct {
	Call   string // method and path
	Code   int    // HTTP status
	Answer string // the engine's message
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: status %d: %s", e.Call, e.Code, e.Answer)
}

// Call asks the engine: path is below the API version and body, when not nil,
// is sent as JSON. It returns the whole answer, or a [*StatusError].
func (b *Bed) Call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var send io.Reader
	if body != nil {
		doc, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: encode body: %w", method, path, err)
		}
		send = bytes.NewReader(doc)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+b.api+path, send)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end below, or given up
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read answer: %w", method, path, err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("%s %s: the answer is larger than %d bytes", method, path, maxAnswer)
	case res.StatusCode >= 400:
		return nil, &StatusError{Call: method + " " + path, Code: res.StatusCode, Answer: message(answer)}
	}
	return answer, nil
}

// message takes the text out of the engine's error document.
func message(answer []byte) string {
	var doc struct{ Message string }
	if json.Unmarshal(answer, &doc) == nil && doc.Message != "" {
		return doc.Message
	}
	return strings.TrimSpace(string(answer[:min(len(answer), 200)]))
}

// Get decodes the answer to GET path into v, or fails the test.
func (b *Bed) Get(path string, v any) {
	b.t.Helper()
	answer, err := b.Call(b.t.Context(), http.MethodGet, path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(answer, v); err != nil {
		b.t.Fatalf("GET %s: decode answer: %v", path, err)
	}
}

// ping reports why the engine does not answer, if so.
func (b *Bed) ping() error {
	_, err := b.Call(b.t.Context(), http.MethodGet, "/_ping", nil)
	if dial, ok := errors.AsType[*url.Error](err); ok {
		return dial.Err // without the made-up URL
	}
	return err
}

// need skips the test when the engine lacks an image.
func (b *Bed) need(image string) {
	b.t.Helper()
	_, err := b.Call(b.t.Context(), http.MethodGet, "/images/"+image+"/json", nil)
	status, answered := errors.AsType[*StatusError](err)
	switch {
	case answered && status.Code == http.StatusNotFound:
		Skip(b.t, "the engine has no image "+image+"; test/testbed/engine-up.sh makes it")
	case err != nil:
		b.t.Fatal(err)
	}
}

// Post decodes the answer to POST path into v, unless that is nil, or fails the
// test.
func (b *Bed) Post(path string, body, v any) {
	b.t.Helper()
	answer, err := b.Call(b.t.Context(), http.MethodPost, path, body)
	if err == nil && v != nil {
		err = json.Unmarshal(answer, v)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// Exec runs a command in a container to its end.
func (b *Bed) Exec(id string, command ...string) {
	b.t.Helper()
	var exec struct{ ID string }
	b.Post("/containers/"+id+"/exec", Spec{"Cmd": command, "AttachStdout": true}, &exec)
	b.Post("/exec/"+exec.ID+"/start", Spec{"Detach": false}, nil) // its answer ends with the command
	var ended struct {
		Running  bool
		ExitCode int
	}
	b.Get("/exec/"+exec.ID+"/json", &ended)
	if ended.Running || ended.ExitCode != 0 {
		b.t.Fatalf("%v in the container: exit %d, running %t", command, ended.ExitCode, ended.Running)
	}
}
