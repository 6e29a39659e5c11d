package kubeapi

import (
	"context"
	"encoding/binary"
	"net/http"
	"slices"
	"testing"
)

func field(n int, v []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(n)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// wire is a list of two objects with one page to come.
func wire() []byte {
	meta := slices.Concat(field(2, []byte("42")), field(3, []byte("more")), []byte{4 << 3, 5})
	list := slices.Concat(field(1, meta), field(2, []byte("one")), field(2, []byte("two")), []byte{9<<3 | 5, 1, 2, 3, 4})
	return slices.Concat(magic, field(1, field(1, []byte("v1"))), field(2, list))
}

func TestParseProtobuf(t *testing.T) {
	p, err := parse(answer{body: wire(), proto: true}, false)
	if err != nil || p.token != "more" || p.version != "42" || len(p.items) != 2 || string(p.items[1].Raw) != "two" || !p.items[0].Proto {
		t.Errorf("got %+v, %v", p, err)
	}
	for cut := range wire() {
		// Whatever is missing is an error, but where the envelope ends before its content.
		if p, err := parse(answer{body: wire()[:cut], proto: true}, false); err == nil && len(p.items) > 0 {
			t.Errorf("cut at %d passes as %d objects", cut, len(p.items))
		}
	}
}

func TestParseTable(t *testing.T) {
	p, err := parse(answer{body: []byte(`{"kind":"Table","metadata":{"continue":"m"},"columnDefinitions":[{"name":"Name"},{"name":"Type"},{"name":"Data"}],
		"rows":[{"cells":["a","Opaque",3],"object":{"metadata":{"name":"a"}}},{"cells":["b"],"object":null}]}`)}, true)
	if err != nil || len(p.items) != 2 || p.items[0].Cells["Type"] != "Opaque" || p.items[0].Cells["Data"] != "3" || p.token != "m" {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := parse(answer{body: []byte(`{"kind":"SecretList","items":[]}`)}, true); err == nil {
		t.Error("a list of whole objects passes as a table")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(wire(), true, false)
	f.Add([]byte(`{"kind":"List","items":[1]}`), false, false)
	f.Add([]byte(`{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":[1]}]}`), false, true)
	f.Fuzz(func(_ *testing.T, b []byte, proto, table bool) {
		_, _ = parse(answer{body: b, proto: proto}, table) // it may fail, and not panic
	})
}

func TestDiscover(t *testing.T) {
	aggregatedAnswer := map[string]string{
		"/api": `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","resources":[
			{"resource":"pods","responseKind":{"kind":"Pod"},"scope":"Namespaced","verbs":["list"],"subresources":[{"subresource":"log"}]},
			{"resource":"../../evil","responseKind":{"kind":"E"},"verbs":["list"]}]}]}]}`,
		"/apis": `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","freshness":"Current","resources":[
			{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["get","list"]}]}]},
			{"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}`,
	}
	legacy := map[string]string{
		"/api":          `{"kind":"APIVersions","versions":["v1"]}`,
		"/api/v1":       `{"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]},{"name":"pods/log","kind":"Pod"}]}`,
		"/apis":         `{"kind":"APIGroupList","groups":[{"name":"apps","preferredVersion":{"groupVersion":"apps/v1"},"versions":[{"groupVersion":"apps/v1"}]},{"name":"metrics.k8s.io","preferredVersion":{"groupVersion":"metrics.k8s.io/v1beta1"},"versions":[{"groupVersion":"metrics.k8s.io/v1beta1"}]}]}`,
		"/apis/apps/v1": `{"kind":"APIResourceList","resources":[{"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["list"]}]}`,
	}
	for name, answers := range map[string]map[string]string{"aggregated": aggregatedAnswer, "of old": legacy} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if body, ok := answers[r.URL.Path]; ok {
					reply(w, 200, body)
					return
				}
				reply(w, 404, statusBody(404, "the server could not find the requested resource"))
			})
			s, err := f.dial(t).Discover(context.Background())
			want := []Resource{{"v1", "Pod", "pods", true, true}, {"apps/v1", "Deployment", "deployments", true, true}}
			if err != nil || !slices.Equal(s.Resources, want) || !slices.Equal(s.Missing, []string{"metrics.k8s.io/v1beta1"}) {
				t.Errorf("got %+v, %v", s, err)
			}
			if got := s.Resources[1].Path("shop"); got != "/apis/apps/v1/namespaces/shop/deployments" {
				t.Errorf("path %s", got)
			}
		})
	}
}
