package check

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// locatePods is locate for the templates of manifests. Evidence names a field by its
// path below the pod's specification, with containers by name:
// containers[web].securityContext.privileged. A field that the file does not set
// is placed where it belongs: at the nearest of what holds it.
func (p *Probe) locatePods() {
	var out []Finding
	for _, f := range p.out {
		placed := false
		for _, m := range f.Members {
			at := p.Index.Workload(m)
			if at < 0 || len(p.Snapshot.Workloads[at].Fields) == 0 {
				continue
			}
			one := f
			one.Members = []int{m}
			w := &p.Snapshot.Workloads[at]
			one.Verdict = f.inManifest(w, &p.Snapshot.PodSpecs[w.Spec])
			out, placed = append(out, one), true
		}
		if !placed {
			out = append(out, f)
			continue
		}
		rest := f
		rest.Members = slices.DeleteFunc(slices.Clone(f.Members), func(m int) bool {
			at := p.Index.Workload(m)
			return at >= 0 && len(p.Snapshot.Workloads[at].Fields) > 0
		})
		if len(rest.Members) > 0 {
			out = append(out, rest)
		}
	}
	p.out = out
}

// inManifest returns the verdict with places.
func (v Verdict) inManifest(w *snapshot.Workload, spec *snapshot.PodSpec) Verdict {
	root, ok := w.Root()
	if !ok {
		return v
	}
	v.Evidence = slices.Clone(v.Evidence)
	for i := range v.Evidence {
		e := &v.Evidence[i]
		if e.Loc != nil {
			continue
		}
		path, of := apiPath(spec, e.Source)
		if !of {
			continue
		}
		if f := nearestField(w.Fields, root+path, len(root)); f != nil {
			loc := f.Loc
			e.Loc = &loc
		}
	}
	return v
}

// apiPath writes a source of evidence as the API does, with the position of a
// container or volume in place of its name. It reports whether the source is a field
// of the pod.
func apiPath(spec *snapshot.PodSpec, source string) (string, bool) {
	list, rest, ok := strings.Cut(source, "[")
	if !ok {
		return source, !strings.Contains(source, " ")
	}
	name := ""
	at := -1
	switch list {
	case "containers", "initContainers", "ephemeralContainers":
		for i, n := 0, 0; i < len(spec.Containers); i++ {
			c := &spec.Containers[i]
			if c.List() != list {
				continue
			}
			if strings.HasPrefix(rest, c.Name+"]") {
				at, name = n, c.Name
				break
			}
			n++
		}
	case "volumes":
		at = slices.IndexFunc(spec.Volumes, func(v snapshot.PodVolume) bool { return strings.HasPrefix(rest, v.Name+"]") })
		if at >= 0 {
			name = spec.Volumes[at].Name
		}
	default:
		return source, true // a position stands in it already
	}
	if at < 0 {
		return "", false
	}
	return list + "[" + strconv.Itoa(at) + rest[len(name):], true
}

// nearestField finds the field at a path or, where none is, the first below the
// nearest path around it, down to that of a length, which the root of the pod has.
func nearestField(fields []snapshot.FieldLoc, path string, root int) *snapshot.FieldLoc {
	for len(path) > 0 && len(path) >= root-1 {
		var below *snapshot.FieldLoc
		for i := range fields {
			f := &fields[i]
			rest, ok := strings.CutPrefix(f.Field, path)
			switch {
			case !ok:
			case rest == "":
				return f
			case rest[0] == '.' || rest[0] == '[':
				if below == nil || f.Loc.Line < below.Loc.Line {
					below = f
				}
			}
		}
		if below != nil {
			return below
		}
		end := strings.LastIndexAny(path, ".[")
		if end < 0 {
			return nil
		}
		path = path[:end]
	}
	return nil
}
