package manifest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/kustomize"
	"plimsoll/internal/snapshot"
)

// collect reads a folder that is written as txtar.
func collect(t *testing.T, text string, change ...func(*Options)) *snapshot.Snapshot {
	t.Helper()
	o := Options{Scope: "files:.", Name: ".", Taken: time.Unix(1e9, 0).UTC(), Show: func(rel string) string { return rel }}
	top := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(text)).Files {
		top[f.Name] = &fstest.MapFile{Data: f.Data}
		switch name := path.Base(f.Name); {
		case slices.Contains(kustomize.Names, name):
			o.Kustomized = append(o.Kustomized, f.Name)
		case name == "Chart.yaml":
			o.Charts = append(o.Charts, f.Name)
		default:
			o.Files = append(o.Files, f.Name)
		}
	}
	o.FS, o.Read = top, func(rel string, _ int) ([]byte, error) { return fs.ReadFile(top, rel) }
	for _, c := range change {
		c(&o)
	}
	s := Collect(t.Context(), o)
	if s == nil {
		t.Fatal("nothing was found")
	}
	s.Taken = o.Taken
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return s
}

// shown lists the workloads, one a line.
func shown(s *snapshot.Snapshot) string {
	var out []string
	for _, w := range s.Workloads {
		line := fmt.Sprintf("%s/%s %s", w.Kind, w.Name, w.Loc)
		for _, c := range s.PodSpecs[w.Spec].Containers {
			line += " " + c.Image
		}
		if w.Inferred {
			line += " inferred"
		}
		if len(s.PodSpecs[w.Spec].Unread) > 0 {
			line += " unread"
		}
		if w.Invalid != "" {
			line += ": " + w.Invalid
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func failures(s *snapshot.Snapshot) string {
	var out []string
	for _, p := range s.Parts {
		if p.State == snapshot.Failed {
			out = append(out, string(p.Part)+" "+p.Item+" "+string(p.Reason))
		}
	}
	return strings.Join(out, "\n")
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got, want = strings.TrimSpace(got), strings.TrimSpace(want); got != want {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", what, got, want)
	}
}

// TestStreams is case 17: lists, streams, byte order marks, comments behind the
// mark of a document, and what comes after a broken one.
func TestStreams(t *testing.T) {
	s := collect(t, "-- a.yaml --\n\ufeff# licence\n--- # first\n"+pod("a")+"---\t\nkind: Pod\napiVersion: v1\nmetadata:\n  name: broken\nspec: [\n---\n"+pod("b")+`---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: c}
  spec: {containers: [{name: x, image: c}]}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: d}
    spec: {containers: [{name: x, image: d}]}
-- b.json --
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "e"}, "spec": {"containers": [{"name": "x", "image": "e"}]}}
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "f"}, "spec": {"containers": [{"name": "x", "image": "f"}]}}
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "g"}, "spec": {"containers": [{"name": "x", "image": "g"}]
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "h"}, "spec": {"containers": [{"name": "x", "image": "h"}]}}
`)
	same(t, "workloads", shown(s), `
Document/b.json:4 b.json:4:1 unread: b.json:4:1: is not valid JSON: invalid character '{' after object key:value pair
Pod/a a.yaml:3:1 a
Pod/b a.yaml:18:1 b
Pod/broken a.yaml:17:1 unread: a.yaml:17:1: is not valid YAML: did not find expected node content, while parsing a flow node
Pod/c a.yaml:30:3 c
Pod/d a.yaml:37:5 d
Pod/e b.json:1:1 e
Pod/f b.json:2:1 f
Pod/h b.json:4:1 h`)
}

func pod(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\nspec:\n  containers:\n  - name: x\n    image: " + name + "\n"
}

// TestInvalid is case 20 and strict decoding: what the API server would refuse is
// invalid and says where.
func TestInvalid(t *testing.T) {
	s := collect(t, `
-- a.yaml --
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: old}
spec: {template: {spec: {containers: [{name: x, image: x}]}}}
---
apiVersion: app/v1
kind: Deployment
metadata: {name: typo}
spec: {template: {spec: {containers: [{name: x, image: x}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: unknown}
spec:
  containers:
  - name: x
    image: x
    securityContext:
      privilegd: false
---
apiVersion: v1
kind: Pod
metadata: {name: type}
spec:
  hostNetwork: "true"
  containers: [{name: x, image: x}]
---
apiVersion: v1
kind: Pod
metadata: {name: twice}
spec:
  hostPID: false
  hostPID: true
  containers: [{name: x, image: x}]
---
apiVersion: v1
kind: Pod
metadata: {name: quantity}
spec:
  containers: [{name: x, image: x, resources: {limits: {memory: 1 GB}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role}
rules: [{apiGroups: [""], resources: [pods], verb: [get]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: many}]}
`)
	same(t, "workloads", shown(s), `
Deployment/old a.yaml:1:1 x unread: a.yaml:1:13: extensions/v1beta1 of Deployment is not served since Kubernetes 1.16; it is apps/v1 now
Deployment/typo a.yaml:6:1 x unread: a.yaml:6:13: there is no app/v1 of Deployment; it is apps/v1
Pod/quantity a.yaml:36:1 x unread: a.yaml:36:1: holds a quantity that is none, such as a wrong unit
Pod/twice a.yaml:33:3 unread: a.yaml:33:3: the key "hostPID" is given twice, first at line 32 column 3; keep one
Pod/type a.yaml:21:1 x unread: a.yaml:25:16: spec.hostNetwork: is a string; it takes true or false
Pod/unknown a.yaml:11:1 x unread: a.yaml:19:18: spec.containers[0].securityContext.privilegd: there is no field privilegd here`)
	if len(s.Roles)+len(s.Services) > 0 {
		t.Error("an object that the API server would refuse has a row")
	}
	for _, want := range []string{"cluster.rbac file/a.yaml/Role/role unparsable", "cluster.services file/a.yaml/Service/web unparsable"} {
		if !strings.Contains(failures(s), want) {
			t.Errorf("the coverage lacks %s:\n%s", want, failures(s))
		}
	}
}

// TestTemplates is case 16: kinds that embed templates, and those of unknown kinds.
func TestTemplates(t *testing.T) {
	s := collect(t, `
-- a.yaml --
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: rollout}
spec: {template: {spec: {containers: [{name: x, image: rollout, securityContext: {privileged: true}}]}}}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: knative}
spec: {template: {spec: {containers: [{image: knative}]}}}
---
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: spark}
spec: {image: spark, driver: {hostNetwork: true}, executor: {}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main}
spec: {containers: [{name: extra, image: extra}]}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: rc}
spec: {template: {spec: {containers: [{name: x, image: rc}]}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: widget}
spec: {deep: {podSpec: {containers: [{name: x, image: widget}]}}}
---
apiVersion: example.com/v1
kind: Gadget
metadata: {name: gadget}
spec: {stuff: {containers: [{name: x, image: gadget}]}}
---
apiVersion: example.com/v1
kind: Plain
metadata: {name: plain}
`)
	same(t, "workloads", shown(s), `
Prometheus/main a.yaml:16:1 extra unread
ReplicationController/rc a.yaml:21:1 rc
Rollout/rollout a.yaml:1:1 rollout
Service/knative a.yaml:6:1 knative
SparkApplication/spark/driver a.yaml:11:1 spark unread
SparkApplication/spark/executor a.yaml:11:1 spark unread
Widget/widget a.yaml:26:1 widget inferred`)
	same(t, "unjudged", fmt.Sprint(s.Clusters[0].Unjudged), "[{example.com/v1 Gadget 1 true} {example.com/v1 Plain 1 false}]")
	last := s.Parts[len(s.Parts)-1]
	same(t, "coverage", last.Detail, "kinds not judged: 1 Plain (example.com/v1); may make pods that were not read: 1 Gadget (example.com/v1)")
}

// TestFields says where fields are set.
func TestFields(t *testing.T) {
	s := collect(t, "-- a.yaml --\n"+pod("a"))
	var got string
	for _, f := range s.Workloads[0].Fields {
		got += f.Field + " " + f.Loc.String() + "\n"
	}
	same(t, "fields", got, `
spec.containers a.yaml:6:3
spec.containers[0] a.yaml:7:5
spec.containers[0].name a.yaml:7:5
spec.containers[0].image a.yaml:8:5`)
}

// TestNamespaces: what objects name is implied.
func TestNamespaces(t *testing.T) {
	s := collect(t, `
-- a.yaml --
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {a: b}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: x, namespace: other}}
`)
	same(t, "namespaces", fmt.Sprintln(len(s.Namespaces), s.Namespaces[0].Name, s.Namespaces[0].Implied, s.Namespaces[1].Name, s.Namespaces[1].Implied), "2 other true shop false")
}

// TestHostile: what strangers write costs little and breaks nothing.
func TestHostile(t *testing.T) {
	bomb := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	deep := "apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("[", 5000) + "\n"
	ring := "apiVersion: v1\nkind: Pod\nmetadata: &m {name: x, labels: *m}\n"
	s := collect(t, "-- a.yaml --\n"+bomb+"---\n"+deep+"---\n"+ring+"---\n"+pod("after"))
	if !strings.Contains(shown(s), "Pod/after a.yaml:") {
		t.Errorf("what comes after is lost:\n%s", shown(s))
	}
	if n := strings.Count(failures(s), "unparsable"); n != 3 {
		t.Errorf("%d failures, want 3:\n%s", n, failures(s))
	}
}
