package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
)

// speak answers everyone on a socket with the same bytes, before and after what
// they say.
func speak(t *testing.T, socket, words string) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Write([]byte(words))
				_, _ = c.Read(make([]byte, 4096))
				_, _ = c.Write([]byte(words))
				_, _ = c.Read(make([]byte, 4096))
			}()
		}
	}()
}

// TestGarbageOnASocket names sockets where no engine answers.
func TestGarbageOnASocket(t *testing.T) {
	for name, words := range map[string]string{
		"silence":  "",
		"binary":   "\x00\xff\x1b[31m\x07\r\n\r\n",
		"an SSH":   "SSH-2.0-OpenSSH_9.9\r\n",
		"HTTP":     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"API-like": "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nhi",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := filepath.Join(t.TempDir(), "s")
			speak(t, socket, words)
			u := program.New(t)
			for _, verb := range []string{"assess", "doctor", "collect"} {
				r := u.Want(t, 4, verb, "docker:unix://"+socket, "--timeout", "3s")
				inert(t, r)
				lines := strings.Split(strings.TrimSpace(r.Err), "\n")
				if len(lines) != 1 || !strings.HasPrefix(lines[0], "plimsoll: ") || !strings.Contains(r.Err, socket) || r.Out != "" {
					t.Errorf("not one line that names the socket: %v", r)
				}
			}
		})
	}
}

// TestGarbageNobodyNamed is skipped, and the coverage says so.
func TestGarbageNobodyNamed(t *testing.T) {
	u := enclosed(t)
	dir := filepath.Join(u.Root, "run", "user", "7")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	speak(t, filepath.Join(dir, "docker.sock"), "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nhi")
	s := collected(t, u)
	st := s.Part("engine:unix:///run/user/7/docker.sock", snapshot.PartEngineContainers)
	if st.State != snapshot.Failed || st.Detail == "" {
		t.Errorf("coverage %+v", st)
	}
	u.Want(t, 0, "assess")
}
