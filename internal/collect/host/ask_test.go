package host

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestAsk(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Write([]byte("OK"))
	})
	denied := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.WriteHeader(http.StatusForbidden)
	})
	serve := func(h http.Handler, auth tls.ClientAuthType, secure bool, version uint16) string {
		s := httptest.NewUnstartedServer(h)
		t.Cleanup(s.Close)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		if secure {
			s.TLS = &tls.Config{ClientAuth: auth, MinVersion: version, MaxVersion: version}
			s.StartTLS()
		} else {
			s.Start()
		}
		return s.Listener.Addr().String()
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, tt := range []struct{ name, addr, want string }{
		{"clear", serve(api, 0, false, 0), apiOpen},
		{"denied by a plugin", serve(denied, 0, false, 0), apiOpen},
		{"tls", serve(api, tls.NoClientCert, true, tls.VersionTLS13), apiTLSOpen},
		{"asked but not required", serve(api, tls.RequestClientCert, true, tls.VersionTLS13), apiTLSOpen},
		{"required 1.3", serve(api, tls.RequireAnyClientCert, true, tls.VersionTLS13), apiRefused},
		{"required 1.2", serve(api, tls.RequireAnyClientCert, true, tls.VersionTLS12), apiRefused},
		{"another service", serve(http.NotFoundHandler(), 0, false, 0), apiNone},
		{"another service over TLS", serve(http.NotFoundHandler(), 0, true, 0), apiNone},
		{"nobody", closed.Addr().String(), apiUnknown},
	} {
		if got := ask(context.Background(), tt.addr); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if got := ask(ctx, silent.Addr().String()); got != apiUnknown || time.Since(start) > time.Second {
		t.Errorf("silent: %s after %v", got, time.Since(start))
	}
}

func TestReachable(t *testing.T) {
	for in, want := range map[string]string{"0.0.0.0:1": "127.0.0.1:1", "[::]:2": "[::1]:2", "10.0.0.1:3": "10.0.0.1:3"} {
		if got := reachable(netip.MustParseAddrPort(in)); got != want {
			t.Errorf("reachable(%s) = %s", in, got)
		}
	}
}
