package guard

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/workload"
	"plimsoll/internal/checktest"
	"plimsoll/internal/podspec"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// fixture is a pod of a fixture and what the check says of it.
type fixture struct {
	name   string
	spec   *snapshot.PodSpec
	labels []snapshot.Pair // of its namespace
	ranges []snapshot.LimitRange
	policy *policy.Policy
	minor  int  // of the version of its cluster
	bare   bool // it is about security contexts themselves: those that say nothing are left out
	called string
	fails  bool
}

// fixtures reads those of a check. What the check leaves open proves nothing, and
// so do pods that were made before what a namespace supplies.
func fixtures(t *testing.T, c *check.Check) []fixture {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("..", "checks", "workload", "testdata", c.ID+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var out []fixture
	for _, f := range ar.Files {
		if strings.HasSuffix(f.Name, ".want") {
			continue
		}
		s, pol, err := checktest.Tweak(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.PodSpecs {
			mend(&s.PodSpecs[i])
		}
		x := snapshot.NewIndex(s)
		status := make(map[int]check.Status)
		for _, found := range check.RunOne(c, check.Inputs{Index: x, Policy: pol, Now: s.Taken}) {
			for _, m := range found.Members {
				status[m] = found.Status
				if strings.HasPrefix(found.Message, "pods that were made before") || claimed(&found) {
					status[m] = check.Unknown // a new pod passes, or shows nothing of it
				}
			}
		}
		for i := range s.Workloads {
			w := &s.Workloads[i]
			got, judged := status[x.WorkloadSubject(i)]
			spec := &s.PodSpecs[w.Spec]
			if !judged || got == check.Unknown || len(spec.Unread) > 0 || w.Invalid != "" || w.Static || snapshot.SystemNamespace(w.Namespace) {
				continue
			}
			one := fixture{name: f.Name + " " + w.Name, spec: spec, policy: pol, called: w.Name, minor: int(podspec.Newest), fails: got == check.Fail, bare: c.ID == "pod-linux-hardening-any"}
			if m, ok := podspec.ParseMinor(s.Cluster(w.Scope).Version); ok {
				one.minor = int(m)
			}
			if n := x.NamespaceAt(w.Scope, w.Namespace); n >= 0 {
				one.labels = s.Namespaces[n].Labels
			}
			for _, l := range s.LimitRanges {
				if l.Namespace == w.Namespace {
					one.ranges = append(one.ranges, l)
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// claimed reports whether a finding hangs on what a claim is bound to.
func claimed(f *check.Finding) bool {
	return slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool { return strings.HasSuffix(e.Source, ".persistentVolumeClaim") })
}

// elsewhere are checks whose verdict hangs on more than a pod that is sent.
var elsewhere = map[string]string{
	"workload-not-in-default-ns": "the namespace decides, and the default one is everybody's",
}

// TestFixtures installs each guard in the testbed's API server, in a namespace of
// its own, and sends it the pods of every fixture of its check: it refuses those
// that the check fails, and no other.
func TestFixtures(t *testing.T) {
	testbed.Mutable(t)
	api := testbed.ServerAPI(t)
	sent, refused, invalid := 0, 0, make(map[string]string)
	for i := range workload.Guards {
		g := &workload.Guards[i]
		if elsewhere[g.Check.ID] != "" {
			continue
		}
		for _, group := range byPolicy(fixtures(t, g.Check)) {
			b := install(t, api, *g, group[0])
			for _, f := range group {
				got, why := b.send(&f)
				switch {
				case why != "":
					invalid[g.Check.ID+" "+f.name] = why
				case got != f.fails:
					t.Errorf("%s, %s: the check fails it: %v, the API server refuses it: %v", g.Check.ID, f.name, f.fails, got)
				}
				if why == "" {
					sent++
				}
				if got {
					refused++
				}
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(invalid)) {
		t.Logf("not to be had as a pod: %s: %.160s", k, invalid[k])
	}
	t.Logf("%d guards, %d pods sent, %d refused, %d that the API server itself does not take", len(workload.Guards)-len(elsewhere), sent, refused, len(invalid))
	if sent < 200 || refused < 60 {
		t.Errorf("%d pods sent and %d refused tell too little", sent, refused)
	}
}

// byPolicy groups fixtures that want another policy, namespace or default.
func byPolicy(all []fixture) [][]fixture {
	groups := make(map[string][]fixture)
	for _, f := range all {
		k := fmt.Sprint(f.labels, f.ranges, f.minor)
		if f.policy != nil {
			k += fmt.Sprint(f.policy.Params)
		}
		groups[k] = append(groups[k], f)
	}
	var out [][]fixture
	for _, k := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[k])
	}
	return out
}

// bench is an installed guard.
type bench struct {
	t         *testing.T
	api       *testbed.API
	guard     string
	namespace string
}

// install makes a namespace as that of the fixture, and the guard in force there.
func install(t *testing.T, api *testbed.API, g check.Guard, like fixture) *bench {
	t.Helper()
	name := fmt.Sprintf("rbac-guard-%x", time.Now().UnixNano())
	labels := map[string]string{"plimsoll-guard": name}
	pinned := func(l snapshot.Pair) bool { return l.Key == "pod-security.kubernetes.io/enforce-version" }
	if g.Check.ID == "pss-proc-mount" || slices.ContainsFunc(like.labels, pinned) {
		for _, l := range like.labels { // else the server would enforce the level itself
			if strings.HasPrefix(l.Key, "pod-security.kubernetes.io/enforce") {
				labels[l.Key] = l.Value
			}
		}
	}
	b := &bench{t: t, api: api, guard: "plimsoll-" + g.Check.ID, namespace: name}
	api.Create("/api/v1/namespaces", name, obj{"metadata": obj{"name": name, "labels": labels}})
	for i, l := range like.ranges {
		item := obj{"type": l.Type}
		for field, a := range map[string]*snapshot.Amounts{"default": &l.Default, "defaultRequest": &l.Request, "max": &l.Max, "min": &l.Min} {
			if v := resources(&snapshot.Demands{Limits: *a})["limits"]; v != nil {
				item[field] = v
			}
		}
		api.Must(http.MethodPost, "/api/v1/namespaces/"+name+"/limitranges", obj{"metadata": obj{"name": fmt.Sprint("r", i)}, "spec": obj{"limits": []any{item}}}, nil)
	}
	sel := snapshot.Selector{Labels: []snapshot.Pair{{Key: "plimsoll-guard", Value: name}}}
	doc := Write([]check.Guard{g}, moved(like.policy, name), Options{Mode: Deny, Namespaces: sel, Minor: like.minor})[0]
	testbed.Apply(t, testbed.Cluster(t).SuperAdmin, doc.YAML)
	for _, kind := range []string{"validatingadmissionpolicybindings", "validatingadmissionpolicies"} {
		t.Cleanup(func() {
			if _, err := api.Call(http.MethodDelete, "/apis/admissionregistration.k8s.io/v1/"+kind+"/"+doc.Name, nil); err != nil && !gone(err) {
				t.Error(err)
			}
		})
	}
	b.ready()
	return b
}

// moved is a policy that names the namespace where it named that of the fixtures.
func moved(p *policy.Policy, namespace string) *policy.Policy {
	if p == nil {
		return nil
	}
	out := &policy.Policy{Params: make(map[string]map[string][]string)}
	for id, params := range p.Params {
		out.Params[id] = make(map[string][]string)
		for name, values := range params {
			for _, v := range values {
				if v == "shop" {
					v = namespace
				} else if rest, ok := strings.CutPrefix(v, "shop/"); ok {
					v = namespace + "/" + rest
				}
				out.Params[id][name] = append(out.Params[id][name], v)
			}
		}
	}
	return out
}

func gone(err error) bool {
	e, ok := errors.AsType[*testbed.APIError](err)
	return ok && e.Code == http.StatusNotFound
}

// ready waits until the namespace takes pods and its binding is in force, which a
// pod shows that every guard refuses or takes alike: one that changes between two
// answers is not there yet.
func (b *bench) ready() {
	b.t.Helper()
	for range 100 {
		_, err := b.api.Call(http.MethodGet, "/api/v1/namespaces/"+b.namespace+"/serviceaccounts/default", nil)
		if err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(1500 * time.Millisecond) // the server's watches of policies and bindings
}

// send sends the pod of a fixture without keeping it. why says why the server
// itself would not take it, whatever the guard.
func (b *bench) send(f *fixture) (refused bool, why string) {
	b.t.Helper()
	spec := *f.spec
	if f.bare {
		spec = withoutContexts(spec)
	}
	pod, pods := podObject(f.called, &spec), "/api/v1/namespaces/"+b.namespace+"/pods"
	joining := pod["spec"].(obj)["ephemeralContainers"]
	delete(pod["spec"].(obj), "ephemeralContainers")
	_, err := b.api.Call(http.MethodPost, pods+"?dryRun=All", pod)
	if err == nil && joining != nil {
		err = b.join(pods, pod, joining)
	}
	e, is := errors.AsType[*testbed.APIError](err)
	switch {
	case err == nil:
		return false, ""
	case is && strings.Contains(e.Text, "ValidatingAdmissionPolicy '"+b.guard+"'"):
		if strings.Contains(e.Text, "resulted in error") {
			b.t.Errorf("%s, %s: %s", b.guard, f.name, e.Text)
		}
		return true, ""
	case is && (e.Code == http.StatusUnprocessableEntity || e.Code == http.StatusForbidden || e.Code == http.StatusBadRequest):
		return false, e.Text
	}
	b.t.Fatal(err)
	return false, ""
}

// withoutContexts leaves out the security contexts that say nothing.
func withoutContexts(s snapshot.PodSpec) snapshot.PodSpec {
	if !s.Security.Context {
		s.Security = snapshot.SecurityContext{}
	}
	s.Containers = slices.Clone(s.Containers)
	for i := range s.Containers {
		if !s.Containers[i].Security.Context {
			s.Containers[i].Security = snapshot.SecurityContext{}
		}
	}
	return s
}

// join lets containers join a pod that is there: one that no scheduler takes up.
func (b *bench) join(pods string, pod obj, containers any) error {
	b.t.Helper()
	pod["spec"].(obj)["schedulerName"] = "nobody"
	var made obj
	b.api.Must(http.MethodPost, pods, pod, &made)
	name := pods + "/" + made["metadata"].(obj)["name"].(string)
	defer func() { b.api.Must(http.MethodDelete, name+"?gracePeriodSeconds=0", nil, nil) }()
	made["spec"].(obj)["ephemeralContainers"] = containers
	_, err := b.api.Call(http.MethodPut, name+"/ephemeralcontainers?dryRun=All", made)
	return err
}
