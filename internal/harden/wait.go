package harden

import (
	"context"
	"fmt"
	"time"
)

const pollEvery = 200 * time.Millisecond

// Bounds of waiting for a health test when the user gave none.
const (
	longestWait = 30 * time.Minute // a container that may take longer is refused
	notableWait = 5 * time.Minute  // from here on a person is told beforehand
)

// healthWait is how long a container's health test is waited for.
func (r *runner) healthWait(v *view) time.Duration {
	if r.opts.Wait > 0 {
		return min(v.healthBound(), r.opts.Wait)
	}
	return min(v.healthBound(), longestWait)
}

// checkHealth refuses a container whose health test cannot speak in the time
// that is waited for it: its successor would be taken back however well it is.
func (r *runner) checkHealth(v *view) error {
	if !v.State.Running || !v.checked() {
		return nil
	}
	every, bound := v.healthEvery(), v.healthBound()
	switch wait := r.opts.Wait; {
	case wait > 0 && wait <= every:
		return refuse("its health test runs every %s, so it cannot speak within --wait %s; give --wait %s, which is its start period and every retry", every, wait, bound)
	case wait == 0 && bound > longestWait:
		return refuse("its health test may take %s to speak (its start period and every retry), and without --wait %s is the longest that is waited; give --wait %s", bound, longestWait, bound)
	}
	return nil
}

// healthWarnings says of a container that passed checkHealth how long it may
// take.
func (r *runner) healthWarnings(v *view) []string {
	bound := v.healthBound()
	switch wait := r.opts.Wait; {
	case !v.State.Running || !v.checked():
	case wait > 0 && wait < bound:
		return []string{fmt.Sprintf("its health test may take %s to speak (its start period and every retry), longer than --wait %s, after which the step is taken back; --wait %s gives it that time", bound, wait, bound)}
	case wait == 0 && bound > notableWait:
		return []string{fmt.Sprintf("its health test may take %s to speak (its start period and every retry); that long is waited before the step is trusted", bound)}
	}
	return nil
}

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
			bound = r.healthWait(v)
		}
		last = v.State.Health
		switch {
		case test && last == "healthy":
			return nil
		case test && last == "unhealthy":
			return fmt.Errorf("its health test says unhealthy")
		case time.Since(began) < bound:
		case test:
			return fmt.Errorf("its health test says %q after %s; --wait gives it more time", printable(last), bound)
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
