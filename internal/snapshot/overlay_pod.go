package snapshot

import (
	"fmt"
	"slices"
	"strings"
)

// Root is what the paths of a template's fields begin with: spec.template.spec. of a
// Deployment, spec. of a Pod. ok is false where no file sets them.
func (w *Workload) Root() (root string, ok bool) {
	for i := range w.Fields {
		for _, list := range [...]string{"containers[", "initContainers["} {
			f := w.Fields[i].Field
			if at := strings.Index(f, list); at == 0 || at > 0 && f[at-1] == '.' {
				return f[:at], true
			}
		}
	}
	return "", false
}

// podEdit is one change of one specification.
type podEdit struct {
	spec         int
	field, value string
}

// workload looks up a field and the position of a workload that has it. A change
// of a template reaches its pods, so that the subject of the pods has none of its
// own.
func (o *Overlay) workload(scope, key, field string) (f PodField, container string, at int, err error) {
	f, container, ok := LookupPodField(field)
	if !ok {
		return f, "", 0, fmt.Errorf("a pod specification has no field %.100q that can be changed", field)
	}
	if o.workloads == nil {
		x := NewIndex(o.base)
		o.workloads = make(map[[2]string]int, len(o.base.Workloads))
		for i := range o.base.Workloads {
			s := &x.Subjects[x.WorkloadSubject(i)]
			o.workloads[[2]string{s.Scope, s.Key}] = i
		}
	}
	at, ok = o.workloads[[2]string{scope, key}]
	if !ok {
		return f, "", 0, fmt.Errorf("no workload %.100q in scope %.100q", key, scope)
	}
	return f, container, at, nil
}

func (o *Overlay) getPod(scope, key, field string) (string, error) {
	f, container, i, err := o.workload(scope, key, field)
	if err != nil {
		return "", err
	}
	s := o.Snapshot()
	return f.Get(&s.PodSpecs[s.Workloads[i].Spec], container)
}

func (o *Overlay) setPod(scope, key, field, value string) error {
	f, container, i, err := o.workload(scope, key, field)
	if err != nil {
		return err
	}
	o.own()
	w := &o.out.Workloads[i]
	from := podEdit{w.Spec, field, value}
	to, ok := o.podEdits[from] // equal templates stay equal
	if !ok {
		spec, err := f.Set(&o.out.PodSpecs[w.Spec], container, value)
		if err != nil {
			return err
		}
		o.out.PodSpecs = append(o.out.PodSpecs, spec)
		to = len(o.out.PodSpecs) - 1
		o.podEdits[from] = to
	}
	w.Spec = to
	if len(w.Live) > 0 {
		w.Live = []int{to} // its pods are made anew from the template; the subject stays
	}
	return nil
}

// cloneCluster makes the copies that writing to a cluster needs.
func (s *Snapshot) cloneCluster() {
	s.PodSpecs = slices.Clone(s.PodSpecs)
	s.Workloads = slices.Clone(s.Workloads)
}
