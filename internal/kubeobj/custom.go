package kubeobj

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// groupKind is what kinds are known by, whatever their version.
func groupKind(apiVersion, kind string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group = ""
	}
	return group + "/" + kind
}

// custom takes an object of a kind that k8s.io/api does not have: one that is known
// by name, else one that holds what has the form of a pod template.
func (b *Builder) custom(o map[string]any, from Origin) {
	apiVersion, kind := text(o, "apiVersion"), text(o, "kind")
	var m metav1.ObjectMeta
	_ = recode(dig(o, "metadata"), &m) // metadata of another form tells nothing
	gk := groupKind(apiVersion, kind)
	t, isTemplate := templates[gk]
	switch {
	case isTemplate && t.form != whole && !b.Files:
		// what its operator made of it is read as what it is
	case isTemplate:
		if !b.templated(o, t, apiVersion, kind, &m, from) {
			b.Count(apiVersion, kind, 1, false)
		}
	case b.otherPolicy(gk, kind, o, &m, from), b.gateway(gk, kind, o, &m, from), b.enginePolicy(gk, kind, o, &m, from):
	default:
		b.sniffed(o, apiVersion, kind, &m, from)
	}
}

// templated adds a workload for each template; false when there is none.
func (b *Builder) templated(o map[string]any, t template, apiVersion, kind string, m *metav1.ObjectMeta, from Origin) bool {
	var found []treePlace
	for _, p := range t.paths {
		found = append(found, reachAll(o, p)...)
	}
	if len(found) == 0 && t.form == whole {
		return false
	}
	if len(found) == 0 {
		found = []treePlace{{path: t.paths[0]}}
	}
	for i, f := range found {
		w := b.new(apiVersion, kind, m, from)
		if len(found) > 1 {
			w.Name += "/" + distinct(f.path, found)
			if i > 0 {
				w.UID = "" // pods name the object; they count with its first template
			}
		}
		if n, ok := number(dig(o, t.replicas)); ok && t.replicas != "" {
			w.Replicas, w.Dormant = &n, n == 0
		}
		if stop, ok := dig(o, t.suspend).(bool); ok && t.suspend != "" {
			w.Dormant = w.Dormant || stop
		}
		spec := from
		if t.form != whole {
			spec.Unread = append(slices.Clone(from.Unread), snapshot.AllUnread)
		}
		b.fromTree(w, o, f, t.form, m, spec)
	}
	return true
}

// treePlace is a value of an object and where it stands.
type treePlace struct {
	path  string
	value any
}

// fromTree reads a pod specification out of an object and stores the workload.
func (b *Builder) fromTree(w snapshot.Workload, o map[string]any, f treePlace, shape form, m *metav1.ObjectMeta, from Origin) {
	value := f.value
	switch shape {
	case steps:
		value = stepsSpec(value)
	case spark:
		value = sparkSpec(value, dig(o, "spec.image"))
	case flow:
		value = flowSpec(value)
	case whole, partial:
	}
	var t corev1.PodTemplateSpec
	if err := recode(value, &t.Spec); err != nil && len(from.Unread) == 0 {
		if from.Unread = []string{snapshot.AllUnread}; w.Invalid == "" && b.Files {
			w.Invalid = f.path + " is no pod specification: " + err.Error()
		}
	}
	if parent, ok := strings.CutSuffix(f.path, ".spec"); ok {
		_ = recode(dig(o, parent+".metadata"), &t.ObjectMeta) // as of the object
	}
	b.candidate(w, m, &t, from)
}

// distinct names a template among several: by what stands in its path and in no
// other, else by its path.
func distinct(path string, all []treePlace) string {
	words := strings.Split(path, ".")
	var out []string
	for i, w := range words {
		if slices.ContainsFunc(all, func(p treePlace) bool { q := strings.Split(p.path, "."); return i >= len(q) || q[i] != w }) {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return path
	}
	return strings.Join(out, ".")
}

// sniffed looks for the form of a pod template in an object of an unknown kind.
func (b *Builder) sniffed(o map[string]any, apiVersion, kind string, m *metav1.ObjectMeta, from Origin) {
	var found []treePlace
	loose := false
	sniff(o, "", 0, &found, &loose)
	for i, f := range found {
		w := b.new(apiVersion, kind, m, from)
		w.Inferred = true
		if len(found) > 1 {
			w.Name += "/" + distinct(f.path, found)
		}
		if i > 0 {
			w.UID = ""
		}
		b.fromTree(w, o, f, whole, m, from)
	}
	if len(found) == 0 {
		b.Count(apiVersion, kind, 1, loose)
	}
}

const (
	deepest       = 32 // levels that are looked through
	mostTemplates = 64 // of one object
)

// sniff finds containers with images below a spec. loose says that some stand
// elsewhere, or that something calls itself a pod template.
func sniff(v any, path string, depth int, found *[]treePlace, loose *bool) {
	if depth > deepest || len(*found) >= mostTemplates {
		*loose = true
		return
	}
	switch v := v.(type) {
	case map[string]any:
		if imaged(v["containers"]) {
			last := path[strings.LastIndexByte(path, '.')+1:]
			if last == "spec" || strings.HasSuffix(last, "Spec") || strings.HasSuffix(strings.ToLower(last), "template") {
				*found = append(*found, treePlace{path, v})
				return
			}
			*loose = true
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if _, isMap := v[k].(map[string]any); isMap && (k == "podTemplate" || k == "podTemplateSpec" || k == "podSpec") && !hasContainers(v[k]) {
				*loose = true
			}
			sniff(v[k], strings.TrimPrefix(path+"."+k, "."), depth+1, found, loose)
		}
	case []any:
		for i, item := range v {
			sniff(item, path+"."+strconv.Itoa(i), depth+1, found, loose)
		}
	}
}

func imaged(v any) bool {
	list, _ := v.([]any)
	for _, c := range list {
		if m, ok := c.(map[string]any); ok {
			if s, ok := m["image"].(string); ok && s != "" {
				return true
			}
		}
	}
	return false
}

func hasContainers(v any) bool {
	m, _ := v.(map[string]any)
	return imaged(m["containers"]) || imaged(dig(m, "spec.containers"))
}

// reachAll returns every value at a path.
func reachAll(o any, path string) []treePlace {
	list := []treePlace{{value: o}}
	for word := range strings.SplitSeq(path, ".") {
		var next []treePlace
		for _, p := range list {
			at := func(k string, v any) { next = append(next, treePlace{strings.TrimPrefix(p.path+"."+k, "."), v}) }
			switch v := p.value.(type) {
			case map[string]any:
				if word == "*" {
					for _, k := range slices.Sorted(maps.Keys(v)) {
						at(k, v[k])
					}
				} else if x, ok := v[word]; ok {
					at(word, x)
				}
			case []any:
				if n, err := strconv.Atoi(word); err == nil && n >= 0 && n < len(v) {
					at(word, v[n])
				}
				for i := range v {
					if word == "*" {
						at(strconv.Itoa(i), v[i])
					}
				}
			}
		}
		list = next
	}
	return slices.DeleteFunc(list, func(p treePlace) bool { return p.value == nil })
}

// dig returns the value at a path, or nil.
func dig(o any, path string) any {
	if path == "" {
		return nil
	}
	if list := reachAll(o, path); len(list) == 1 {
		return list[0].value
	}
	return nil
}

func text(o any, path string) string {
	s, _ := dig(o, path).(string)
	return s
}

func number(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}

// recode reads a tree into a type by its JSON.
func recode(v any, into any) error {
	if v == nil {
		return nil
	}
	j, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(j, into)
}
