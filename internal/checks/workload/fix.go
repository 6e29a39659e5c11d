package workload

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// setting is one value that a fix wants, by the name that
// [snapshot.LookupPodField] has for it.
type setting struct{ field, value string }

// mending returns a fix that sets fields of the template. Want says which, for the pod as
// it is; no settings say that the template is right already.
func mending(title string, want func(*pod) ([]setting, error)) check.Fix {
	return check.Fix{Title: title, Kind: step.WorkloadPatch, Step: func(p *check.Probe, subject int) (step.Step, error) {
		return settle(p, subject, want)
	}}
}

// breaking is mending for what takes something away that the pod was given on purpose.
func breaking(title string, want func(*pod) ([]setting, error)) check.Fix {
	f := mending(title, want)
	f.Breaks = true
	return f
}

func refused(format string, args ...any) error {
	return &step.RefusedError{Why: fmt.Sprintf(format, args...)}
}

// settle makes the step that gives a template the values it wants.
func settle(p *check.Probe, subject int, want func(*pod) ([]setting, error)) (step.Step, error) {
	at := p.Index.Workload(subject)
	w := &p.Snapshot.Workloads[at]
	template := p.Index.WorkloadSubject(at)
	spec := &p.Snapshot.PodSpecs[w.Spec]
	switch {
	case w.Invalid != "":
		return step.Step{}, refused("the API server would not take it: %s; mend that first", w.Invalid)
	case w.Inferred:
		return step.Step{}, refused("its kind is not known; change what makes it")
	}
	var of *podspec.Pod
	for _, c := range podspec.Of(p.Index) {
		if _, in := slices.BinarySearch(c.Class.Members, template); in && !c.Class.Live {
			of = c
			break
		}
	}
	if of == nil {
		return step.Step{}, refused("what its template comes to is not known")
	}
	settings, err := want(&pod{Pod: of, p: p})
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	for _, s := range settings {
		f, container, ok := snapshot.LookupPodField(s.field)
		if !ok {
			return step.Step{}, refused("%s is no field that a step can set; name the container as the API server takes it", s.field)
		}
		from, err := f.Get(spec, container)
		if err != nil {
			return step.Step{}, err
		}
		if spec.FirstUnread(f.Path) != "" {
			return step.Step{}, refused("what is written of %s was not understood; change it by hand", s.field)
		}
		if from != s.value {
			set = append(set, step.Change{Field: s.field, From: from, To: s.value})
		}
	}
	switch {
	case len(set) > 0:
	case subject != template:
		return step.Step{}, refused("its template says so already; its pods are older, make them anew: kubectl rollout restart")
	default:
		return step.Step{}, refused("its template says so already; the evidence names what else decides, change that")
	}
	return place(p, w, template, set)
}

// place says where the change is made: in the file that defines the workload, or,
// of one that runs, at its source.
func place(p *check.Probe, w *snapshot.Workload, subject int, set []step.Change) (step.Step, error) {
	if p.Scope.Kind == snapshot.ScopeFiles {
		switch {
		case w.Render != "":
			return step.Step{}, refused("it is made by %s; change it there", w.Render)
		case w.Loc == nil:
			return step.Step{}, refused("where it is defined is not known; change it by hand")
		}
		s := step.New(step.FileEdit, p.Index.Subjects[subject], set...)
		s.Note = "It takes effect with kubectl apply."
		return s, nil
	}
	s := step.New(step.WorkloadPatch, p.Index.Subjects[subject], set...)
	s.Source = sourceOf(w, &p.Snapshot.PodSpecs[w.Spec], set)
	return s, nil
}

// sourceOf says where a running workload is changed, with the command that does it
// where nothing else would take it back.
func sourceOf(w *snapshot.Workload, spec *snapshot.PodSpec, set []step.Change) string {
	values := make([]string, len(set))
	for i, c := range set {
		values[i] = c.Field + "=" + c.To
	}
	what := strings.Join(values, " ")
	switch {
	case w.Owner != nil && len(w.Owner.Sources) > 0:
		return fmt.Sprintf("%s %s makes it: set %s in %s", w.Owner.Kind, w.Owner.Name, what, strings.Join(w.Owner.Sources, ", "))
	case w.Owner != nil:
		return fmt.Sprintf("%s %s makes it: set %s there", w.Owner.Kind, w.Owner.Name, what)
	case w.Static:
		return "the kubelet of its node makes it from a file: set " + what + " there"
	case w.Kind == "Pod":
		return "a pod cannot be changed while it runs: set " + what + " in its manifest and make it anew"
	}
	return "set " + what + " in its manifest, or: " + patchCommand(w, spec, set)
}

// patchCommand is the kubectl command that makes the changes. Names of objects hold
// no character that a shell would take for more.
func patchCommand(w *snapshot.Workload, of *snapshot.PodSpec, set []step.Change) string {
	root, ok := roots[w.Kind]
	if !ok || !plainName(w.Name) || !plainName(w.Namespace) {
		return "kubectl edit"
	}
	patch := make(map[string]any)
	spec := patch
	for _, k := range root {
		next := make(map[string]any)
		spec[k] = next
		spec = next
	}
	for _, c := range set {
		at, field := spec, c.Field
		if rest, inside := strings.CutPrefix(field, "containers["); inside {
			end := strings.LastIndex(rest, "].")
			field = rest[end+2:]
			at = containerPatch(spec, of, rest[:end])
		}
		keys := strings.Split(field, ".")
		for _, k := range keys[:len(keys)-1] {
			next, ok := at[k].(map[string]any)
			if !ok {
				next = make(map[string]any)
				at[k] = next
			}
			at = next
		}
		at[keys[len(keys)-1]] = patchValue(c)
	}
	b, err := json.Marshal(patch)
	if err != nil || strings.ContainsRune(string(b), '\'') {
		return "kubectl edit"
	}
	return fmt.Sprintf("kubectl -n %s patch %s %s -p '%s'", w.Namespace, strings.ToLower(w.Kind), w.Name, b)
}

// roots are the paths to the pod specification of the kinds that kubectl patches by
// merging lists of containers by name.
var roots = map[string][]string{
	"Deployment": {"spec", "template", "spec"}, "DaemonSet": {"spec", "template", "spec"}, "StatefulSet": {"spec", "template", "spec"},
	"ReplicaSet": {"spec", "template", "spec"}, "ReplicationController": {"spec", "template", "spec"},
	"CronJob": {"spec", "jobTemplate", "spec", "template", "spec"},
}

func containerPatch(spec map[string]any, of *snapshot.PodSpec, name string) map[string]any {
	key := "containers"
	if i := slices.IndexFunc(of.Containers, func(c snapshot.PodContainer) bool { return c.Name == name }); i >= 0 {
		key = of.Containers[i].List()
	}
	list, _ := spec[key].([]map[string]any)
	for _, c := range list {
		if c["name"] == name {
			return c
		}
	}
	c := map[string]any{"name": name}
	spec[key] = append(list, c)
	return c
}

func patchValue(c step.Change) any {
	switch {
	case strings.Contains(c.Field, ".capabilities."):
		if c.To == "" {
			return nil
		}
		return strings.Split(c.To, ",")
	case c.To == "true" || c.To == "false":
		return c.To == "true"
	case c.To == "":
		return nil
	}
	return c.To
}

func plainName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
