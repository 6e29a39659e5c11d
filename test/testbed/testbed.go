// Package testbed gives tests a real Docker engine and a real Kubernetes
// cluster: whether there is one, may it be changed, and containers and
// namespaces that are removed when the test ends. It speaks the engine's API
// itself, asks the cluster through kubectl, and imports nothing of the program,
// so that a test never checks the program with the program.
//
// engine-up.sh and cluster-up.sh in this folder bring them up on a disposable
// machine.
//
// A test that lacks something says so through [Skip]: the summary of make test
// lists every such line, and with CI=true the test fails instead.
package testbed

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// Socket is where the testbed's engine listens.
	Socket = "/var/run/docker.sock"

	// Image is on the engine: a static busybox that sleeps when not told
	// otherwise. It has no registry digest.
	Image = "testbed/busybox:1"

	// Registry serves plain HTTP on loopback.
	Registry = "127.0.0.1:5000"

	// PinnedImage is [Image] as pushed to and pulled from [Registry]: it has a
	// registry digest.
	PinnedImage = Registry + "/" + Image

	// changeEnv allows tests to change the machine when it is 1.
	changeEnv = "PLIMSOLL_TESTBED"

	// skipsEnv names the file that collects what could not run.
	skipsEnv = "PLIMSOLL_SKIPS"

	// api and currentAPI are what the engine of Debian and the current one are
	// asked in: the first speaks 1.41 at most, the second 1.44 at least.
	api        = "/v1.40"
	currentAPI = "/v1.56"

	callTimeout = 60 * time.Second
)

// Bed is a real engine, for the length of one test.
type Bed struct {
	t      testing.TB
	http   *http.Client
	socket string
	api    string // version of the API, as a path begins
	prefix string
	daemon *daemon // of a private engine

	mu      sync.Mutex
	created []string // container IDs, removed when the test ends
	images  []string // references, likewise
}

// Engine returns the engine for tests that only read it.
func Engine(t testing.TB) *Bed {
	t.Helper()
	// Reading the variable before anything else makes a result depend on it:
	// make test names a new file each time, so that a result that an engine
	// took part in is never served from the test cache.
	_ = os.Getenv(skipsEnv)
	b := newBed(t, Socket)
	if err := b.ping(); err != nil {
		Skip(t, fmt.Sprintf("no Docker engine answers on %s (%v); on a disposable machine test/testbed/engine-up.sh starts one", Socket, err))
	}
	return b
}

// Current returns the current engine of the testbed, with the containerd image
// store, for tests that change it. It needs PLIMSOLL_TESTBED=1.
func Current(t testing.TB) *Bed {
	t.Helper()
	Mutable(t) // its image comes from there
	b := newBed(t, filepath.Join(stateFolder(t), "engine-current", "docker.sock"))
	b.api = currentAPI
	if err := b.ping(); err != nil {
		Skip(t, fmt.Sprintf("no current Docker engine answers (%v); on a disposable machine test/testbed/engine-current-up.sh starts one", err))
	}
	b.need(Image)
	return b
}

// stateFolder is where the scripts keep what they made.
func stateFolder(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("TESTBED_DIR"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatalf("where the testbed is: %v", err)
	}
	return filepath.Join(home, ".cache", "plimsoll-testbed")
}

// OnBoth runs a test on each engine of the testbed, which it may change. The
// docker command speaks to that engine.
func OnBoth(t *testing.T, test func(*testing.T, *Bed)) {
	t.Helper()
	for _, e := range []struct {
		name string
		open func(testing.TB) *Bed
	}{{"debian", Mutable}, {"current", Current}} {
		t.Run(e.name, func(t *testing.T) {
			b := e.open(t)
			t.Setenv("DOCKER_HOST", b.Address())
			test(t, b)
		})
	}
}

// Address is the engine's, as DOCKER_HOST takes it.
func (b *Bed) Address() string { return "unix://" + b.socket }

// Mutable returns the engine for tests that create containers or otherwise
// change the machine. It needs PLIMSOLL_TESTBED=1.
func Mutable(t testing.TB) *Bed {
	t.Helper()
	allowChange(t)
	b := Engine(t)
	b.need(Image)
	return b
}

func allowChange(t testing.TB) {
	t.Helper()
	if os.Getenv(changeEnv) != "1" {
		Skip(t, "it changes the machine, which "+changeEnv+"=1 allows on a disposable one")
	}
}

// Skip ends a test that lacks something, loudly: the reason is noted for the
// summary of make test. With CI=true a missing part is a failure.
func Skip(t testing.TB, why string) {
	t.Helper()
	why = strings.Join(strings.Fields(why), " ")
	if os.Getenv("CI") == "true" {
		t.Fatalf("could not run, and CI=true asks for every test: %s", why)
	}
	if err := note(os.Getenv(skipsEnv), t.Name()+": "+why+"\n"); err != nil {
		t.Fatalf("note what could not run: %v", err)
	}
	t.Skip("COULD NOT RUN: " + why)
}

// note appends one line to a file with one write, so that the lines of
// concurrent test programs do not mix.
func note(path, line string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

func newBed(t testing.TB, socket string) *Bed {
	var d net.Dialer
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 16,
	}
	b := &Bed{t: t, http: &http.Client{Transport: tr, Timeout: callTimeout}, socket: socket, api: api, prefix: newPrefix()}
	t.Cleanup(func() {
		b.removeAll()
		tr.CloseIdleConnections()
	})
	return b
}
