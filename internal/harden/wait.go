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

// A stop that an engine was asked for ends a container when its grace is over,
// whoever still waits for the answer.
const (
	defaultGrace = 10 * time.Second // of a container that does not say
	killTime     = 10 * time.Second // what an engine gives a process that it killed
)

// grace is how long the engine lets the container end by itself.
func (v *view) grace() time.Duration {
	switch t := v.Config.StopTimeout; {
	case t == nil:
		return defaultGrace
	case *t < 0 || *t > int(longestWait/time.Second): // without end, or as good as that
		return longestWait
	default:
		return time.Duration(*t) * time.Second
	}
}

// checkGrace refuses a container whose stop nobody would wait for.
func (r *runner) checkGrace(v *view) error {
	if t := v.Config.StopTimeout; v.State.Running && t != nil && (*t < 0 || *t > int(longestWait/time.Second)) {
		return refuse("its stop may take longer than %s (--stop-timeout %d), which is the longest that is waited; stop it first, and start it afterwards", longestWait, *t)
	}
	return nil
}

// stop ends a container and returns when it has. Other changes are done in less
// than the grace of a container may take.
func (r *runner) stop(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime+grace)
	defer cancel()
	return r.opts.Engine.Stop(ctx, id, nil)
}

// outlast waits, while a container runs, until no stop that a run asked for can
// end it any more, and reports whether it runs then. A run that was killed while
// it waited for a stop leaves an engine that goes on with it. asked is
// before the stop, by at most one other change.
func (r *runner) outlast(ctx context.Context, id string, asked time.Time) (runs bool, err error) {
	for began := time.Now(); ; {
		_, v, err := r.inspect(ctx, id)
		switch {
		case err != nil:
			return false, err
		case v == nil:
			return false, fmt.Errorf("container %s is gone", shortID(id))
		case !v.State.Running:
			return false, nil
		}
		bound := v.grace() + r.opts.killTime()
		bound = min(bound, undoTime+bound-max(0, r.opts.now()().Sub(asked)))
		if time.Since(began) >= bound {
			return true, nil
		}
		if err := pause(ctx, min(pollEvery, bound)); err != nil {
			return false, err
		}
	}
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

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
		if err := pause(ctx, min(pollEvery, bound)); err != nil {
			return err
		}
	}
}
