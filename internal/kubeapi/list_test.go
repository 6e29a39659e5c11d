package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shelf is a sink that keeps names.
type shelf struct {
	names  []string
	resets int
	onTake func(n int)
}

func (s *shelf) Reset() { s.names, s.resets = nil, s.resets+1 }

func (s *shelf) Take(i Item) error {
	s.names = append(s.names, strings.Trim(string(i.Raw), `"`))
	if s.onTake != nil {
		s.onTake(len(s.names))
	}
	return nil
}

// listing answers lists of the objects 0 to n-1 by pages, as the API server does.
func listing(w http.ResponseWriter, r *http.Request, n int) {
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	to, token := min(from+limit, n), ""
	if to < n {
		token = strconv.Itoa(to)
	}
	var items []string
	for i := from; i < to; i++ {
		items = append(items, fmt.Sprintf("%q", strconv.Itoa(i)))
	}
	reply(w, http.StatusOK, fmt.Sprintf(`{"kind":"List","metadata":{"continue":%q,"resourceVersion":"7"},"items":[%s]}`, token, strings.Join(items, ",")))
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, strconv.Itoa(i))
	}
	return out
}

const path = "/api/v1/things"

// TestListSurvives reads ten objects through a server with one fault each.
func TestListSurvives(t *testing.T) {
	type faulty func(w http.ResponseWriter, r *http.Request, n int) bool // of the nth request; whether it answered
	for name, c := range map[string]struct {
		fault faulty
		want  []string
		kind  error
		says  string
		apart bool
		least int // requests
	}{
		"nothing": {fault: func(http.ResponseWriter, *http.Request, int) bool { return false }, want: numbers(0, 10), least: 3},
		"429 with Retry-After": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n == 2 {
				w.Header().Set("Retry-After", "0")
				reply(w, 429, statusBody(429, "too many"))
			}
			return n == 2
		}, want: numbers(0, 10), least: 4},
		"429 that asks for an hour": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Retry-After", "3600")
			reply(w, 429, statusBody(429, "come back later"))
			return true
		}, kind: ErrBusy, says: "asks to wait 1h0m0s", least: 1},
		"429 for ever": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			reply(w, 429, statusBody(429, "too many"))
			return true
		}, kind: ErrBusy, says: "too many", least: 4},
		"500 twice": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n == 1 || n == 2 {
				reply(w, 500, statusBody(500, "etcd is having a day"))
			}
			return n == 1 || n == 2
		}, want: numbers(0, 10), least: 5},
		"500 for ever": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n > 1 {
				reply(w, 500, statusBody(500, "etcd is having a day"))
			}
			return n > 1
		}, kind: ErrServer, says: "etcd is having a day", least: 5},
		"stream cut": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n != 2 {
				return false
			}
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"kind":"List","items":["x",`)
			return true
		}, want: numbers(0, 10), least: 4},
		"stream cut every time": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"kind":"List","items":["x",`)
			return true
		}, kind: ErrBroken, least: 4},
		"410 with a later state": {fault: func(w http.ResponseWriter, r *http.Request, n int) bool {
			if n != 2 {
				return false
			}
			reply(w, 410, `{"kind":"Status","code":410,"reason":"Expired","message":"old","metadata":{"continue":"5"}}`)
			return true
		}, want: append(numbers(0, 4), numbers(5, 10)...), apart: true, least: 4},
		"410 without one": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n == 2 {
				reply(w, 410, statusBody(410, "old"))
			}
			return n == 2
		}, want: numbers(0, 10), least: 5},
		"410 for ever": {fault: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.URL.Query().Get("continue") == "" {
				return false
			}
			reply(w, 410, statusBody(410, "old"))
			return true
		}, kind: ErrExpired, least: 6},
		"pages too large": {fault: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 1 {
				reply(w, 200, `{"kind":"List","items":["`+strings.Repeat("x", 2<<20)+`"]}`)
				return true
			}
			return false
		}, want: numbers(0, 10), least: 11},
		"an object too large": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			reply(w, 200, `{"kind":"List","items":["`+strings.Repeat("x", 2<<20)+`"]}`)
			return true
		}, kind: ErrTooLarge, least: 2},
		"no end": {fault: func(w http.ResponseWriter, _ *http.Request, n int) bool {
			reply(w, 200, fmt.Sprintf(`{"kind":"List","metadata":{"continue":"%d"},"items":[]}`, n))
			return true
		}, kind: ErrMalformed, says: "no end", least: 50},
		"the same page again": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			reply(w, 200, `{"kind":"List","metadata":{"continue":"1"},"items":[]}`)
			return true
		}, kind: ErrMalformed, says: "no end", least: 2},
		"forbidden": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			reply(w, 403, statusBody(403, "things is forbidden"))
			return true
		}, kind: os.ErrPermission, says: "things is forbidden", least: 1},
		"not served": {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool { http.NotFound(w, nil); return true }, kind: ErrNotFound, least: 1},
		"no list":    {fault: func(w http.ResponseWriter, _ *http.Request, _ int) bool { reply(w, 200, `{"a":1}`); return true }, kind: ErrMalformed, least: 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			f := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				if !c.fault(w, r, n) {
					listing(w, r, 10)
				}
			})
			var s shelf
			o, err := f.dial(t).List(context.Background(), List{Path: path, Form: JSON}, &s)
			switch {
			case c.kind != nil:
				if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("got %v, want %v saying %q", err, c.kind, c.says)
				}
			case err != nil:
				t.Error(err)
			case !slices.Equal(s.names, c.want) || o.Items != len(c.want) || o.Apart != c.apart:
				t.Errorf("got %v, %+v", s.names, o)
			}
			if got := f.requests(path); got != c.least {
				t.Errorf("%d requests, want %d", got, c.least)
			}
		})
	}
}

