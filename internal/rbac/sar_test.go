package rbac

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/golden"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

func pairs(m map[string]string) []snapshot.Pair {
	var out []snapshot.Pair
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, snapshot.Pair{Key: k, Value: m[k]})
	}
	return out
}

// world draws roles, bindings and questions. What it names is its own but for the
// groups that callers are in by themselves, whose grants would reach everyone.
type world struct {
	rng        *rand.Rand
	prefix     string
	namespaces []string
}

func (w *world) pick(list ...string) string { return list[w.rng.IntN(len(list))] }

func (w *world) some(list ...string) []string {
	out := []string{w.pick(list...)}
	for w.rng.IntN(3) > 0 {
		out = append(out, w.pick(list...))
	}
	return out
}

var (
	verbs     = l("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate", "use")
	groups    = l("", "apps", "batch", "rbac.authorization.k8s.io", "example.com")
	resources = l("pods", "secrets", "deployments", "jobs", "clusterroles", "nodes", "widgets")
	subs      = l("exec", "log", "scale", "status", "proxy", "token")
	objects   = l("a", "b", "c")
	paths     = l("/plimsoll-a", "/plimsoll-a/b", "/plimsoll-b/c", "/plimsoll-c")
)

func (w *world) rule(cluster bool) map[string]any {
	if cluster && w.rng.IntN(6) == 0 {
		return map[string]any{"verbs": w.some("get", "post", "*"), "nonResourceURLs": w.some("/plimsoll-a", "/plimsoll-a/*", "/plimsoll-b*", "/plimsoll-c")}
	}
	var res []string
	for range 1 + w.rng.IntN(2) {
		r := w.pick(append(resources, "*")...)
		if w.rng.IntN(3) == 0 {
			r += "/" + w.pick(append(subs, "*")...)
		}
		res = append(res, r)
	}
	rule := map[string]any{"verbs": w.some(append(verbs, "*")...), "apiGroups": w.some(append(groups, "*", "*")...), "resources": res}
	if w.rng.IntN(4) == 0 {
		rule["resourceNames"] = w.some(objects...)
	}
	return rule
}

func (w *world) subject(namespaced bool) map[string]any {
	const api = "rbac.authorization.k8s.io"
	switch w.rng.IntN(5) {
	case 0:
		return map[string]any{"kind": user, "name": w.prefix + w.pick("-ann", "-bob"), "apiGroup": api}
	case 1:
		return map[string]any{"kind": group, "name": w.prefix + w.pick("-dev", "-ops"), "apiGroup": api}
	case 2:
		return map[string]any{"kind": group, "name": Accounts + ":" + w.pick(w.namespaces...), "apiGroup": api}
	case 3:
		return map[string]any{"kind": user, "name": accountPrefix + w.pick(w.namespaces...) + ":" + w.pick("web", "api"), "apiGroup": api}
	}
	s := map[string]any{"kind": account, "name": w.pick("web", "api"), "namespace": w.pick(w.namespaces...)}
	if namespaced && w.rng.IntN(3) == 0 {
		delete(s, "namespace")
	}
	return s
}

func (w *world) asker() User {
	switch w.rng.IntN(4) {
	case 0:
		return User{Name: w.prefix + w.pick("-ann", "-bob"), Groups: []string{Authenticated}}
	case 1:
		return User{Name: "nobody", Groups: []string{w.prefix + w.pick("-dev", "-ops"), Authenticated}}
	}
	return AccountUser(w.pick(w.namespaces...), w.pick("web", "api"))
}

func (w *world) question() Attributes {
	if w.rng.IntN(8) == 0 {
		return Attributes{Verb: w.pick("get", "post"), Path: w.pick(paths...)}
	}
	a := Attributes{Verb: w.pick(verbs...), Group: w.pick(groups...), Resource: w.pick(resources...)}
	if w.rng.IntN(3) == 0 {
		a.Subresource = w.pick(subs...)
	}
	if w.rng.IntN(5) > 0 {
		a.Namespace = w.pick(w.namespaces...)
	}
	if w.rng.IntN(2) == 0 {
		a.Name = w.pick(objects...)
	}
	return a
}

