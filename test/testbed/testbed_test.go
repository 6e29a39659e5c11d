package testbed

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// recorder stands in for a test and notes how it ended. Like a real one, it ends
// the goroutine.
type recorder struct {
	testing.TB
	end, why string
}

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return "TestSomething" }

func (r *recorder) Fatalf(format string, args ...any) {
	r.end, r.why = "failed", fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skip(args ...any) {
	r.end, r.why = "skipped", fmt.Sprint(args...)
	runtime.Goexit()
}

func TestSkip(t *testing.T) {
	const line = "TestSomething: the moon is missing\n"
	for _, c := range []struct{ ci, end, noted string }{
		{"", "skipped", line},
		{"false", "skipped", line},
		{"true", "failed", ""},
	} {
		t.Run("CI="+c.ci, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "skips")
			t.Setenv("CI", c.ci)
			t.Setenv(skipsEnv, file)
			r := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				Skip(r, "the moon\n\tis missing")
			}()
			<-done
			if r.end != c.end || !strings.Contains(r.why, "the moon is missing") {
				t.Errorf("%s: %s; want %s, with what is missing", r.end, r.why, c.end)
			}
			got, _ := os.ReadFile(file) // absent is the empty text
			if string(got) != c.noted {
				t.Errorf("noted %q, want %q", got, c.noted)
			}
		})
	}
}

func TestEach(t *testing.T) {
	var now, most, sum atomic.Int64
	Each(100, 3, func(i int) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		sum.Add(int64(i))
		now.Add(-1)
	})
	if sum.Load() != 4950 {
		t.Errorf("sum of the indexes is %d, want 4950", sum.Load())
	}
	if most.Load() > 3 {
		t.Errorf("%d at a time, want at most 3", most.Load())
	}
}

func TestNoEngine(t *testing.T) {
	b := newBed(t, filepath.Join(t.TempDir(), "docker.sock"))
	err := b.ping()
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ping without a socket: %v, want not exist", err)
	}
}

func TestContainersLiveAsLongAsTheTest(t *testing.T) {
	outer := Mutable(t)
	var id string
	t.Run("inner", func(t *testing.T) {
		b := Mutable(t)
		id = b.Run("one", nil)
		var c struct {
			Name  string
			State struct{ Running bool }
		}
		b.Get("/containers/"+id+"/json", &c)
		if !c.State.Running || c.Name != "/"+b.Name("one") {
			t.Errorf("container is %+v", c)
		}
	})
	_, err := outer.Call(t.Context(), http.MethodGet, "/containers/"+id+"/json", nil)
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Code != http.StatusNotFound {
		t.Errorf("after the test the container answers %v, want status 404", err)
	}
}

func TestRunMany(t *testing.T) {
	b := Mutable(t)
	ids := b.RunMany([]string{"a", "b", "c"}, func(int) Spec { return Spec{"HostConfig": map[string]any{"Memory": 64 << 20}} })
	var c struct{ HostConfig struct{ Memory int64 } }
	b.Get("/containers/"+ids[2]+"/json", &c)
	if c.HostConfig.Memory != 64<<20 {
		t.Errorf("memory limit is %d", c.HostConfig.Memory)
	}
}
