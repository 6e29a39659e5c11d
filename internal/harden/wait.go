package harden

import (
	"context"
	"fmt"
	"time"
)

const pollEvery = 200 * time.Millisecond

// waitWell waits until a container that was started can be trusted to run: its
// health test says healthy, when it has one and healthy is demanded; else it
// runs without a restart for the settling time.
func (r *runner) waitWell(ctx context.Context, id string, demand bool) error {
	var (
		began = time.Now()
		bound = r.opts.settle()
		last  string
	)
	for first := true; ; first = false {
		_, v, err := r.inspect(ctx, id)
		switch {
		case err != nil:
			return err
		case v == nil:
			return fmt.Errorf("container %s is gone", shortID(id))
		case !v.State.Running || v.State.Restarting || v.State.Restarts > 0:
			return fmt.Errorf("it did not stay up: status %s, exit code %d, %d restarts", printable(v.State.Status), v.State.ExitCode, v.State.Restarts)
		}
		test := demand && v.checked()
		if first && test {
			bound = min(v.healthBound(), r.opts.wait())
		}
		last = v.State.Health
		switch {
		case test && last == "healthy":
			return nil
		case test && last == "unhealthy":
			return fmt.Errorf("its health test says unhealthy")
		case time.Since(began) < bound:
		case test:
			return fmt.Errorf("its health test says %q after %s", printable(last), bound)
		default:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pollEvery, bound)):
		}
	}
}
