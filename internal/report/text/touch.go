package text

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// disturbance words what a measure touches, and what it interrupts.
func disturbance(r *report.Result, m *report.Measure) string {
	source := m.AtSource()
	if len(m.Steps) == 0 {
		one, many := "container is", "containers are"
		if ofWorkloads(m) {
			one, many = "workload is", "workloads are"
		}
		return "by a person, where " + count(source, one, many) + " defined"
	}
	kinds := make(map[step.Kind]int)
	for _, id := range m.Steps {
		kinds[r.Steps[id].Kind]++
	}
	var does []string
	for _, k := range []struct {
		kind step.Kind
		does func(n int) string
	}{
		{step.ContainerUpdate, func(n int) string { return "updates " + count(n, "container", "containers") + ", no restart" }},
		{step.ContainerRecreate, func(n int) string { return "recreates " + count(n, "container", "containers") }},
		{step.DaemonReload, func(int) string { return "reloads the engine, no restart" }},
		{step.DaemonRestart, func(int) string { return "restarts the engine" }},
		{step.FileAccess, func(n int) string { return "sets mode or owner of " + count(n, "file", "files") }},
		{step.AuditRule, func(int) string { return "adds audit rules" }},
		{step.FileEdit, func(int) string { return "edits " + edits(r, m) }},
	} {
		if n := kinds[k.kind]; n > 0 {
			does = append(does, k.does(n))
		}
	}
	if source > 0 {
		does = append(does, fmt.Sprintf("%d more where they are defined", source))
	}
	return strings.Join(does, ", ")
}

// ofWorkloads reports whether a measure is about workloads of a cluster.
func ofWorkloads(m *report.Measure) bool {
	return slices.ContainsFunc(m.Refused, func(r step.Refusal) bool { return r.AtSource && r.Target.Kind == snapshot.KindPodSpec })
}

// edits names what a measure edits: services and the files that have them, and
// Dockerfiles.
func edits(r *report.Result, m *report.Measure) string {
	type target struct {
		kind       snapshot.Kind
		scope, key string
	}
	at := make(map[target]*report.Subject, len(r.Subjects))
	for i := range r.Subjects {
		if s := &r.Subjects[i]; len(s.Members) == 0 { // a folded one has the key of its first
			at[target{s.Kind, s.Scope, s.Key}] = s
		}
	}
	workloads, manifests := make(map[string]string), make(map[string]string)
	services, recipes, settings, files := make(map[string]string), make(map[string]string), make(map[string]string), make(map[string]string)
	for _, id := range m.Steps {
		st := r.Steps[id]
		if st.Kind != step.FileEdit {
			continue
		}
		file := "the file that has it"
		if s := at[target{st.Target.Kind, st.Target.Scope, st.Target.Key}]; s != nil && s.Location != nil {
			file = s.Location.File
		}
		switch st.Target.Kind {
		case snapshot.KindPodSpec:
			workloads[st.Target.Key], manifests[file] = st.Target.Name, file
		case snapshot.KindFile:
			recipes[st.Target.Key] = file
		case snapshot.KindRegistry:
			settings[st.Target.Key] = file
		default:
			services[st.Target.Key], files[file] = st.Target.Name, file
		}
	}
	var out []string
	if len(services) > 0 {
		out = append(out, nameOrCount(services, "services")+" in "+nameOrCount(files, "files"))
	}
	if len(workloads) > 0 {
		out = append(out, nameOrCount(workloads, "workloads")+" in "+nameOrCount(manifests, "files"))
	}
	if len(recipes) > 0 {
		out = append(out, nameOrCount(recipes, "Dockerfiles"))
	}
	if len(settings) > 0 {
		out = append(out, nameOrCount(settings, "configurations of registries"))
	}
	return strings.Join(out, " and ")
}

// nameOrCount names what is the only one, and counts more.
func nameOrCount(things map[string]string, many string) string {
	if len(things) == 1 {
		for _, name := range things {
			return Clean(name)
		}
	}
	return count(len(things), "", many)
}
