package testbed

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"
)

// API is the API server of the testbed's cluster, asked as its administrator
// without kubectl: for tests that ask a thousand times.
type API struct {
	t    testing.TB
	http *http.Client
	url  string
}

// ServerAPI returns the API server of the testbed's cluster.
func ServerAPI(t testing.TB) *API {
	t.Helper()
	path := Cluster(t).SuperAdmin
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) string {
		m := regexp.MustCompile(`(?m)^\s*` + name + `:\s*(\S+)`).FindSubmatch(doc)
		if m == nil {
			t.Fatalf("%s has no %s", path, name)
		}
		return string(m[1])
	}
	data := func(name string) []byte {
		b, err := base64.StdEncoding.DecodeString(field(name))
		if err != nil {
			t.Fatalf("%s of %s: %v", name, path, err)
		}
		return b
	}
	cert, err := tls.X509KeyPair(data("client-certificate-data"), data("client-key-data"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data("certificate-authority-data"))
	return &API{t: t, url: field("server"), http: &http.Client{
		Timeout:   callTimeout,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}},
	}}
}

// APIError is an answer of the API server that is no success.
type APIError struct {
	Call   string
	Code   int    // HTTP status
	Reason string // of the Status object
	Text   string // its message
}

func (e *APIError) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.Call, e.Code, e.Reason, e.Text)
}

// Call asks the API server and returns its answer, or a [*APIError]. A body that is
// not nil is sent as JSON.
func (a *API) Call(method, path string, body any) ([]byte, error) {
	b, _, err := a.call(method, path, body)
	return b, err
}

// Warned is Call for what is taken with warnings, which it returns.
func (a *API) Warned(method, path string, body any) ([]string, error) {
	_, header, err := a.call(method, path, body)
	return header["Warning"], err
}

func (a *API) call(method, path string, body any) ([]byte, http.Header, error) {
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		send = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout) // cleanups ask too, when the test's context is over
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, send)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := a.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil && res.StatusCode >= 300 {
		var status struct{ Reason, Message string }
		_ = json.Unmarshal(b, &status) // what else it is, the code tells
		err = &APIError{method + " " + path, res.StatusCode, status.Reason, status.Message}
	}
	return b, res.Header, err
}

// Must is Call for what has to work. The answer goes into v unless that is nil.
func (a *API) Must(method, path string, body, v any) {
	a.t.Helper()
	b, err := a.Call(method, path, body)
	if err == nil && v != nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// Create makes an object in a collection, and removes it when the test ends.
func (a *API) Create(collection, name string, body any) {
	a.t.Helper()
	allowChange(a.t)
	a.Must(http.MethodPost, collection, body, nil)
	a.t.Cleanup(func() {
		for range 3 {
			_, err := a.Call(http.MethodDelete, collection+"/"+name, nil)
			if err == nil {
				return
			}
			a.t.Logf("remove %s/%s: %v", collection, name, err)
			time.Sleep(time.Second)
		}
		a.t.Errorf("%s/%s is left", collection, name)
	})
}
