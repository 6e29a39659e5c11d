package rbac

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// kubeconfig is of an administrator of the testbed's cluster.
const kubeconfig = "/etc/kubernetes/super-admin.conf"

// server is the API server, asked without the program's own client.
type server struct {
	t    *testing.T
	http *http.Client
	url  string
}

// connect returns the testbed's API server, or skips.
func connect(t *testing.T) *server {
	t.Helper()
	_ = os.Getenv("PLIMSOLL_SKIPS") // makes a cached result depend on it
	doc, err := os.ReadFile(kubeconfig)
	if err != nil {
		testbed.Skip(t, fmt.Sprintf("there is no cluster of the testbed: %v", err))
	}
	field := func(name string) []byte {
		m := regexp.MustCompile(`(?m)^\s*` + name + `:\s*(\S+)`).FindSubmatch(doc)
		if m == nil {
			t.Fatalf("%s has no %s", kubeconfig, name)
		}
		return m[1]
	}
	data := func(name string) []byte {
		b, err := base64.StdEncoding.DecodeString(string(field(name)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return b
	}
	cert, err := tls.X509KeyPair(data("client-certificate-data"), data("client-key-data"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data("certificate-authority-data"))
	s := &server{t: t, url: string(field("server")), http: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}, MaxIdleConnsPerHost: 4},
	}}
	if _, err := s.call(http.MethodGet, "/readyz", nil); err != nil {
		testbed.Skip(t, fmt.Sprintf("the testbed's cluster does not answer: %v", err))
	}
	return s
}

func (s *server) call(method, path string, body any) ([]byte, error) {
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		send = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, s.url+path, send)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %d %.300s", method, path, res.StatusCode, b)
	}
	return b, err
}

// must is call for what has to work; the answer goes into v unless that is nil.
func (s *server) must(method, path string, body, v any) {
	s.t.Helper()
	b, err := s.call(method, path, body)
	if err == nil && v != nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// create makes an object and removes it when the test ends.
func (s *server) create(path, name string, body any) {
	s.t.Helper()
	s.must(http.MethodPost, path, body, nil)
	s.t.Cleanup(func() {
		if _, err := s.call(http.MethodDelete, path+"/"+name, nil); err != nil {
			s.t.Errorf("remove: %v", err)
		}
	})
}

// allowed asks for a SubjectAccessReview.
func (s *server) allowed(u User, a Attributes) bool {
	spec := map[string]any{"user": u.Name, "groups": u.Groups}
	if a.Path != "" {
		spec["nonResourceAttributes"] = map[string]any{"verb": a.Verb, "path": a.Path}
	} else {
		spec["resourceAttributes"] = map[string]any{
			"verb": a.Verb, "group": a.Group, "resource": a.Resource, "subresource": a.Subresource, "namespace": a.Namespace, "name": a.Name,
		}
	}
	var answer struct{ Status struct{ Allowed bool } }
	s.must(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
	}, &answer)
	return answer.Status.Allowed
}

// rbac is the group and version of roles and bindings.
const rbacAPI = "/apis/rbac.authorization.k8s.io/v1"

// object is a role or a binding as the API has it.
type object struct {
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Rules []struct{ Verbs, APIGroups, Resources, ResourceNames, NonResourceURLs []string }

	AggregationRule *struct {
		ClusterRoleSelectors []struct{ MatchLabels map[string]string }
	}
	RoleRef  struct{ Kind, Name string }
	Subjects []snapshot.RBACSubject
}

// read lists the roles and bindings of the cluster that keep takes.
func (s *server) read(keep func(*object) bool) (roles []snapshot.Role, bindings []snapshot.Binding) {
	s.t.Helper()
	list := func(kind string) []object {
		var l struct{ Items []object }
		s.must(http.MethodGet, rbacAPI+"/"+kind, nil, &l)
		return l.Items
	}
	for _, o := range append(list("clusterroles"), list("roles")...) {
		if !keep(&o) {
			continue
		}
		r := snapshot.Role{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Labels: pairs(o.Metadata.Labels)}
		if o.AggregationRule != nil {
			for _, sel := range o.AggregationRule.ClusterRoleSelectors {
				r.Aggregates = append(r.Aggregates, pairs(sel.MatchLabels))
			}
		}
		for _, u := range o.Rules {
			r.Rules = append(r.Rules, snapshot.Rule{Verbs: u.Verbs, Groups: u.APIGroups, Resources: u.Resources, Names: u.ResourceNames, URLs: u.NonResourceURLs})
		}
		roles = append(roles, r)
	}
	for _, o := range append(list("clusterrolebindings"), list("rolebindings")...) {
		if keep(&o) {
			bindings = append(bindings, snapshot.Binding{
				Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, ClusterRole: o.RoleRef.Kind == "ClusterRole", Role: o.RoleRef.Name, Subjects: o.Subjects,
			})
		}
	}
	return roles, bindings
}
