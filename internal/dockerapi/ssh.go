package dockerapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// sshTarget is what the user's ssh command is asked for.
type sshTarget struct {
	user, host, port string
	socket           string // of the engine on the other side; "" for its default
}

// sshSocket is what may stand unquoted in the command line that the remote
// shell reads.
var sshSocket = regexp.MustCompile(`^/[a-zA-Z0-9/._-]*$`)

func parseSSH(u *url.URL) (Endpoint, error) {
	t := sshTarget{user: u.User.Username(), host: u.Hostname(), port: u.Port()}
	switch {
	case strings.HasPrefix(t.host, "-"), strings.HasPrefix(t.user, "-"):
		return Endpoint{}, errors.New("ssh:// host or user begins with '-', which ssh would take for an option")
	case strings.ContainsFunc(t.host+t.user, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return Endpoint{}, errors.New("ssh:// host or user has a space or control character in it")
	}
	if u.Path != "" && u.Path != "/" {
		if !sshSocket.MatchString(u.Path) {
			return Endpoint{}, fmt.Errorf("ssh:// socket path %q may have letters, digits, '/', '.', '_' and '-' only", printable(u.Path))
		}
		t.socket = u.Path
	}
	clean := url.URL{Scheme: "ssh", Host: u.Host, Path: t.socket}
	if t.user != "" {
		clean.User = url.User(t.user)
	}
	return Endpoint{Kind: KindSSH, Address: clean.String(), Name: printable(clean.String()), ssh: t}, nil
}

// args is the command line of ssh.
func (t sshTarget) args() []string {
	a := []string{"-T", "-o", "ConnectTimeout=10"}
	if t.user != "" {
		a = append(a, "-l", t.user)
	}
	if t.port != "" {
		a = append(a, "-p", t.port)
	}
	a = append(a, "--", t.host, "docker")
	if t.socket != "" {
		a = append(a, "--host", "unix://"+t.socket)
	}
	return append(a, "system", "dial-stdio")
}

// dialSSH starts the user's own ssh with its keys, agent and configuration, and
// returns its standard streams as a connection.
func dialSSH(ctx context.Context, t sshTarget) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The connection outlives the request that opened it, so the process ends
	// with Close and not with ctx.
	return startConn(exec.Command("ssh", t.args()...))
}

func startConn(cmd *exec.Cmd) (net.Conn, error) {
	c := &processConn{cmd: cmd, said: new(tail)}
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Args[0], err)
	}
	if c.out, err = cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Args[0], err)
	}
	cmd.Stderr = c.said
	cmd.WaitDelay = time.Second // a child of its own may keep standard error open
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Args[0], err)
	}
	return c, nil
}

// processConn is a process seen as a connection.
type processConn struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	said *tail
	once sync.Once
}

// Read implements [net.Conn]. At the end it tells what the process complained of.
func (c *processConn) Read(b []byte) (int, error) {
	n, err := c.out.Read(b)
	if n == 0 && err != nil {
		_ = c.Close() // so that all of what it complained of has arrived
		if s := c.said.String(); s != "" {
			err = &Error{Op: "connect over ssh", Kind: sshKind(s), Message: printable(s)}
		}
	}
	return n, err
}

// sshKind maps what ssh or the remote docker command said.
func sshKind(s string) error {
	switch {
	case strings.Contains(s, "ermission denied"):
		return os.ErrPermission
	case strings.Contains(s, "Connection refused"):
		return ErrRefused
	case strings.Contains(s, "timed out"):
		return ErrTimeout
	case strings.Contains(s, "Could not resolve"), strings.Contains(s, "not found"):
		return ErrNoEngine
	}
	return ErrBroken
}

func (c *processConn) Write(b []byte) (int, error) { return c.in.Write(b) }

// Close ends the process.
func (c *processConn) Close() error {
	c.once.Do(func() {
		_ = c.in.Close()
		_ = c.cmd.Process.Kill() // it may have ended by itself
		_ = c.cmd.Wait()
	})
	return nil
}

func (c *processConn) LocalAddr() net.Addr  { return sshAddr{} }
func (c *processConn) RemoteAddr() net.Addr { return sshAddr{} }

// Deadlines are not used: a request that takes too long is ended by its
// context, which closes the connection.
func (c *processConn) SetDeadline(time.Time) error      { return nil }
func (c *processConn) SetReadDeadline(time.Time) error  { return nil }
func (c *processConn) SetWriteDeadline(time.Time) error { return nil }

type sshAddr struct{}

func (sshAddr) Network() string { return "ssh" }
func (sshAddr) String() string  { return "ssh" }

// tail keeps the first bytes that a process writes to standard error.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b[:min(len(b), maxMessage-len(t.b))]...)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
