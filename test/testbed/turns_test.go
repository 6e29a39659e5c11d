package testbed

import (
	"path/filepath"
	"testing"
	"time"
)

// TestTurns uses one value of turns for each test program.
func TestTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var a, b turns
	got := make(chan error, 1)
	var done chan struct{}
	t.Run("shared", func(t *testing.T) {
		for _, s := range []*turns{&a, &b, &a} {
			if err := s.share(t, path); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.alone(t, path); err == nil {
			t.Error("a program has alone what it shares")
		}
		var c turns
		done = make(chan struct{})
		go func() {
			got <- c.alone(t, path)
			<-done
			c.unlock(t)
		}()
		select {
		case <-got:
			t.Error("had alone while others share it")
		case <-time.After(50 * time.Millisecond):
		}
	})
	if err := <-got; err != nil { // the others have ended
		t.Error(err)
	}
	close(done)
	t.Run("alone", func(t *testing.T) {
		if err := a.alone(t, path); err != nil {
			t.Fatal(err)
		}
		if err := a.share(t, path); err != nil {
			t.Errorf("share what one has alone: %v", err)
		}
		if a.alone(t, path) == nil {
			t.Error("had alone twice")
		}
	})
	if err := a.share(t, path); err != nil {
		t.Errorf("after all have ended: %v", err)
	}
}
