package guard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/checks/rbac"
	"plimsoll/internal/checks/workload"
	"plimsoll/internal/checktest"
	"plimsoll/test/testbed"
)

// TestTemplates installs all guards at once, to warn, and sends templates: those of
// a well-run pod pass them, and what is wrong with a template is found where each
// kind has it. The API server finds nothing wrong with the expressions.
func TestTemplates(t *testing.T) {
	testbed.Mutable(t)
	api := testbed.ServerAPI(t)
	namespace := testbed.Namespace(t, "plimsoll-guard=templates")
	sel, err := ParseSelector("plimsoll-guard=templates")
	if err != nil {
		t.Fatal(err)
	}
	docs := Write(append(mustLevel(t, "restricted"), rbac.Guards...), nil, Options{Mode: Warn, Namespaces: sel, Minor: 37})
	const admission = "/apis/admissionregistration.k8s.io/v1/"
	for _, doc := range docs {
		for _, kind := range []string{"validatingadmissionpolicybindings", "validatingadmissionpolicies"} {
			t.Cleanup(func() {
				if _, err := api.Call(http.MethodDelete, admission+kind+"/"+doc.Name, nil); err != nil && !gone(err) {
					t.Error(err)
				}
			})
		}
	}
	testbed.Apply(t, testbed.Cluster(t).SuperAdmin, Join(docs))
	time.Sleep(4 * time.Second)
	for _, doc := range docs {
		var p struct {
			Status struct {
				TypeChecking struct {
					ExpressionWarnings []struct{ FieldRef, Warning string }
				}
			}
		}
		api.Must(http.MethodGet, admission+"validatingadmissionpolicies/"+doc.Name, nil, &p)
		for _, w := range p.Status.TypeChecking.ExpressionWarnings {
			t.Errorf("%s, %s: %s", doc.Name, w.FieldRef, w.Warning)
		}
	}
	good := &checktest.Cluster().PodSpecs[0]
	for _, bad := range []bool{false, true} {
		pod := podObject("web", good)["spec"].(obj)
		if bad {
			pod["hostPID"] = true
		}
		template := obj{"metadata": obj{"labels": obj{"app": "web"}}, "spec": pod}
		batch := obj{"spec": with(pod, "restartPolicy", "Never")}
		selector := obj{"matchLabels": obj{"app": "web"}}
		for _, of := range []struct {
			path string
			spec obj
		}{
			{"/api/v1/namespaces/" + namespace + "/replicationcontrollers", obj{"selector": obj{"app": "web"}, "template": template}},
			{"/apis/apps/v1/namespaces/" + namespace + "/deployments", obj{"selector": selector, "template": template}},
			{"/apis/apps/v1/namespaces/" + namespace + "/daemonsets", obj{"selector": selector, "template": template}},
			{"/apis/apps/v1/namespaces/" + namespace + "/statefulsets", obj{"selector": selector, "serviceName": "web", "template": template}},
			{"/apis/apps/v1/namespaces/" + namespace + "/replicasets", obj{"selector": selector, "template": template}},
			{"/apis/batch/v1/namespaces/" + namespace + "/jobs", obj{"template": batch}},
			{"/apis/batch/v1/namespaces/" + namespace + "/cronjobs", obj{"schedule": "0 0 * * *", "jobTemplate": obj{"spec": obj{"template": batch}}}},
		} {
			warnings, err := api.Warned(http.MethodPost, of.path+"?dryRun=All", obj{"metadata": obj{"name": "web"}, "spec": of.spec})
			said := strings.Join(warnings, "\n")
			if err != nil || bad != strings.Contains(said, "(pod-no-host-pid)") || !bad && strings.Contains(said, "Validation failed") {
				t.Errorf("%s, host processes %v: %v, warnings %q", of.path, bad, err, said)
			}
		}
	}
	if n := len(workload.Guards); n < 40 {
		t.Errorf("only %d guards", n)
	}
}

func with(o obj, field string, v any) obj {
	out := obj{field: v}
	for k, old := range o {
		if k != field {
			out[k] = old
		}
	}
	return out
}
