package dockerapi

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// endless is an answer that never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestAnswersWithoutEnd: several at once take no more memory than a few hundred
// megabytes until they are given up.
func TestAnswersWithoutEnd(t *testing.T) {
	var h held
	done := make(chan struct{})
	var most uint64
	var sampled sync.WaitGroup
	sampled.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	var reads sync.WaitGroup
	for range 6 {
		reads.Go(func() {
			if _, err := h.read(endless{}, MaxList); !errors.Is(err, ErrTooLarge) {
				t.Errorf("an answer without end: %v", err)
			}
		})
	}
	reads.Wait()
	close(done)
	sampled.Wait()
	if most > 600<<20 {
		t.Errorf("the answers took %d MiB", most>>20)
	}
	if n := h.bytes.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}

func TestHeldReadsWhole(t *testing.T) {
	want := strings.Repeat("0123456789", 400_000)
	for _, r := range []io.Reader{strings.NewReader(want), iotest.OneByteReader(strings.NewReader(want[:9000])), iotest.DataErrReader(strings.NewReader(want))} {
		var h held
		got, err := h.read(r, int64(len(want)))
		if err != nil || !bytes.HasPrefix([]byte(want), got) || len(got) < 9000 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	var h held
	if _, err := h.read(strings.NewReader(want), int64(len(want))-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more than the bound: %v", err)
	}
}
