package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// Private starts an engine of the test's own beside the testbed's, with the
// images of the testbed, no containers and the given flags of dockerd. Only on
// it does a test know everything there is, since other tests use the testbed's
// engine at the same time. It leaves the machine's firewall alone and shares
// the testbed's default bridge. Names of containers are not prefixed.
//
// Like [Mutable] it needs PLIMSOLL_TESTBED=1. The engine and all that belongs
// to it are gone when the test ends.
func Private(t testing.TB, flags ...string) *Bed {
	t.Helper()
	Mutable(t) // its image comes from there
	run := privateFolder(t, "/run")
	data := privateFolder(t, "/var/lib")
	socket := filepath.Join(run, "docker.sock")
	args := append([]string{
		"--data-root", data, "--exec-root", filepath.Join(run, "docker"), "--pidfile", filepath.Join(run, "docker.pid"),
		// The testbed's bridge, named: told that it has none, an engine deletes docker0.
		"--host", "unix://" + socket, "--bridge=docker0", "--iptables=false", "--ip6tables=false",
	}, flags...)
	d := &daemon{args: args}
	d.start(t)
	t.Cleanup(func() { d.stop(t, data, run) })
	b := newBed(t, socket)
	b.prefix, b.daemon = "", d
	d.await(t, b)
	t.Cleanup(b.clear)
	if err := b.pull(PinnedImage, Image); err != nil {
		t.Fatalf("give the private engine its image: %v", err)
	}
	return b
}

// Restart ends a private engine in an orderly way and starts it again with the
// same flags.
func (b *Bed) Restart() {
	b.t.Helper()
	_ = b.daemon.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended
	select {
	case <-b.daemon.gone:
	case <-time.After(stopTimeout):
		b.t.Fatalf("the private engine did not stop within %v", stopTimeout)
	}
	b.daemon.start(b.t)
	b.daemon.await(b.t, b)
}

// privateFolder makes a folder that other users may enter. What is mounted in
// it when the test ends is unmounted.
func privateFolder(t testing.TB, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "plimsoll-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// daemon is the process of a private engine.
type daemon struct {
	args []string
	cmd  *exec.Cmd
	log  bytes.Buffer // read only after gone
	gone chan struct{}
}

// start begins the process.
func (d *daemon) start(t testing.TB) {
	t.Helper()
	d.cmd, d.gone = exec.CommandContext(t.Context(), "dockerd", d.args...), make(chan struct{})
	d.cmd.Cancel = func() error { return nil } // ended by stop, after its containers
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	// A test program that is killed takes the engine along.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("start a private engine: %v", err)
	}
	go func(cmd *exec.Cmd, gone chan struct{}) { _ = cmd.Wait(); close(gone) }(d.cmd, d.gone) // how it ended does not matter, only that it did
}

// await returns when the engine answers.
func (d *daemon) await(t testing.TB, b *Bed) {
	t.Helper()
	var err error
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = b.ping(); err == nil {
			return
		}
		select {
		case <-d.gone:
			t.Fatalf("the private engine ended at its start:\n%s", d.log.String())
		default:
		}
	}
	t.Fatalf("the private engine does not answer: %v", err)
}

// kill ends the engine and what it started without giving it a chance.
func (d *daemon) kill() {
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) // fails when there is nothing left to end
	<-d.gone
}

// stop ends the engine in an orderly way and removes its folders.
func (d *daemon) stop(t testing.TB, folders ...string) {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended
	select {
	case <-d.gone:
	case <-time.After(stopTimeout):
		t.Errorf("the private engine did not stop within %v", stopTimeout)
		d.kill()
	}
	for _, dir := range folders {
		if err := errors.Join(unmountBelow(dir), os.RemoveAll(dir)); err != nil {
			t.Errorf("remove what the private engine left: %v", err)
		}
	}
}

// unmountBelow detaches everything mounted below a folder, the last first.
func unmountBelow(dir string) error {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	lines := strings.Split(string(table), "\n")
	for _, line := range slices.Backward(lines) {
		f := strings.Fields(line)
		if len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			if err := syscall.Unmount(f[1], syscall.MNT_DETACH); err != nil {
				return &os.PathError{Op: "unmount", Path: f[1], Err: err}
			}
		}
	}
	return nil
}

// clear removes the containers and networks of a private engine, whose bridges
// would otherwise stay on the machine and use up its address pools. What fails
// here has gone with the engine already.
func (b *Bed) clear() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var items []struct {
		ID string `json:"Id"`
	}
	drop := func(list, item, query string) {
		items = nil
		body, err := b.Call(ctx, http.MethodGet, list, nil)
		if err != nil || json.Unmarshal(body, &items) != nil {
			return
		}
		for _, i := range items {
			_, _ = b.Call(ctx, http.MethodDelete, item+i.ID+query, nil) // the engine keeps its own networks
		}
	}
	drop("/containers/json?all=1", "/containers/", "?force=1")
	drop("/networks", "/networks/", "")
}

// pull fetches an image from the testbed's registry, which gives it a digest,
// and gives it a second name.
func (b *Bed) pull(ref, also string) error {
	repo, tag := splitTag(ref)
	if _, err := b.Call(b.t.Context(), http.MethodPost, "/images/create?fromImage="+repo+"&tag="+tag, nil); err != nil {
		return err
	}
	repo, tag = splitTag(also)
	_, err := b.Call(b.t.Context(), http.MethodPost, "/images/"+ref+"/tag?repo="+repo+"&tag="+tag, nil)
	return err
}

func splitTag(ref string) (repo, tag string) {
	i := strings.LastIndexByte(ref, ':')
	return ref[:i], ref[i+1:]
}
