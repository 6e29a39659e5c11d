package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/cli"
	"plimsoll/internal/collect/survey"
	"plimsoll/test/testbed"
)

// parallel is how many API calls are under way at a time, as in the collector.
const parallel = 8

// assessLimit is how much longer than the engine's own answers everything from
// collecting to printing may take.
const assessLimit = 1.3

// readers builds what is measured on the engine; the first is the floor that
// the others are held against.
var readers = []struct {
	name  string
	limit float64
	run   func(context.Context, *testbed.Bed) error
}{
	{name: "floor", run: floor},
	{name: "collect", run: func(ctx context.Context, _ *testbed.Bed) error { return collect(ctx) }},
	{name: "assess", limit: assessLimit, run: func(ctx context.Context, _ *testbed.Bed) error { return assessAll(ctx) }},
}

// BenchmarkCollect runs more and more real containers beside what the engine
// has already, and reads the engine at each size.
func BenchmarkCollect(b *testing.B) {
	bed := testbed.Mutable(b)
	sizes := []int{1, 10, 50, 200}
	medians := make([][]time.Duration, len(sizes))
	made := 0
	for i, n := range sizes {
		var names []string
		for ; made < n; made++ {
			names = append(names, fmt.Sprintf("bench%03d", made))
		}
		bed.RunMany(names, containerSpec)
		b.Run(fmt.Sprintf("containers=%d", n), func(b *testing.B) {
			var all []contender
			for _, r := range readers {
				all = append(all, contender{r.name, func() error { return r.run(b.Context(), bed) }, r.limit})
			}
			medians[i] = compare(b, all)
			if i > 0 && medians[0] != nil { // a filter may leave the first out
				for j, r := range readers {
					each := (medians[i][j] - medians[0][j]) / time.Duration(n-sizes[0])
					b.ReportMetric(float64(each.Microseconds())/1000, r.name+"-ms/container")
				}
			}
		})
	}
}

// containerSpec varies a little, so that not all containers are alike.
func containerSpec(i int) testbed.Spec {
	return testbed.Spec{
		"Env":    []string{fmt.Sprintf("INSTANCE=%d", i%50), "LOG_LEVEL=info"},
		"Labels": map[string]string{"tier": fmt.Sprint(i % 5)},
		"HostConfig": map[string]any{
			"Memory": (32 + i%50) << 20, "RestartPolicy": map[string]any{"Name": "no"},
			"NetworkMode": "none", // a namespace of its own; 200 bridge ports take minutes to make
		},
	}
}

// collect reads the engine and the machine and concludes nothing.
func collect(ctx context.Context) error {
	_, err := survey.Run(ctx, survey.Options{Tool: "bench", Now: time.Now, Env: noEnv, Parallel: parallel})
	return err
}

// assessAll is the command itself: it collects, decides, plans and prints.
func assessAll(ctx context.Context) error {
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

// engineCalls answer everything that is asked of the engine as a whole.
var engineCalls = []string{"/version", "/info", "/images/json", "/networks", "/volumes"}

// floor makes the API calls that any collector has to make, and drops the answers.
func floor(ctx context.Context, bed *testbed.Bed) error {
	answer, err := bed.Call(ctx, http.MethodGet, "/containers/json?all=1", nil)
	if err != nil {
		return err
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(answer, &list); err != nil {
		return err
	}
	paths := make([]string, 0, len(engineCalls)+len(list))
	paths = append(paths, engineCalls...)
	for _, c := range list {
		paths = append(paths, "/containers/"+c.ID+"/json")
	}
	errs := make([]error, len(paths))
	testbed.Each(len(paths), parallel, func(i int) {
		_, errs[i] = bed.Call(ctx, http.MethodGet, paths[i], nil)
		// Someone else's container may have gone since the list.
		if status, ok := errors.AsType[*testbed.StatusError](errs[i]); ok && status.Code == http.StatusNotFound {
			errs[i] = nil
		}
	})
	return errors.Join(errs...)
}
