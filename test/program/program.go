// Package program builds plimsoll and runs it as its users do: as a process
// with its own environment, folder and user. Tests only.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runTimeout bounds one run, so that a program that hangs fails its test.
const runTimeout = 2 * time.Minute

// pathEnv is where [Main] tells the tests of its package what it built.
const pathEnv = "PLIMSOLL_TEST_BINARY"

// Main builds the program, runs the tests and returns their exit code. It is
// what TestMain of a package hands to os.Exit. dir is the module's root.
func Main(m *testing.M, dir string) int {
	tmp, err := os.MkdirTemp("", "plimsoll-program-")
	if err == nil {
		defer func() { _ = os.RemoveAll(tmp) }() // a temporary folder
		err = build(dir, tmp)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		return 1
	}
	return m.Run()
}

// build makes a static binary that other users may run.
func build(dir, tmp string) error {
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	path := filepath.Join(tmp, "plimsoll")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./cmd/plimsoll")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return os.Setenv(pathEnv, path)
}

// User runs the program from a home folder of its own.
type User struct {
	Home string   // also the working folder
	Env  []string // NAME=VALUE, beside HOME
	UID  uint32   // 0 is the test's own
	GIDs []uint32 // supplementary groups of another user
	Root string   // when set, the folder that the program takes for /
	// Started, when set, is told of every run's process.
	Started func(*os.Process)
	path    string
}

// New returns a user with an empty home folder and a bare environment.
func New(t testing.TB) *User {
	t.Helper()
	path := os.Getenv(pathEnv)
	if path == "" {
		t.Fatal("the program was not built; TestMain calls program.Main")
	}
	return &User{Home: t.TempDir(), path: path}
}

// Path is the program's file.
func (u *User) Path() string { return u.path }

// Result is how a run ended.
type Result struct {
	Args     []string
	Code     int
	Out, Err string
	Took     time.Duration
}

// String shows a run in a failure.
func (r Result) String() string {
	return fmt.Sprintf("plimsoll %s\nexit %d after %v\n--- stdout\n%s--- stderr\n%s", strings.Join(r.Args, " "), r.Code, r.Took.Round(time.Millisecond), cut(r.Out), cut(r.Err))
}

func cut(s string) string {
	const most = 8000
	if len(s) > most {
		return s[:most] + "…\n"
	}
	return s
}

// Run runs the program and reports how it ended. The test fails when it could
// not be run, hung, or died of a signal.
func (u *User) Run(t testing.TB, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, u.path, args...)
	cmd.Dir, cmd.Env = u.Home, append([]string{"HOME=" + u.Home}, u.Env...)
	if u.UID != 0 || u.Root != "" {
		u.confine(cmd)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Start()
	if err == nil {
		if u.Started != nil {
			u.Started(cmd.Process)
		}
		err = cmd.Wait()
	}
	r := Result{Args: args, Out: out.String(), Err: errs.String(), Took: time.Since(start)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		r.Code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%v: %v", r, err)
	}
	return r
}

// Want is [User.Run] with the exit code that must come out.
func (u *User) Want(t testing.TB, code int, args ...string) Result {
	t.Helper()
	r := u.Run(t, args...)
	if r.Code != code {
		t.Fatalf("want exit %d: %v", code, r)
	}
	return r
}

// Enclose gives the user a machine with nothing on it but the program: no
// engine, no /proc, no home. It returns the folder that is its root. Only root
// can do that.
func (u *User) Enclose(t testing.TB) string {
	t.Helper()
	u.Root = t.TempDir()
	b, err := os.ReadFile(u.path)
	if err == nil {
		err = os.WriteFile(filepath.Join(u.Root, "plimsoll"), b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.Root
}
