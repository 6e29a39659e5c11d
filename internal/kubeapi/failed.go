package kubeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// failed reads what a server says of a request that it turned down.
func failed(resp *http.Response, body []byte) answer {
	var s metav1.Status
	a := answer{message: firstLine(body)}
	if raw, ok := envelope(body); ok {
		a.kubernetes = s.Unmarshal(raw) == nil
	} else {
		a.kubernetes = json.Unmarshal(body, &s) == nil && s.Kind == "Status"
	}
	if a.kubernetes {
		a.message, a.token = s.Message, s.Continue
		if s.Details != nil {
			a.after = time.Duration(s.Details.RetryAfterSeconds) * time.Second
		}
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n >= 0 {
		a.after = time.Duration(n) * time.Second
	}
	return a
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return string(line)
}

func isForbidden(err error) bool { return errors.Is(err, os.ErrPermission) }
