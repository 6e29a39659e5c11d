package dockerapi

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serve answers on a unix socket and returns its endpoint.
func serve(t *testing.T, h http.HandlerFunc) Endpoint {
	t.Helper()
	path := filepath.Join(t.TempDir(), "e.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return SocketEndpoint(path)
}

// engine answers _ping with a version and everything else with next.
func engine(version string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", version)
		if r.URL.Path != "/_ping" && next != nil {
			next(w, r)
		}
	}
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	silent := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", silent)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dead := filepath.Join(t.TempDir(), "d.sock")
	d, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	d.SetUnlinkOnClose(false)
	d.Close()
	tlsServer := httptest.NewTLSServer(engine("1.41", nil))
	defer tlsServer.Close()
	plain := httptest.NewServer(engine("1.41", nil))
	defer plain.Close()
	tcp := func(url string, t *tlsFiles) Endpoint {
		return Endpoint{Kind: KindTCP, Name: url, Address: "tcp://" + url[strings.Index(url, "://")+3:], tls: t}
	}
	tests := []struct {
		name string
		e    Endpoint
		want error
	}{
		{"no socket", SocketEndpoint("/nowhere/docker.sock"), ErrNoEngine},
		{"nobody listens", SocketEndpoint(dead), ErrRefused},
		{"nobody answers", SocketEndpoint(silent), ErrTimeout},
		{"no such host", tcp("tcp://no-such-host.invalid:1", nil), ErrNoEngine},
		{"clear text to TLS", tcp(tlsServer.URL, nil), ErrTLS},
		{"TLS to clear text", tcp(plain.URL, &tlsFiles{}), ErrTLS},
		{"unknown authority", tcp(tlsServer.URL, &tlsFiles{}), ErrTLS},
		{"a web server", serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }), ErrNotDocker},
		{"odd version", serve(t, engine("latest", nil)), ErrNotDocker},
		{"too old", serve(t, engine("1.39", nil)), ErrTooOld},
		{"forbidden", serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }), os.ErrPermission},
		{"hangs up", serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }), ErrBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limit := 20 * time.Second
			if errors.Is(tt.want, ErrTimeout) {
				limit = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			c, err := Connect(ctx, tt.e)
			if !errors.Is(err, tt.want) {
				t.Fatalf("client %v, error %v; want %v", c, err, tt.want)
			}
			if Reason(err) == "" || Reason(err) == "failed" {
				t.Errorf("reason %q says nothing", Reason(err))
			}
		})
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestNoRightToTheSocket(t *testing.T) {
	denied := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	_, err := connect(t.Context(), SocketEndpoint("/run/x"), failing{denied}, "http")
	if !errors.Is(err, os.ErrPermission) || Reason(err) != "permission denied" {
		t.Errorf("error %v, want permission denied", err)
	}
}

func TestVersionIsNegotiated(t *testing.T) {
	for server, want := range map[string]string{"1.40": "1.40", "1.41": "1.41", "1.99": "1.56"} {
		var path string
		c, err := Connect(t.Context(), serve(t, engine(server, func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path })))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), "/info", nil, 10); err != nil {
			t.Fatal(err)
		}
		if c.APIVersion() != want || path != "/v"+want+"/info" {
			t.Errorf("server %s: version %s, path %s; want %s", server, c.APIVersion(), path, want)
		}
		c.Close()
	}
}

func TestTLSWithTheContextsCertificates(t *testing.T) {
	s := httptest.NewTLSServer(engine("1.41", nil))
	defer s.Close()
	home := t.TempDir()
	host := strings.TrimPrefix(s.URL, "https://")
	addContext(t, home, "safe", "tcp://"+host, "ca.pem")
	matches, _ := filepath.Glob(filepath.Join(home, ".docker", "contexts", "tls", "*", "docker", "ca.pem"))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	write(t, matches[0], string(ca))
	e, err := Resolve("safe", environ(), home)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	write(t, matches[0], "not a certificate")
	if _, err := Connect(t.Context(), e); err == nil {
		t.Error("connected with a CA file that holds no certificate")
	}
}

