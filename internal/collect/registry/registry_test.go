package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"registry.example": "registry.example 443", "LOCALHOST:5000": "localhost 5000", "[::1]:5000": "::1 5000", "::1": "::1 443", "10.0.0.1:80": "10.0.0.1 80",
		"": "!", "https://r.example": "!", "ada:pw@r.example": "!", "r.example/shop": "!", "r.example:0": "!", "r.example:99999": "!", "a b": "!", "r.example:x": "!",
	} {
		host, port, err := Address(in)
		got := "!"
		if err == nil {
			b, _ := json.Marshal(port)
			got = host + " " + string(b)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q (%v)", in, got, want, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("the error repeats a password: %v", err)
		}
	}
}

func TestParseChallenges(t *testing.T) {
	type row = snapshot.RegistryChallenge
	for in, want := range map[string][]row{
		`Basic realm="registry"`: {{Scheme: "basic"}},
		`Bearer realm="https://auth.example/token?x=1",service="registry.example",scope="repository:a:pull"`: {{Scheme: "bearer", Realm: "https://auth.example", Service: "registry.example"}},
		`Basic realm="a, b=\"c\"", Bearer realm="https://ada:pw@auth.example:8443/t"`:                        {{Scheme: "basic"}, {Scheme: "bearer", Realm: "https://auth.example:8443"}},
		`Bearer realm="file:///etc/passwd"`: {{Scheme: "bearer"}},
		`Bearer realm="unclosed`:            {{Scheme: "bearer"}, {Scheme: "realm"}},
		``:                                  nil, `=`: nil, `"`: nil,
	} {
		var got []row
		for _, c := range parseChallenges(in) {
			got = append(got, c.RegistryChallenge)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", in, got, want)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://auth.example/token",service="x", Basic realm=y`)
	f.Add(`Basic realm="a\"`)
	f.Fuzz(func(t *testing.T, h string) {
		for _, c := range parseChallenges(h) {
			if strings.ContainsFunc(c.Scheme+c.Realm+c.Service, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(c.Service) > 200 {
				t.Errorf("unfit for a snapshot: %+v", c)
			}
		}
	})
}

func FuzzReadToken(f *testing.F) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1300,"iat":1000,"access":[{"type":"repository","name":"a","actions":["pull","push"]}]}`))
	f.Add([]byte(`{"token":"e30.` + claims + `.sig","expires_in":60}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r snapshot.RegistryToken
		readToken(&r, body)
		if len(r.Grants) > 16 || r.Opaque && len(r.Grants) > 0 {
			t.Errorf("%+v", r)
		}
	})
}

// TestStranger asks a server that lures: a redirect elsewhere, a token service
// elsewhere, and answers without end.
func TestStranger(t *testing.T) {
	var lured []string
	trap := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { lured = append(lured, r.URL.String()) }))
	defer trap.Close()
	elsewhere := strings.Replace(trap.URL, "127.0.0.1", "localhost", 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere+`/token",service="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	mux.HandleFunc("GET /v2/_catalog", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"repositories":["../../etc","a\u001b[31m","shop"],"x":"`))
		for range 64 {
			w.Write([]byte(strings.Repeat("x", 1<<20)))
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere+"/", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("POST /v2/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", elsewhere+"/upload")
		w.WriteHeader(http.StatusAccepted)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	s, err := Collect(context.Background(), Options{Address: strings.TrimPrefix(srv.URL, "http://"), Taken: time.Now(), Probe: true})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Registries[0]
	if len(lured) > 0 {
		t.Errorf("asked elsewhere: %q", lured)
	}
	if r.Token.State != snapshot.Skipped || r.API.V.Challenges[0].Realm != elsewhere {
		t.Errorf("token: %+v, api: %+v", r.Token, r.API.V)
	}
	if r.Content.V.Listed != 0 || r.Probe.V.Overwrite != "" || len(r.Probe.V.Left) != 1 {
		t.Errorf("content: %+v, probe: %+v", r.Content.V, r.Probe.V)
	}
}

func TestTokenOfOwnHost(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":4600,"iat":1000,"access":[{"type":"repository","name":"*","actions":["pull"]}]}`))
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/token":
			json.NewEncoder(w).Encode(map[string]string{"token": "e30." + claims + ".canary"})
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+srv.URL+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer srv.Close()
	s, err := Collect(context.Background(), Options{Address: strings.TrimPrefix(srv.URL, "http://"), Taken: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want := snapshot.RegistryToken{Status: 200, Grants: []string{"repository:*:pull"}, Wider: true, Seconds: 3600}
	if got := s.Registries[0].Token.V; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if b, _ := json.Marshal(s); strings.Contains(string(b), "canary") {
		t.Errorf("the token is in the snapshot: %s", b)
	}
}

func TestNothingThere(t *testing.T) {
	for _, at := range []string{"127.0.0.1:1", "no-such-name.invalid:5000"} {
		if _, err := Collect(context.Background(), Options{Address: at, Taken: time.Now()}); err == nil || !strings.HasPrefix(err.Error(), "registry "+at+": ") {
			t.Errorf("%s: %v", at, err)
		}
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	if _, err := Collect(context.Background(), Options{Address: strings.TrimPrefix(srv.URL, "http://"), Taken: time.Now()}); err == nil || !strings.Contains(err.Error(), "is no registry") {
		t.Errorf("a web server: %v", err)
	}
}
