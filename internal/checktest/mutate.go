package checktest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// mutate runs the suite on the minimal snapshot with values removed or replaced
// at random: no check may panic, and none may lose its subjects.
func mutate(t *testing.T, suite []*check.Check) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 750 {
		var minimum map[string]any
		if err := json.Unmarshal(minimal, &minimum); err != nil {
			t.Fatal(err)
		}
		switch i % 6 {
		case 2:
			for _, what := range []string{"registry", "registryFile", "client"} {
				if err := addOuter(minimum, what, json.RawMessage("{}")); err != nil {
					t.Fatal(err)
				}
			}
		case 3:
			asFile(minimum)
		case 4, 5:
			var err error
			if minimum, err = startCluster(); err != nil {
				t.Fatal(err)
			}
			if i%6 == 5 {
				asManifests(minimum)
			}
		}
		var root any = minimum
		for range 1 + rng.IntN(6) {
			root = scramble(rng, root)
		}
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		s, err := snapshot.Parse(b)
		if err != nil {
			continue // refused, which is what a reader of hostile input should do
		}
		findings := check.Run(suite, check.Inputs{Index: snapshot.NewIndex(s), Now: now})
		for _, f := range findings {
			if f.Status == 0 || len(f.Members) == 0 {
				t.Fatalf("%s gave an empty finding on %s", f.Check.ID, b)
			}
			if f.Status == check.Unknown && f.Reason == snapshot.ReasonFailed && strings.Contains(f.Message, "which is a defect") {
				t.Fatalf("%s gave no verdict of some subjects on %s", f.Check.ID, b)
			}
		}
		judgedOnce(t, snapshot.NewIndex(s), findings)
	}
}

// judgedOnce: a check says one thing of a subject.
func judgedOnce(t *testing.T, x *snapshot.Index, findings []check.Finding) {
	t.Helper()
	type said struct {
		check   string
		subject int
	}
	seen := make(map[said]bool)
	for _, f := range findings {
		for _, m := range f.Members {
			k := said{f.Check.ID, m}
			if seen[k] {
				t.Fatalf("%s gave two verdicts on %s", f.Check.ID, x.Subjects[m].Key)
			}
			seen[k] = true
		}
	}
}

// scramble changes one value somewhere below v.
func scramble(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		if len(keys) == 0 {
			return v
		}
		slices.Sort(keys) // so that the seed alone decides
		k := keys[rng.IntN(len(keys))]
		if rng.IntN(8) == 0 {
			delete(v, k)
			return v
		}
		v[k] = scramble(rng, v[k])
		return v
	case []any:
		if len(v) == 0 {
			return v
		}
		i := rng.IntN(len(v))
		if rng.IntN(8) == 0 {
			return append(v[:i:i], v[i+1:]...)
		}
		v[i] = scramble(rng, v[i])
		return v
	case string:
		return []any{"", "host", "container:nobody", "unconfined", "\x1b[31m", "ALL", "-1", "//"}[rng.IntN(8)]
	case float64:
		return []any{0.0, -1.0, 1.0, 1e15, 65535.0}[rng.IntN(5)]
	case bool:
		return !v
	}
	return v
}