func TestReadsAreBounded(t *testing.T) {
	e := serve(t, engine("1.41", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.41/stated":
			w.Header().Set("Content-Length", "1000000")
		case "/v1.41/cut":
			w.Header().Set("Content-Length", "50")
			fmt.Fprint(w, "x")
			return
		case "/v1.41/slow":
			<-r.Context().Done()
			return
		case "/v1.41/error":
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message":"`+strings.Repeat("a\\u001b", 5000)+`"}`)
			return
		}
		for range 100 {
			_, _ = io.WriteString(w, strings.Repeat("x", 10000))
		}
	}))
	c, err := Connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for path, want := range map[string]error{
		"/stated": ErrTooLarge, "/chunked": ErrTooLarge, "/cut": ErrBroken, "/slow": ErrTimeout, "/error": ErrEngine,
	} {
		c.timeout = RequestTimeout
		if errors.Is(want, ErrTimeout) {
			c.timeout = 200 * time.Millisecond
		}
		b, err := c.Get(t.Context(), path, nil, 1000)
		if !errors.Is(err, want) || b != nil {
			t.Errorf("%s: %d bytes, error %v; want %v", path, len(b), err, want)
			continue
		}
		if m := err.Error(); len(m) > maxMessage+200 || strings.Contains(m, "\x1b") {
			t.Errorf("%s: message of %d bytes, or with escapes", path, len(m))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, "/slow", nil, 10); !errors.Is(err, context.Canceled) || Reason(err) != "cancelled" {
		t.Errorf("cancelled read: %v", err)
	}
}

func TestReferencesCannotLeaveTheirPath(t *testing.T) {
	asked := 0
	c, err := Connect(t.Context(), serve(t, engine("1.41", func(http.ResponseWriter, *http.Request) { asked++ })))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, ref := range []string{"", "..", "a/../../info", "../info", "a?x=1", "a b", "a%2f..", "-x", "a\n", "a//b", "./a", "a/", strings.Repeat("a", 600)} {
		if _, err := c.ContainerInspectRaw(t.Context(), ref); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v, want it refused", ref, err)
		}
		if err := c.Remove(t.Context(), ref, true); !errors.Is(err, ErrInvalid) {
			t.Errorf("remove %q: %v, want it refused", ref, err)
		}
	}
	if asked != 0 {
		t.Errorf("%d requests were sent", asked)
	}
	for _, ref := range []string{"abc", "sha256:0f", "127.0.0.1:5000/a/b_c:1", "a@sha256:0f", "docker.io/library/x"} {
		if err := reference("image", ref); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestWriteErrorsKeepTheirKind(t *testing.T) {
	statusOf := map[string]int{"missing": 404, "busy": 409, "bad": 400, "plugin": 403, "broken": 500}
	c, err := Connect(t.Context(), serve(t, engine("1.41", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(statusOf[strings.Split(r.URL.Path, "/")[3]])
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "because\x1b[31m"})
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for id, want := range map[string]error{"missing": ErrNotFound, "busy": ErrConflict, "bad": ErrInvalid, "plugin": os.ErrPermission, "broken": ErrEngine} {
		err := c.Start(t.Context(), id)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "because") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
}

// TestHelperProxy is not a test: it stands for ssh and the remote docker
// command when started by TestSSH.
func TestHelperProxy(t *testing.T) {
	path := os.Getenv("PLIMSOLL_TEST_PROXY")
	if path == "" {
		return // an ordinary run
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ssh: connect to host far port 22: Connection refused")
		os.Exit(255)
	}
	go func() { _, _ = io.Copy(c, os.Stdin) }()
	_, _ = io.Copy(os.Stdout, c)
	os.Exit(0)
}

func TestSSH(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	script := "#!/bin/sh\necho \"$@\" >> " + log + "\nexec " + self + " -test.run='^TestHelperProxy$'\n"
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(script), 0o700); err != nil { // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	e, err := Resolve("ssh://me@far", environ(), "")
	if err != nil {
		t.Fatal(err)
	}
	far := serve(t, engine("1.41", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	t.Setenv("PLIMSOLL_TEST_PROXY", far.Socket)
	c, err := Connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if b, err := c.Get(t.Context(), "/info", nil, 10); err != nil || string(b) != "{}" {
			t.Errorf("%q, %v", b, err)
		}
	}
	c.Close()
	if b, _ := os.ReadFile(log); strings.Count(string(b), "far docker system dial-stdio") != 1 {
		t.Errorf("ssh was started so: %s", b)
	}
	t.Setenv("PLIMSOLL_TEST_PROXY", "/nowhere")
	if _, err := Connect(t.Context(), e); !errors.Is(err, ErrRefused) {
		t.Errorf("connect to a host that refuses: %v", err)
	}
}
