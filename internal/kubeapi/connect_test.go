package kubeapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestConnectSaysWhatIsWrong holds each way to fail against the sentence that a
// person reads.
func TestConnectSaysWhatIsWrong(t *testing.T) {
	auth := newAuthority(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-48*time.Hour)
	ok := func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, `{"gitVersion":"v1.37.2"}`) }
	code := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { reply(w, n, statusBody(n, "no")) }
	}
	good := mutual(t, auth, soon, ok).URL
	plain := httptest.NewServer(http.HandlerFunc(ok))
	t.Cleanup(plain.Close)
	certUser := func(until time.Time) string {
		cert, key := auth.issue(t, "me", until)
		return "client-certificate-data: " + base64.StdEncoding.EncodeToString(cert) + "\nclient-key-data: " + base64.StdEncoding.EncodeToString(key)
	}
	plugin := func(command string) string {
		return "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: " + command + ", installHint: get it from the vendor}"
	}
	for name, c := range map[string]struct {
		server string
		ca     []byte
		user   string
		kind   error
		says   string
	}{
		"expired client certificate": {good, auth.pem(), certUser(past), ErrTLS, "the client certificate of context \"here\" expired on " + day(past)},
		"expired, refused by HTTP":   {mutual(t, auth, soon, code(401)).URL, auth.pem(), certUser(soon), ErrUnauthorized, "no"},
		"wrong authority":            {good, newAuthority(t).pem(), "", ErrTLS, "is not signed by the authority that context \"here\" names"},
		"other name":                 {strings.Replace(good, "127.0.0.1", "localhost", 1), auth.pem(), "", ErrTLS, "is for other names"},
		"expired server":             {mutual(t, auth, past, ok).URL, auth.pem(), "", ErrTLS, "is not valid now"},
		"plain server":               {strings.Replace(plain.URL, "http:", "https:", 1), auth.pem(), "", ErrTLS, "does not speak TLS"},
		"missing plugin":             {good, auth.pem(), plugin("no-such-plugin-here"), ErrPlugin, "signs in with the program no-such-plugin-here, which is not in PATH; its hint: get it from the vendor"},
		"failing plugin":             {good, auth.pem(), plugin("\"false\""), ErrPlugin, "failed with exit code 1"},
		"refused":                    {"https://127.0.0.1:" + freePort(t), auth.pem(), "", ErrRefused, "nothing listens at https://127.0.0.1:"},
		"no such host":               {"https://cluster.invalid:6443", auth.pem(), "", ErrNoServer, ""},
		"unauthorized":               {mutual(t, auth, soon, code(401)).URL, auth.pem(), "", ErrUnauthorized, "no"},
		"something else":             {mutual(t, auth, soon, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }).URL, auth.pem(), "", ErrNotKubernetes, "no version of Kubernetes"},
		"redirect": {mutual(t, auth, soon, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
		}).URL, auth.pem(), "", ErrServer, "HTTP status 302"},
		"server error": {mutual(t, auth, soon, code(500)).URL, auth.pem(), "", ErrServer, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(Request{Kubeconfig: kubeconfig(t, c.server, c.ca, c.user)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = connect(context.Background(), cfg, hurried)
			if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %v, want %v saying %q", err, c.kind, c.says)
			}
		})
	}
}

// TestExpiredCertificateExplainsRefusal is for servers that let the handshake
// pass and then say only 401.
func TestExpiredCertificateExplainsRefusal(t *testing.T) {
	f := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, 401, statusBody(401, "Unauthorized")) }))
	defer f.Close()
	past := time.Now().Add(-time.Hour)
	cert, key := newAuthority(t).issue(t, "me", past)
	cfg, err := Load(Request{Kubeconfig: kubeconfig(t, f.URL, (&fake{Server: f}).ca(), "client-certificate-data: "+base64.StdEncoding.EncodeToString(cert)+"\nclient-key-data: "+base64.StdEncoding.EncodeToString(key))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect(context.Background(), cfg, hurried); !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), "expired on "+day(past)) {
		t.Errorf("got %v", err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestConnectWhereVersionIsForbidden goes on: objects may still be seen.
func TestConnectWhereVersionIsForbidden(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, 403, statusBody(403, "no")) }))
	defer s.Close()
	f := &fake{Server: s}
	if c := f.dial(t); c.Version().GitVersion != "" {
		t.Errorf("version %q", c.Version().GitVersion)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	contexts := write("contexts", "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u, namespace: shop}}\n- {name: b, context: {cluster: gone, user: u}}\n")
	clusters := write("clusters", "apiVersion: v1\nkind: Config\nclusters:\n- {name: c, cluster: {server: \"https://192.0.2.1:6443/\"}}\nusers:\n- {name: u, user: {token: t}}\n")
	noCA := write("noca", "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\nclusters:\n- {name: c, cluster: {server: \"https://192.0.2.1\", certificate-authority: nowhere.pem}}\n")
	env := func(v string) func(string) string {
		return func(k string) string {
			if k == "KUBECONFIG" {
				return v
			}
			return ""
		}
	}
	list := contexts + string(filepath.ListSeparator) + clusters
	for name, c := range map[string]struct {
		r    Request
		want string // server and namespace
		says string
	}{
		"list of files":   {Request{Env: env(list)}, "https://192.0.2.1:6443 shop", ""},
		"file beats list": {Request{Env: env(list), Kubeconfig: clusters, Context: "a"}, "", "there is no context \"a\""},
		"no such context": {Request{Env: env(list), Context: "z"}, "", "there is no context \"z\"; there are: a, b"},
		"no cluster":      {Request{Env: env(list), Context: "b"}, "", "is of the cluster \"gone\", which is not defined"},
		"none current":    {Request{Env: env(clusters)}, "", "no context is current"},
		"nothing":         {Request{Env: env(""), Home: dir}, "", "no cluster is configured in " + filepath.Join(dir, ".kube", "config")},
		"missing file":    {Request{Kubeconfig: filepath.Join(dir, "gone")}, "", "no such file"},
		"broken":          {Request{Kubeconfig: write("broken", "apiVersion: [")}, "", "broken"},
		"missing CA":      {Request{Kubeconfig: noCA}, "", "nowhere.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(c.r)
			switch {
			case c.says != "":
				if !errors.Is(err, ErrConfig) || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(fmt.Sprint(err), "\n") {
					t.Errorf("got %v, want it to say %q", err, c.says)
				}
			case err != nil:
				t.Error(err)
			case got.Server+" "+got.Namespace != c.want:
				t.Errorf("got %s %s, want %s", got.Server, got.Namespace, c.want)
			}
		})
	}
	if !(Request{Env: env(list)}).Configured() || (Request{Env: env(""), Home: dir}).Configured() {
		t.Error("what is configured was not told from what is not")
	}
}
