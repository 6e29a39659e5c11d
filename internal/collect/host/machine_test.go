package host

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Who asks for what another is reading waits for it; an error is not remembered.
func TestOnce(t *testing.T) {
	var shared once[int, string]
	var reads atomic.Int64
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := shared.get(1, func() (string, error) {
				reads.Add(1)
				<-release
				return "x", nil
			})
			if got != "x" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond) // too short shows a defect less often, never one that is none
	close(release)
	wg.Wait()
	if n := reads.Load(); n != 1 {
		t.Errorf("read %d times", n)
	}
	var o once[int, string]
	for i, want := range []error{errors.New("it ended"), nil, nil} {
		got, err := o.get(2, func() (string, error) {
			if i == 2 {
				t.Error("read again")
			}
			return "y", want
		})
		if !errors.Is(err, want) || got != "y" {
			t.Errorf("%d: got %q, %v", i, got, err)
		}
	}
}