// TestListOfSlowServer asks for less at once, and gives up in the end.
func TestListOfSlowServer(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 1 {
			<-r.Context().Done()
			return
		}
		listing(w, r, 3)
	})
	c := f.dial(t)
	c.bounds.request = 50 * time.Millisecond
	var s shelf
	if _, err := c.List(context.Background(), List{Path: path, Form: JSON}, &s); err != nil || len(s.names) != 3 {
		t.Errorf("got %v, %v", s.names, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := c.List(ctx, List{Path: path, Form: JSON}, &s); !errors.Is(err, ErrTimeout) || time.Since(start) > time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

func TestListIsCancelled(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) { listing(w, r, 10) })
	ctx, cancel := context.WithCancel(context.Background())
	s := shelf{onTake: func(n int) {
		if n == 4 {
			cancel()
		}
	}}
	if _, err := f.dial(t).List(ctx, List{Path: path, Form: JSON}, &s); !errors.Is(err, context.Canceled) || len(s.names) != 4 {
		t.Errorf("got %v, %v", s.names, err)
	}
}

// TestOnlyReads holds every request of a run against GET, and the credentials
// against the server that they are for.
func TestOnlyReads(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api" || r.URL.Path == "/apis" {
			reply(w, 200, `{"kind":"APIGroupDiscoveryList","items":[]}`)
			return
		}
		listing(w, r, 10)
	})
	c := f.dial(t)
	if _, err := c.Discover(context.Background()); err != nil {
		t.Error(err)
	}
	for _, form := range []Form{Objects, JSON} {
		if _, err := c.List(context.Background(), List{Path: path, Form: form}, &shelf{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Get(context.Background(), path, 1<<20); err != nil {
		t.Error(err)
	}
	for _, r := range f.asked {
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer abc" {
			t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
	}
	if got := c.Calls(); got != int64(len(f.asked)) || got != 10 {
		t.Errorf("%d calls counted, %d made", got, len(f.asked))
	}
}
