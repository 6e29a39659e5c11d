package bench_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/kubeobj"
	"plimsoll/test/testbed"
)

const (
	clusterPods = 5000
	clusterMost = 256 << 20 // bytes of memory that a collection may need at its peak

	// decodeLimit is how much longer than decoding the API server's answer into
	// its own types making rows of it may take.
	decodeLimit = 3
)

// BenchmarkCluster writes pods through the real API server, which nothing
// schedules, and collects the cluster in a process of its own.
func BenchmarkCluster(b *testing.B) {
	k := testbed.ClusterAlone(b)
	writePods(b, k, clusterPods)
	raw := listed(b, k)
	program := filepath.Join(b.TempDir(), "plimsoll")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "plimsoll/cmd/plimsoll").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	b.Run("decode", func(b *testing.B) {
		results := compare(b, []contender{
			{"unmarshal", here(func() error { return unmarshal(raw) }), 0},
			{"walk", here(func() error { return walk(raw) }), 0},
			{"rows", here(func() error { return rows(raw) }), decodeLimit},
		})
		b.ReportMetric(float64(len(raw))/results[2].median.Seconds(), "pods/s")
	})
	b.Run("collect", func(b *testing.B) {
		var peak int64
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), program, "collect", "k8s", "--kubeconfig", k.SuperAdmin, "-o", filepath.Join(b.TempDir(), "s.json"))
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			peak = max(peak, peakMemory(cmd.ProcessState))
		}
		b.ReportMetric(float64(peak)/(1<<20), "MB-peak")
		if peak > clusterMost {
			b.Errorf("collecting %d pods takes %d MB at its peak, more than %d", clusterPods, peak>>20, int64(clusterMost)>>20)
		}
	})
}

// items is a sink that keeps the bytes of what it takes.
type items [][]byte

func (i *items) Reset()                    { *i = nil }
func (i *items) Take(o kubeapi.Item) error { *i = append(*i, bytes.Clone(o.Raw)); return nil }

// listed asks for all pods and keeps what is answered.
func listed(b *testing.B, k testbed.Kube) items {
	b.Helper()
	cfg, err := kubeapi.Load(kubeapi.Request{Kubeconfig: k.SuperAdmin})
	if err != nil {
		b.Fatal(err)
	}
	c, err := kubeapi.Connect(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var all items
	if _, err := c.List(b.Context(), kubeapi.List{Path: "/api/v1/pods"}, &all); err != nil || len(all) < clusterPods {
		b.Fatalf("%d pods: %v", len(all), err)
	}
	return all
}

// unmarshal is the floor: what the API server sent, in the API's own types.
func unmarshal(raw items) error {
	for _, r := range raw {
		if err := new(corev1.Pod).Unmarshal(r); err != nil {
			return err
		}
	}
	return nil
}

// walk visits every field of the objects as far as they look like messages, and
// makes nothing of them.
func walk(raw items) error {
	for _, r := range raw {
		fieldsOf(r, 0)
	}
	return nil
}

func fieldsOf(b []byte, depth int) {
	for len(b) > 0 && depth < 16 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 {
			return
		}
		b = b[n:]
		size, n := binary.Uvarint(b)
		if n <= 0 {
			return
		}
		b = b[n:]
		if tag&7 != 2 {
			continue
		}
		if size > uint64(len(b)) {
			return
		}
		fieldsOf(b[:size], depth+1)
		b = b[size:]
	}
}

// rows makes evidence of the objects.
func rows(raw items) error {
	b := kubeobj.NewBuilder(kubeobj.Options{Scope: "cluster:bench"})
	for _, r := range raw {
		o, err := kubeobj.Decode("v1", "Pod", r, true)
		if err != nil {
			return err
		}
		b.Add(o, kubeobj.Origin{})
	}
	if n := len(b.Snapshot().Pods); n != len(raw) {
		return fmt.Errorf("%d pods became %d rows", len(raw), n)
	}
	return nil
}

// writePods makes pods of fifty different specifications that no scheduler takes.
func writePods(b *testing.B, k testbed.Kube, n int) {
	b.Helper()
	ns := testbed.Namespace(b)
	client, server := administrator(b, k)
	b.Cleanup(func() { // at once, so that the namespace does not delete them one by one
		req, err := http.NewRequest(http.MethodDelete, server+"/api/v1/namespaces/"+ns+"/pods?gracePeriodSeconds=0", nil)
		if err != nil {
			b.Error(err)
			return
		}
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return
		}
		_ = res.Body.Close()
	})
	var next sync.Mutex
	var wg sync.WaitGroup
	made := 0
	for range 16 {
		wg.Go(func() {
			for {
				next.Lock()
				i := made
				made++
				next.Unlock()
				if i >= n || b.Failed() {
					return
				}
				res, err := client.Post(server+"/api/v1/namespaces/"+ns+"/pods", "application/json", strings.NewReader(podManifest(i)))
				if err != nil {
					b.Error(err)
					return
				}
				said, _ := io.ReadAll(io.LimitReader(res.Body, 512))
				_ = res.Body.Close()
				if res.StatusCode != http.StatusCreated {
					b.Errorf("status %d: %s", res.StatusCode, said)
					return
				}
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

func podManifest(i int) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%05d","labels":{"app":"a%02d","tier":"web"}},"spec":{"schedulerName":"none-such",
		"containers":[{"name":"main","image":"registry.example/shop/a%02d:1","args":["--listen=:8080","--level=info"],"env":[{"name":"INSTANCE","value":"%d"},{"name":"MODE","value":"fast"}],
		"ports":[{"containerPort":8080}],"resources":{"limits":{"memory":"%dMi","cpu":"500m"}},"readinessProbe":{"httpGet":{"path":"/","port":8080}},
		"securityContext":{"runAsNonRoot":true,"capabilities":{"drop":["ALL"]}}},{"name":"side","image":"registry.example/shop/proxy:2"}]}}`, i, i%50, i%50, i%50, 32+i%50)
}

// administrator is an HTTP client of the cluster's administrator.
func administrator(b *testing.B, k testbed.Kube) (*http.Client, string) {
	b.Helper()
	var doc struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
				CA     string `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Cert string `json:"client-certificate-data"`
				Key  string `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal([]byte(testbed.Kubectl(b, k.SuperAdmin, "config", "view", "--raw", "--minify", "--flatten", "--output", "json")), &doc); err != nil {
		b.Fatal(err)
	}
	bin := func(s string) []byte {
		v, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	pair, err := tls.X509KeyPair(bin(doc.Users[0].User.Cert), bin(doc.Users[0].User.Key))
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bin(doc.Clusters[0].Cluster.CA))
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}, doc.Clusters[0].Cluster.Server
}
