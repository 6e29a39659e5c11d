package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestReaderGoesAway: a page that is read in part, as by head, ends the program
// quietly and loses nothing that was to be saved.
func TestReaderGoesAway(t *testing.T) {
	dir := t.TempDir()
	if err := writeSnapshot(filepath.Join(dir, "bad.json"), snapshots["bad.json"]); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "plimsoll", "plan", "bad.json", "-o", "plan.json")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, w, &stderr
	err = cmd.Run()
	w.Close()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 4 {
		t.Errorf("it ended with %v, want exit code 4", err)
	}
	if stderr.String() != "plimsoll: wrote plan.json\n" {
		t.Errorf("it says %q", stderr.String())
	}
	if fi, err := os.Stat(filepath.Join(dir, "plan.json")); err != nil || fi.Size() == 0 {
		t.Errorf("the plan is not there: %v", err)
	}
}

// TestSignals: every signal that asks the program to end is heard, and what the
// caller ignores stays ignored.
func TestSignals(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // tests may run under nohup, and what is ignored is inherited
	for _, tc := range []struct {
		name, before string
		signal       os.Signal
		ends         bool
	}{
		{"interrupt", "", os.Interrupt, true},
		{"termination", "", syscall.SIGTERM, true},
		{"hang-up", "", syscall.SIGHUP, true},
		{"hang-up with nohup", "trap '' HUP;", syscall.SIGHUP, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, w, err := os.Pipe() // nothing comes, so the program waits
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", tc.before+"exec plimsoll assess -")
			cmd.Stdin, cmd.Dir = r, t.TempDir()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond) // until it reads
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
			if tc.ends {
				// It hears the signal and goes on with what cannot be cut off: a second
				// hang-up changes nothing.
				if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
					t.Errorf("it is gone already: %v", err)
				}
			}
			w.Close()
			err = cmd.Wait()
			want := 2 // there is no document
			if tc.ends {
				want = 130
			}
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != want {
				t.Errorf("it ended with %v, want exit code %d", err, want)
			}
		})
	}
}
