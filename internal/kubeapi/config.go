package kubeapi

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Request says which cluster is meant.
type Request struct {
	Context    string // of the kubeconfig; empty is the current one
	Kubeconfig string // a file that stands for all others; empty: $KUBECONFIG, else ~/.kube/config
	Env        func(string) string
	Home       string
}

// Config is how a cluster is reached. Credentials are in it and never printed.
type Config struct {
	Context   string // empty inside a cluster
	Cluster   string // the name that the kubeconfig gives it
	Server    string // URL of the API server
	Namespace string // that the context names; default when it names none
	CA        []byte // PEM of the authority that signs the server's certificate; nil when none is named
	Insecure  bool   // the server's certificate is not verified
	InCluster bool   // the account of the pod we run in

	rest   *rest.Config
	until  time.Time // end of the client certificate
	plugin string    // program that gives credentials
	hint   string    // how to install it
}

// Name is what messages call the cluster.
func (c *Config) Name() string {
	if c.InCluster {
		return "the cluster of this pod"
	}
	return fmt.Sprintf("context %q", c.Context)
}

// Files lists the kubeconfigs that would be read, of which some may not be there.
func (r Request) Files() []string {
	if r.Kubeconfig != "" {
		return []string{r.Kubeconfig}
	}
	var out []string
	if r.Env != nil {
		for _, f := range filepath.SplitList(r.Env(clientcmd.RecommendedConfigPathEnvVar)) {
			if f != "" && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	if len(out) == 0 && r.Home != "" {
		out = []string{filepath.Join(r.Home, ".kube", "config")}
	}
	return out
}

// Configured reports whether there is anything to reach a cluster by: a
// kubeconfig, or a pod around us. It opens nothing.
func (r Request) Configured() bool {
	return slices.ContainsFunc(r.Files(), func(f string) bool { _, err := os.Stat(f); return err == nil }) || r.inCluster()
}

func (r Request) inCluster() bool {
	if r.Env == nil || r.Env("KUBERNETES_SERVICE_HOST") == "" {
		return false
	}
	_, err := os.Stat("/var/run/secrets/kubernetes.io/serviceaccount/token")
	return err == nil
}

// Load finds the cluster. It reads files and asks nobody. Its errors are of type
// [*Error] and kind [ErrConfig].
func Load(r Request) (*Config, error) {
	const op = "kubeconfig"
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: r.Files(), WarnIfAllMissing: false, Warner: func(error) {}}
	if r.Kubeconfig != "" {
		rules = &clientcmd.ClientConfigLoadingRules{ExplicitPath: r.Kubeconfig, Warner: func(error) {}}
	}
	raw, err := rules.Load()
	if err != nil {
		return nil, &Error{Op: op, Kind: ErrConfig, Message: printable(pathless(err))}
	}
	if len(raw.Contexts) == 0 && len(raw.Clusters) == 0 {
		if r.Context == "" && r.Kubeconfig == "" && r.inCluster() {
			return loadInCluster()
		}
		return nil, &Error{Op: op, Kind: ErrConfig, Message: fmt.Sprintf("no cluster is configured in %s; name a kubeconfig with KUBECONFIG or --kubeconfig", strings.Join(r.Files(), ", "))}
	}
	name := r.Context
	if name == "" {
		name = raw.CurrentContext
	}
	context, ok := raw.Contexts[name]
	if !ok {
		return nil, &Error{Op: op, Kind: ErrConfig, Message: noContext(name, raw)}
	}
	if _, ok := raw.Clusters[context.Cluster]; !ok {
		return nil, &Error{Op: op, Kind: ErrConfig, Message: printable(fmt.Sprintf("context %q is of the cluster %q, which is not defined", name, context.Cluster))}
	}
	cfg, err := clientcmd.NewNonInteractiveClientConfig(*raw, name, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return nil, &Error{Op: op, Kind: ErrConfig, Message: printable(pathless(err))}
	}
	c := &Config{Context: name, Cluster: context.Cluster, Namespace: context.Namespace, rest: cfg}
	if u := raw.AuthInfos[context.AuthInfo]; u != nil && u.Exec != nil {
		c.plugin, c.hint = u.Exec.Command, u.Exec.InstallHint
	}
	return c, c.complete()
}

func noContext(name string, raw *clientcmdapi.Config) string {
	const most = 8
	names := slices.Sorted(maps.Keys(raw.Contexts))
	if len(names) > most {
		names = append(names[:most], "…")
	}
	list := strings.Join(names, ", ")
	if name == "" {
		return printable("no context is current; name one as k8s:CONTEXT: " + list)
	}
	return printable(fmt.Sprintf("there is no context %q; there are: %s", name, list))
}

func loadInCluster() (*Config, error) {
	cfg, err := rest.InClusterConfig()
	if err != nil {
		return nil, &Error{Op: "use the account of this pod", Kind: ErrConfig, Message: printable(pathless(err))}
	}
	c := &Config{InCluster: true, Cluster: "this pod's", rest: cfg}
	if ns, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace"); err == nil {
		c.Namespace = strings.TrimSpace(string(ns))
	}
	return c, c.complete()
}

// complete fills in what the configuration says in files beside it.
func (c *Config) complete() error {
	c.Server, c.Insecure, c.CA = strings.TrimSuffix(c.rest.Host, "/"), c.rest.Insecure, c.rest.CAData
	if !strings.Contains(c.Server, "://") {
		c.Server = "https://" + c.Server
	}
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	read := func(what, file string, into *[]byte) error {
		if file == "" || len(*into) > 0 {
			return nil
		}
		b, err := os.ReadFile(file)
		if err != nil {
			if pe, ok := errors.AsType[*os.PathError](err); ok {
				err = pe.Err
			}
			return &Error{Op: "use " + c.Name(), Kind: ErrConfig, Message: printable(fmt.Sprintf("%s %s: %v", what, file, err))}
		}
		*into = b
		return nil
	}
	cert := c.rest.CertData
	if err := errors.Join(read("certificate authority", c.rest.CAFile, &c.CA), read("client certificate", c.rest.CertFile, &cert)); err != nil {
		return err
	}
	if block, _ := pem.Decode(cert); block != nil {
		if x, err := x509.ParseCertificate(block.Bytes); err == nil {
			c.until = x.NotAfter
		}
	}
	return nil
}
