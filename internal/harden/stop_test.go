package harden

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/step"
	"plimsoll/test/testbed"
)

// TestRestoreOutlastsAStop: a container that runs because the stop that a killed
// run asked for is not over yet is not taken for one that goes on running.
func TestRestoreOutlastsAStop(t *testing.T) {
	for _, tc := range []struct {
		name  string
		last  time.Duration // how long ago the killed run ended
		grace float64
		ends  bool          // whether the engine still stops it
		most  time.Duration // that recovery may take
	}{
		{"the stop is under way", 0, 0, true, 5 * time.Second},
		{"no stop was asked for", 0, 0, false, 5 * time.Second},
		{"any stop is long over", 24 * time.Hour, 600, false, 300 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake()
			id := f.add("web", func(c *fakeContainer) { c.config["StopTimeout"] = tc.grace })
			o := testOptions(t, f)
			o.killed = 400 * time.Millisecond
			began := time.Now()
			o.Now = func() time.Time { return began.Add(-tc.last) }
			endAt(t, o, pointGuarded, readonlyStep(id))
			o.Now = time.Now
			if tc.ends {
				time.AfterFunc(100*time.Millisecond, func() { f.Stop(t.Context(), id, nil) })
			}
			began = time.Now()
			out, err := Recover(t.Context(), o)
			if err != nil || len(out) != 1 || out[0].Undo != step.UndoExact {
				t.Fatalf("%+v, %v", out, err)
			}
			if took := time.Since(began); took > tc.most {
				t.Errorf("recovery took %s", took)
			}
			time.Sleep(max(0, 200*time.Millisecond-time.Since(began)))
			if _, v, err := newRunner(o).inspect(t.Context(), id); err != nil || !v.State.Running {
				t.Errorf("it is said to be as before and is %+v, %v", v, err)
			}
		})
	}
}

// endAt performs a step and ends it at a point as kill -9 would.
func endAt(t *testing.T, o Options, point string, s step.Step) {
	t.Helper()
	o.AfterPhase = func(_, phase string) {
		if phase == point {
			panic(killed{})
		}
	}
	defer func() {
		if v, ok := recover().(killed); !ok {
			t.Fatalf("the run was not killed: %v", v)
		}
	}()
	Apply(t.Context(), o, []step.Step{s})
}

// TestEndlessStopIsRefused: nobody waits for a stop without end.
func TestEndlessStopIsRefused(t *testing.T) {
	for _, tc := range []struct {
		seconds float64
		refused bool
	}{{-1, true}, {1801, true}, {1800, false}} {
		f := newFake()
		id := f.add("web", func(c *fakeContainer) { c.config["StopTimeout"] = tc.seconds })
		_, err := Apply(t.Context(), testOptions(t, f), []step.Step{readonlyStep(id)})
		if refused := errors.Is(err, ErrPrecondition) && strings.Contains(err.Error(), "stop it first"); refused != tc.refused {
			t.Errorf("--stop-timeout %v: %v", tc.seconds, err)
		}
	}
}

// TestOneRunOnATarget: runs with different state folders, as those of two users
// have, do not change one container at the same time.
func TestOneRunOnATarget(t *testing.T) {
	if runtime.GOOS != "linux" {
		testbed.Skip(t, "targets are claimed on Linux only")
	}
	f := newFake()
	id, other := f.add("web", nil), f.add("two", nil)
	inside := false
	o := testOptions(t, f)
	o.AfterPhase = func(_, phase string) {
		if phase != pointStopped {
			return
		}
		inside = true
		second := testOptions(t, f) // another state folder
		rep, err := Apply(t.Context(), second, []step.Step{memoryStep(id)})
		if !errors.Is(err, ErrPrecondition) || !strings.Contains(err.Error(), fmt.Sprintf("another run of harden, process %d of user %d", os.Getpid(), os.Getuid())) || rep.Steps[0].State != StateRefused {
			t.Errorf("%+v, %v", rep, err)
		}
		if _, err := Apply(t.Context(), second, []step.Step{step.New(step.ContainerUpdate, on(other, "two"), step.Change{Field: fieldRestart, From: "always", To: "on-failure:5"})}); err != nil {
			t.Errorf("another container: %v", err)
		}
	}
	if _, err := Apply(t.Context(), o, []step.Step{readonlyStep(id)}); err != nil || !inside {
		t.Errorf("the first run: %v", err)
	}
}