// build makes the world in the cluster.
func (w *world) build(s *server) {
	meta := func(name string, labels map[string]string) map[string]any {
		return map[string]any{"name": name, "labels": labels}
	}
	for _, ns := range w.namespaces {
		s.Create("/api/v1/namespaces", ns, map[string]any{"metadata": meta(ns, nil)})
	}
	part := func(i int) map[string]string { return map[string]string{w.prefix: fmt.Sprint(i % 3)} }
	for i := range 12 {
		name := fmt.Sprint(w.prefix, "-part-", i)
		s.Create(rbacAPI+"/clusterroles", name, map[string]any{"metadata": meta(name, part(i)), "rules": []any{w.rule(true), w.rule(true)}})
	}
	for i := range 3 {
		name := fmt.Sprint(w.prefix, "-whole-", i)
		selectors := []any{map[string]any{"matchLabels": part(i)}}
		if i == 0 {
			selectors = append(selectors, map[string]any{"matchLabels": map[string]string{w.prefix + "-whole": "1"}})
		}
		s.Create(rbacAPI+"/clusterroles", name, map[string]any{
			"metadata": meta(name, map[string]string{w.prefix + "-whole": fmt.Sprint(i)}), "aggregationRule": map[string]any{"clusterRoleSelectors": selectors}, "rules": []any{},
		})
	}
	for _, ns := range w.namespaces {
		for i := range 4 {
			name := fmt.Sprint(w.prefix, "-role-", i)
			s.Create(rbacAPI+"/namespaces/"+ns+"/roles", name, map[string]any{"metadata": meta(name, nil), "rules": []any{w.rule(false), w.rule(false)}})
		}
	}
	ref := func(kind, name string) map[string]any {
		return map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
	}
	clusterRole := func() map[string]any {
		return ref("ClusterRole", w.prefix+w.pick("-part-", "-part-1", "-whole-")+fmt.Sprint(w.rng.IntN(4))) // some are missing
	}
	for i := range 16 {
		name := fmt.Sprint(w.prefix, "-all-", i)
		s.Create(rbacAPI+"/clusterrolebindings", name, map[string]any{"metadata": meta(name, nil), "roleRef": clusterRole(), "subjects": []any{w.subject(false)}})
	}
	for _, ns := range w.namespaces {
		for i := range 24 {
			name := fmt.Sprint(w.prefix, "-in-", i)
			role := clusterRole()
			if i%2 == 0 {
				role = ref("Role", fmt.Sprint(w.prefix, "-role-", w.rng.IntN(5)))
			}
			s.Create(rbacAPI+"/namespaces/"+ns+"/rolebindings", name, map[string]any{
				"metadata": meta(name, nil), "roleRef": role, "subjects": []any{w.subject(true), w.subject(true)},
			})
		}
	}
}

// TestAgreesWithAPIServer asks the API server and the graph of its own roles and
// bindings 1,000 drawn questions: they agree on all of them.
func TestAgreesWithAPIServer(t *testing.T) {
	testbed.Mutable(t)
	s := connect(t)
	const seed = 20261129
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), prefix: fmt.Sprintf("rbac-%x", time.Now().UnixNano()&0xffffff)}
	w.namespaces = l(w.prefix+"-x", w.prefix+"-y")
	w.build(s)
	time.Sleep(3 * time.Second) // the controller aggregates, and the authorizer's cache follows
	roles, bindings := s.read(func(*object) bool { return true })
	g := Resolve(access(snapshot.ScopeCluster, roles, bindings), scope)
	yes := 0
	for range 1000 {
		u, a := w.asker(), w.question()
		want := s.allowed(u, a)
		if got := g.Allows(u, a); got != want {
			t.Errorf("%+v asks %+v: %v, the API server says %v", u, a, got, want)
		}
		holds := slices.ContainsFunc(g.Holders(a), func(n Grant) bool {
			return slices.ContainsFunc(slices.Collect(g.Subjects(n.Binding)), func(s snapshot.RBACSubject) bool {
				return Username(s) == u.Name && !IsGroup(s) || IsGroup(s) && slices.Contains(u.Groups, s.Name)
			})
		})
		if holds != want {
			t.Errorf("%+v asks %+v: among the holders %v, the API server says %v", u, a, holds, want)
		}
		if want {
			yes++
		}
	}
	t.Logf("seed %d: %d of 1000 allowed", seed, yes)
	if yes < 100 || yes > 900 {
		t.Errorf("%d of 1000 questions are allowed: they tell too little", yes)
	}
}

// TestBuiltIn compares builtin.json with what the testbed's cluster was born with.
func TestBuiltIn(t *testing.T) {
	s := connect(t)
	roles, bindings := s.read(func(o *object) bool {
		return o.Metadata.Labels["kubernetes.io/bootstrapping"] == "rbac-defaults" || strings.HasPrefix(o.Metadata.Name, "kubeadm:")
	})
	for i := range roles {
		roles[i].Labels = slices.DeleteFunc(roles[i].Labels, func(p snapshot.Pair) bool { return !strings.HasPrefix(p.Key, "rbac.") })
		if len(roles[i].Labels) == 0 {
			roles[i].Labels = nil
		}
	}
	slices.SortFunc(roles, func(a, b snapshot.Role) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(bindings, func(a, b snapshot.Binding) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var version struct{ GitVersion string }
	s.Must(http.MethodGet, "/version", nil, &version)
	var out bytes.Buffer
	line := func(v any, last bool) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte(`"scope":"",`), nil)
		out.Write(b)
		if !last {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "{\"version\":%q,\"roles\":[\n", version.GitVersion)
	for i := range roles {
		line(roles[i], i == len(roles)-1)
	}
	out.WriteString("],\"bindings\":[\n")
	for i := range bindings {
		line(bindings[i], i == len(bindings)-1)
	}
	out.WriteString("]}\n")
	if golden.Updating() {
		if err := os.WriteFile("builtin.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if version.GitVersion != shipped().Version {
		testbed.Skip(t, "the cluster is of another version than builtin.json: "+version.GitVersion)
	}
	var now builtIn
	if err := json.Unmarshal(out.Bytes(), &now); err != nil {
		t.Fatal(err)
	}
	var kept builtIn
	if err := json.Unmarshal(builtinJSON, &kept); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(now, kept) {
		t.Error("builtin.json is not what a new cluster has; go test -update writes it")
	}
}
