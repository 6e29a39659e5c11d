package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/cli"
	"plimsoll/internal/collect/survey"
)

// roleEnv names what this program is to do instead of testing. Everything that
// is measured on the engine is a fresh process of this one program, so that its
// start and the connections it makes cost all of them the same.
const roleEnv = "PLIMSOLL_BENCH_ROLE"

// roles are the processes that are measured; the first is the floor that the
// others are held against.
var roles = []struct {
	name string
	run  func(context.Context) error
}{
	{"floor", floor},       // the API calls that any collector has to make
	{"reads", reads},       // these, and the kernel's files about containers and daemon
	{"collect", collect},   // our collector: it reads the engine and the machine and concludes nothing
	{"assess", assessMain}, // the command itself: it collects, decides, plans and prints
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

// process runs a role once and returns what it took.
func process(ctx context.Context, role string) (cost, error) {
	var complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), roleEnv+"="+role), &complaints
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

func assessMain(ctx context.Context) error {
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
