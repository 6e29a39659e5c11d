package text

import (
	"strconv"
	"testing"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

func TestDisturbance(t *testing.T) {
	const scope = "files:."
	at := func(file string) *snapshot.Location { return &snapshot.Location{File: file, Line: 2} }
	r := &report.Result{Steps: make(map[string]step.Step), Subjects: []report.Subject{
		{Kind: snapshot.KindContainer, Scope: scope, Key: "compose/shop/web", Name: "web", Location: at("compose.yaml")},
		{Kind: snapshot.KindContainer, Scope: scope, Key: "compose/shop/db", Name: "db", Location: at("compose.yaml")},
		{Kind: snapshot.KindContainer, Scope: scope, Key: "compose/shop/job", Name: "job", Location: at("jobs.yaml")},
		{Kind: snapshot.KindContainer, Scope: scope, Key: "compose/shop/web", Name: "web", Members: []string{"compose/shop/web", "compose/shop/db"}},
		{Kind: snapshot.KindFile, Scope: scope, Key: "dockerfile/Dockerfile", Name: "Dockerfile", Location: at("Dockerfile")},
	}}
	for _, tc := range []struct {
		want  string
		kind  step.Kind
		on    []int
		owned int
	}{
		{"edits web in compose.yaml", step.FileEdit, []int{0}, 0},
		{"edits 2 services in compose.yaml", step.FileEdit, []int{0, 1}, 0},
		{"edits 3 services in 2 files", step.FileEdit, []int{0, 1, 2}, 0},
		{"edits job in jobs.yaml and Dockerfile", step.FileEdit, []int{2, 4}, 0},
		{"updates 1 container, no restart, 2 more where they are defined", step.ContainerUpdate, []int{0}, 2},
		{"recreates 2 containers", step.ContainerRecreate, []int{0, 1}, 0},
		{"reloads the engine, no restart", step.DaemonReload, []int{0}, 0},
		{"restarts the engine", step.DaemonRestart, []int{0}, 0},
		{"sets mode or owner of 2 files", step.FileAccess, []int{0, 1}, 0},
		{"adds audit rules", step.AuditRule, []int{0}, 0},
		{"by a person, where 1 container is defined", "", nil, 1},
	} {
		m := &report.Measure{}
		for i, at := range tc.on {
			s := r.Subjects[at]
			id := strconv.Itoa(i)
			r.Steps[id] = step.Step{Kind: tc.kind, Target: step.Target{Kind: s.Kind, Scope: s.Scope, Key: s.Key, Name: s.Name}}
			m.Steps = append(m.Steps, id)
		}
		for range tc.owned {
			m.Refused = append(m.Refused, step.Refusal{AtSource: true})
		}
		if got := disturbance(r, m); got != tc.want {
			t.Errorf("disturbance = %q, want %q", got, tc.want)
		}
	}
}

// TestCallNamesTheCluster: what a person goes on with asks the cluster again that the
// evidence is of, not this machine.
func TestCallNamesTheCluster(t *testing.T) {
	m := &report.Measure{ID: "pod-drop-net-raw", Refused: []step.Refusal{{AtSource: true, Target: step.Target{Kind: snapshot.KindPodSpec}}}}
	for target, want := range map[string]string{
		"":         "plimsoll plan k8s --include pod-drop-net-raw",
		"k8s":      "plimsoll plan k8s --include pod-drop-net-raw",
		"k8s:prod": "plimsoll plan k8s:prod --include pod-drop-net-raw",
		"k8s:a b":  "plimsoll plan 'k8s:a b' --include pod-drop-net-raw",
	} {
		p := &page{o: Options{Target: target}}
		if got := p.call(&report.Result{}, m); got != want {
			t.Errorf("of %q: %s, want %s", target, got, want)
		}
	}
}
