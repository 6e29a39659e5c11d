package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/assess"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/plan"
	"plimsoll/internal/report"
	"plimsoll/internal/schema"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/test/schemacheck"
)

// update is the flag that package checktest registers.
func update() bool { return flag.Lookup("update").Value.String() == "true" }

func TestSchemasAreAsPublished(t *testing.T) {
	for _, d := range schema.Documents() {
		got, err := schema.Generate(d)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", d.Name+".schema.json")
		if update() {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s changed; within a version, fields are only added (go test -update writes it):\n%s", golden, diff)
		}
	}
}

// documents returns real output of every kind, from a system with failures.
func documents(t *testing.T) map[string][]byte {
	t.Helper()
	s, _, err := checktest.Tweak([]byte(`{"spec":{"resources":{"memory":0},"env":[{"name":"TOKEN","len":9,"shape":"token"}],"restartPolicy":{"name":"always"}},
		"runtime":{"cgroup":{"state":"denied","reason":"denied"}},"parts":{"engine.listeners":"failed"}}`))
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{Snapshot: s, Suite: docker.Suite, Now: s.Taken, Plan: plan.Options{Allow: step.DisturbRecreate}})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Build(a, "plimsoll test", "test")
	if len(r.Plan.Choices) == 0 {
		t.Fatal("the plan is empty; the documents would prove little")
	}
	out := make(map[string][]byte)
	for name, encode := range map[string]func(*bytes.Buffer) error{
		"snapshot": func(b *bytes.Buffer) error { return snapshot.Encode(b, s) },
		"result":   func(b *bytes.Buffer) error { return report.Encode(b, r) },
		"plan":     func(b *bytes.Buffer) error { return report.EncodePlan(b, report.NewPlanFile(r)) },
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		out[name] = b.Bytes()
	}
	return out
}

func TestOutputSatisfiesItsSchema(t *testing.T) {
	docs := documents(t)
	for _, d := range schema.Documents() {
		text, err := schema.Generate(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := schemacheck.Check(text, docs[d.Name]); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		var broken map[string]any
		if err := json.Unmarshal(docs[d.Name], &broken); err != nil {
			t.Fatal(err)
		}
		broken["schema"] = "other/v1"
		b, err := json.Marshal(broken)
		if err != nil {
			t.Fatal(err)
		}
		if schemacheck.Check(text, b) == nil {
			t.Errorf("%s: a document of another kind satisfies the schema", d.Name)
		}
	}
}
