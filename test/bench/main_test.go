package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/cli"
	"plimsoll/internal/collect/survey"
)

// roleEnv names what this program is to do instead of testing. Everything that
// is measured on the engine is a fresh process, so that starting and connecting
// cost each the same.
const roleEnv = "PLIMSOLL_BENCH_ROLE"

// roles are processes that this program can be; the first is the floor that
// everything is held against.
var roles = []struct {
	name string
	run  func(context.Context) error
}{
	{"floor", floor},     // the API calls that any collector has to make
	{"reads", reads},     // these, and the kernel's files about containers and daemon
	{"collect", collect}, // our collector: it reads the engine and the machine and concludes nothing
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	for _, r := range roles {
		if r.name != role {
			continue
		}
		if err := r.run(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// processes are the contenders: the roles, and the program itself, which
// collects, decides, plans and prints.
func processes(b *testing.B) []contender {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var all []contender
	for _, r := range roles {
		all = append(all, contender{name: r.name, run: func() (cost, error) {
			return process(exec.CommandContext(b.Context(), self), roleEnv+"="+r.name)
		}})
	}
	program := filepath.Join(b.TempDir(), "plimsoll")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "plimsoll/cmd/plimsoll").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return append(all, contender{name: "assess", limit: assessLimit, run: func() (cost, error) {
		return process(exec.CommandContext(b.Context(), program, "assess"))
	}})
}

// process runs a command once, without any setting of the caller's, and returns
// what it took.
func process(cmd *exec.Cmd, env ...string) (cost, error) {
	var complaints bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stderr = append(env, "HOME=/nonexistent"), "/", &complaints
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return cost{}, fmt.Errorf("%w: %s", err, complaints.String())
	}
	return cost{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func collect(ctx context.Context) error {
	_, err := survey.Run(ctx, survey.Options{Tool: "bench", Now: time.Now, Env: noEnv, Parallel: parallel})
	return err
}

// assessHere is the command in this process.
func assessHere(ctx context.Context) error {
	var complaints bytes.Buffer
	code := cli.Run(ctx, []string{"assess"}, cli.Stdio{
		In: strings.NewReader(""), Out: io.Discard, Err: &complaints, Env: noEnv, Home: "/nonexistent", Dir: "/",
	})
	if code != 0 {
		return fmt.Errorf("plimsoll assess exits with %d: %s", code, complaints.String())
	}
	return nil
}

// noEnv is an empty environment, so that no setting of the caller leads
// elsewhere.
func noEnv(string) string { return "" }
