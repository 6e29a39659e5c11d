package checktest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// unreadPods is unread for the specifications of pods. A field of a list's items is
// marked without a position and lost in each of them.
func unreadPods(t *testing.T, c *check.Check, dir string) {
	fields := podFieldsBelow(reflect.TypeFor[snapshot.PodSpec](), "")
	for name, in := range passing(t, c, dir) {
		before := statuses(c, in)
		for i := range in.Index.Snapshot.PodSpecs {
			nothing := alteredPod(in, i, func(s *snapshot.PodSpec) { *s = snapshot.PodSpec{Unread: []string{snapshot.AllUnread}} })
			for m, got := range statuses(c, nothing) {
				if len(c.Reads) > 0 && specOf(in, m) == i && (got == check.Pass || got == check.Fail) {
					t.Errorf("%s, nothing read: the verdict is %v", name, got)
				}
			}
			for _, f := range fields {
				without := statuses(c, alteredPod(in, i, func(s *snapshot.PodSpec) {
					f.set(reflect.ValueOf(s).Elem(), reflect.Value{})
					s.Unread = append(slices.Clone(s.Unread), f.path)
				}))
				for m, was := range before {
					if was == check.Pass && without[m] == check.Fail {
						t.Errorf("%s, %s unread: it fails without evidence", name, f.path)
					}
				}
				if !slices.Contains(without, check.Pass) {
					continue
				}
				for _, v := range badValues(f.typ) {
					with := statuses(c, alteredPod(in, i, func(s *snapshot.PodSpec) { f.set(reflect.ValueOf(s).Elem(), v) }))
					for m := range with {
						if without[m] == check.Pass && with[m] == check.Fail {
							t.Errorf("%s, %s unread: it passes, though with %+v it fails", name, f.path, v)
						}
					}
				}
			}
		}
	}
}

// specOf returns the specification of a subject that is a template, or -1.
func specOf(in check.Inputs, subject int) int {
	at := in.Index.Workload(subject)
	if at < 0 || in.Index.WorkloadSubject(at) != subject || in.Index.Snapshot.Workloads[at].Invalid != "" {
		return -1
	}
	return in.Index.Snapshot.Workloads[at].Spec
}

// alteredPod returns the inputs with a change of a deep copy of one specification.
func alteredPod(in check.Inputs, spec int, change func(*snapshot.PodSpec)) check.Inputs {
	s := *in.Index.Snapshot
	s.PodSpecs = slices.Clone(s.PodSpecs)
	p := &s.PodSpecs[spec]
	p.Containers = slices.Clone(p.Containers)
	p.Volumes = slices.Clone(p.Volumes)
	change(p)
	in.Index = in.Index.With(&s)
	return in
}

// podField is a field of a specification, or of the items of its lists.
type podField struct {
	path string
	typ  reflect.Type
	set  func(spec, value reflect.Value) // the zero Value for nothing
}

func podFieldsBelow(t reflect.Type, prefix string) []podField {
	var out []podField
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "unread" || name == "containers" && prefix != "" {
			continue
		}
		typ := t.Field(i).Type
		direct := func(spec, v reflect.Value) {
			if !v.IsValid() {
				v = reflect.Zero(typ)
			}
			spec.Field(i).Set(v)
		}
		if name != "containers" && name != "serviceAccount" && name != "restartPolicy" {
			out = append(out, podField{prefix + name, typ, direct})
		}
		switch {
		case typ.Kind() == reflect.Struct:
			for _, f := range podFieldsBelow(typ, prefix+name+".") {
				out = append(out, podField{f.path, f.typ, func(spec, v reflect.Value) { f.set(spec.Field(i), v) }})
			}
		case name == "containers":
			for _, f := range podFieldsBelow(typ.Elem(), name+".") {
				if f.path == "containers.name" || f.path == "containers.kind" {
					continue
				}
				out = append(out, podField{f.path, f.typ, func(spec, v reflect.Value) {
					for j := range spec.Field(i).Len() {
						f.set(spec.Field(i).Index(j), v)
					}
				}})
			}
		}
	}
	return out
}

// badPodSamples are values of pod specifications that some check fails.
var badPodSamples = []any{
	"Unmasked", "Never", "node1", &snapshot.Profile{Type: "Unconfined"}, &snapshot.SELinux{Type: "spc_t"}, &snapshot.Handler{Kind: "http", Host: "192.0.2.1"},
	[]snapshot.Pair{{Key: "kernel.msgmax", Value: "1"}},
	[]snapshot.PodVolume{{Name: "h", Type: "hostPath", Path: "/"}},
	[]snapshot.PodVolume{{Name: "m", Type: "emptyDir", Medium: "Memory"}},
	[]snapshot.PodVolume{{Name: "t", Type: "projected", Projected: []snapshot.ProjectedSource{{Kind: "serviceAccountToken", Seconds: 1 << 40}}}},
	[]snapshot.EnvVar{
		{Secretish: snapshot.Secretish{Name: "DB_PASSWORD", Len: 12, Shape: snapshot.ShapePlain}},
		{Secretish: snapshot.Secretish{Name: "DB_PASSWORD", Len: 12, Shape: snapshot.ShapePlain}},
	},
	[]snapshot.EnvVar{{Secretish: snapshot.Secretish{Name: "K"}, From: &snapshot.EnvSource{Kind: "secret", Name: "s"}}},
	[]snapshot.EnvSource{{Kind: "secret", Name: "s"}},
	[]snapshot.ContainerPort{{Port: 22, HostPort: 22}},
	[]snapshot.Toleration{{Operator: "Exists"}},
	[]snapshot.Secretish{{Name: "args[0]", Len: 40, Shape: snapshot.ShapeToken}},
	[]string{"sudo", "sshd"},
	[]string{"192.0.2.53"},
}
