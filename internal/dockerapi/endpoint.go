package dockerapi

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// Kind is how an endpoint is reached.
type Kind string

// The kinds of endpoint. TCP is with or without TLS.
const (
	KindUnix Kind = "unix"
	KindTCP  Kind = "tcp"
	KindSSH  Kind = "ssh"
)

// DefaultSocket is where the engine listens unless told otherwise.
const DefaultSocket = "/var/run/docker.sock"

// Endpoint is where an engine answers.
type Endpoint struct {
	Kind    Kind
	Address string // URL without credentials
	Socket  string // path, for unix
	Name    string // for screens: address, and context where one named it
	Context string // the context that named it, or ""
	Local   bool   // a hint: a unix socket, which may still be forwarded

	dial string // path by which this program reaches Socket, where it is another
	path string // of a tcp URL, when the API is served below a prefix
	tls  *tlsFiles
	ssh  sshTarget
}

// Encrypted reports whether a TCP endpoint uses TLS.
func (e Endpoint) Encrypted() bool { return e.tls != nil }

// Identified reports whether calls show who makes them: over TCP only a client
// certificate does.
func (e Endpoint) Identified() bool { return e.Kind != KindTCP || e.tls != nil && e.tls.cert != "" }

// Unverified reports whether TLS accepts any certificate.
func (e Endpoint) Unverified() bool { return e.tls != nil && e.tls.skipVerify }

// host is what stands in request URLs; for sockets a name that never resolves.
func (e Endpoint) host() string {
	if e.Kind == KindTCP {
		_, rest, _ := strings.Cut(e.Address, "://")
		host, _, _ := strings.Cut(rest, "/")
		return host
	}
	return "engine.plimsoll.localhost"
}

// SocketEndpoint returns the endpoint of a unix socket.
func SocketEndpoint(path string) Endpoint {
	address := "unix://" + path
	return Endpoint{Kind: KindUnix, Address: address, Socket: path, Name: printable(address), Local: true}
}

// Through returns the endpoint as reached by another path of its socket, as from
// inside a container. What it is called stays.
func (e Endpoint) Through(path string) Endpoint {
	e.dial = path
	return e
}

// Resolve finds the endpoint that a target names: a URL, the name of a docker
// context, or "" for what the docker command would use. env looks up
// environment variables, home is the user's home directory.
func Resolve(target string, env func(string) string, home string) (Endpoint, error) {
	store := contextStore{dir: env("DOCKER_CONFIG")}
	if store.dir == "" {
		store.dir = filepath.Join(home, ".docker")
	}
	switch {
	case strings.Contains(target, "://"):
		return parseURL(target, envTLS(env, store.dir))
	case filepath.IsAbs(target):
		return Endpoint{}, fmt.Errorf("target %q is a path: write unix://%s", printable(target), printable(target))
	case target != "" && target != "default":
		return store.endpoint(target)
	}
	if host := env("DOCKER_HOST"); host != "" {
		e, err := parseURL(host, envTLS(env, store.dir))
		if err != nil {
			return Endpoint{}, fmt.Errorf("DOCKER_HOST: %w", err)
		}
		return e, nil
	}
	if target == "" {
		name, err := store.current(env)
		if err != nil {
			return Endpoint{}, err
		}
		if name != "" && name != "default" {
			return store.endpoint(name)
		}
	}
	return SocketEndpoint(DefaultSocket), nil
}

// errCredentials never repeats the URL, which has a password in it.
var errCredentials = errors.New("engine URL has credentials in it: the engine does not take them; use TLS certificates or ssh keys")

// parseURL reads an engine URL. t applies to tcp:// and https://.
func parseURL(raw string, t *tlsFiles) (Endpoint, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	switch scheme {
	case "unix":
		return parseUnix(rest)
	case "npipe":
		if runtime.GOOS != "windows" {
			return Endpoint{}, errors.New("npipe:// is a Windows named pipe, which does not exist on this system: use unix://, tcp:// or ssh://")
		}
		return Endpoint{}, errors.New("npipe:// is not supported: Windows engines are not judged; use tcp:// or ssh:// to a Linux engine")
	case "tcp", "http", "https", "ssh":
	default:
		return Endpoint{}, fmt.Errorf("engine URL scheme %q is not one of unix, tcp, http, https, ssh", printable(scheme))
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error repeats the URL, so it is left out.
		return Endpoint{}, fmt.Errorf("engine URL of scheme %s is malformed: want %s://HOST[:PORT]", scheme, scheme)
	}
	if _, has := u.User.Password(); has || (u.User != nil && scheme != "ssh") {
		return Endpoint{}, errCredentials
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return Endpoint{}, fmt.Errorf("engine URL of scheme %s is malformed: want %s://HOST[:PORT] without query", scheme, scheme)
	}
	if scheme == "ssh" {
		return parseSSH(u)
	}
	return parseTCP(u, t)
}

func parseUnix(path string) (Endpoint, error) {
	const longest = 107 // bytes that fit a socket address on Linux
	switch {
	case !filepath.IsAbs(path):
		return Endpoint{}, fmt.Errorf("socket path %q is not absolute: want unix:///path", printable(path))
	case len(path) > longest:
		return Endpoint{}, fmt.Errorf("socket path is %d bytes long, at most %d are possible", len(path), longest)
	case strings.ContainsRune(path, 0):
		return Endpoint{}, errors.New("socket path has a NUL byte in it")
	}
	return SocketEndpoint(filepath.Clean(path)), nil
}

func parseTCP(u *url.URL, t *tlsFiles) (Endpoint, error) {
	switch u.Scheme {
	case "http":
		t = nil
	case "https":
		if t == nil {
			t = &tlsFiles{} // the system's own roots
		}
	}
	port, scheme := u.Port(), "tcp"
	if t != nil {
		scheme = "https"
	}
	if port == "" {
		switch {
		case u.Scheme == "http":
			port = "80"
		case u.Scheme == "https":
			port = "443"
		case t != nil:
			port = "2376"
		default:
			port = "2375"
		}
	}
	path := strings.TrimSuffix(u.Path, "/")
	address := scheme + "://" + net.JoinHostPort(u.Hostname(), port) + path
	return Endpoint{Kind: KindTCP, Address: address, Name: printable(address), path: path, tls: t}, nil
}
