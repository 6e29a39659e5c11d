package kubeobj

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

func (b *Builder) configMap(o *corev1.ConfigMap, from Origin) {
	m := snapshot.ConfigMap{
		Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Created: stamp(o.CreationTimestamp),
		Immutable: isTrue(o.Immutable), Loc: from.Loc,
	}
	for _, k := range slices.Sorted(maps.Keys(o.Data)) {
		m.Keys = append(m.Keys, snapshot.Conceal(k, o.Data[k]))
		m.Inside = append(m.Inside, inside(k, o.Data[k], mostInside-len(m.Inside))...)
	}
	for _, k := range slices.Sorted(maps.Keys(o.BinaryData)) {
		m.Keys = append(m.Keys, snapshot.Conceal(k, string(o.BinaryData[k])))
	}
	if read := components[[2]string{o.Namespace, o.Name}]; read != nil {
		m.Digest = digest(o.Data)
		read(&m, o.Data)
	} else {
		ingressSettings(&m, o.Data)
	}
	b.out.ConfigMaps = append(b.out.ConfigMaps, m)
}

func digest(data map[string]string) string {
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(h, "%d:%s%d:%s", len(k), k, len(data[k]), data[k])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// components are the config maps of parts of Kubernetes whose fields are known to
// be no secrets.
var components = map[[2]string]func(*snapshot.ConfigMap, map[string]string){
	{"kube-system", "coredns"}:        func(m *snapshot.ConfigMap, d map[string]string) { corefile(m, d["Corefile"]) },
	{"kube-system", "kubeadm-config"}: func(m *snapshot.ConfigMap, d map[string]string) { flatten(m, "", d["ClusterConfiguration"]) },
	{"kube-system", "kube-proxy"}:     func(m *snapshot.ConfigMap, d map[string]string) { flatten(m, "", d["config.conf"]) },
	{"kube-system", "kubelet-config"}: func(m *snapshot.ConfigMap, d map[string]string) { flatten(m, "", d["kubelet"]) },
	{"kube-system", "aws-auth"}:       awsAuth,
	{"kube-system", "cilium-config"}:  named("enable-policy", "enable-host-firewall", "enable-encryption", "enable-wireguard", "enable-ipsec", "routing-mode", "kube-proxy-replacement"),
	{"kube-system", "canal-config"}:   named("canal_iface", "masquerade", "typha_service_name"),
	{"kube-public", "cluster-info"}:   clusterInfo,
}

// knownValue is the value of a field that is known to be no secret. What has the
// form of one all the same was put there by mistake.
func knownValue(v string) string {
	telltale := func(word string) bool {
		s := snapshot.Conceal("", word).Shape
		return telling(s) || s == snapshot.ShapeBinary
	}
	if telltale(v) {
		return tame(v)
	}
	if words := strings.Fields(v); slices.ContainsFunc(words, telltale) { // one of several, as in a list of servers
		for i, w := range words {
			if telltale(w) {
				words[i] = tame(w)
			}
		}
		v = strings.Join(words, " ")
	}
	return v[:min(len(v), longestExpression)]
}

// named keeps the values of keys.
func named(keys ...string) func(*snapshot.ConfigMap, map[string]string) {
	return func(m *snapshot.ConfigMap, d map[string]string) {
		for _, k := range keys {
			if v, ok := d[k]; ok {
				m.Parsed = append(m.Parsed, snapshot.Pair{Key: k, Value: knownValue(v)})
			}
		}
	}
}

// ingressKeys are settings of ingress-nginx that decide what annotations may do.
var ingressKeys = []string{"allow-snippet-annotations", "annotations-risk-level", "strict-validate-path-type", "allow-cross-namespace-resources", "ssl-protocols", "enable-modsecurity"}

func ingressSettings(m *snapshot.ConfigMap, data map[string]string) {
	if strings.Contains(m.Name, "ingress") || strings.Contains(m.Name, "nginx") {
		named(ingressKeys...)(m, data)
	}
}

// corefile keeps of CoreDNS's configuration its plugins, and whom it asks.
func corefile(m *snapshot.ConfigMap, text string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "}" || len(m.Parsed) >= mostParsed {
			continue
		}
		value := strings.TrimSpace(strings.TrimSuffix(strings.Join(f[1:], " "), "{"))
		m.Parsed = append(m.Parsed, snapshot.Pair{Key: f[0], Value: knownValue(value)})
	}
}

// Bounds of what is kept of one config map.
const (
	mostParsed = 300
	mostInside = 50
)

// smallFile bounds what is read of a configuration inside a config map.
var smallFile = yaml.Limits{Bytes: 1 << 20, Depth: 40, Nodes: 20_000}

// flatten keeps every scalar of a YAML document by its path.
func flatten(m *snapshot.ConfigMap, at, text string) {
	n, err := yaml.Parse([]byte(text), m.Name, smallFile)
	if err != nil {
		return
	}
	flattenNode(m, at, n)
}

func flattenNode(m *snapshot.ConfigMap, at string, n *yaml.Node) {
	switch {
	case len(m.Parsed) >= mostParsed:
	case n.Kind == yaml.Scalar:
		m.Parsed = append(m.Parsed, snapshot.Pair{Key: at, Value: knownValue(n.Value)})
	case n.Kind == yaml.List:
		for i, v := range n.Items {
			if name := v.Get("name"); name != nil && v.Get("value") != nil { // arguments are lists of names and values since v1beta4
				flattenNode(m, at+"."+name.Value, v.Get("value"))
				continue
			}
			flattenNode(m, fmt.Sprintf("%s[%d]", at, i), v)
		}
	case n.Kind == yaml.Map:
		for _, p := range n.Pairs {
			flattenNode(m, strings.TrimPrefix(at+"."+p.Key.Value, "."), p.Value)
		}
	}
}

// clusterInfo keeps the address of the API server that joining nodes are told.
func clusterInfo(m *snapshot.ConfigMap, data map[string]string) {
	n, err := yaml.Parse([]byte(data["kubeconfig"]), m.Name, smallFile)
	if err != nil {
		return
	}
	if list := n.Get("clusters"); list != nil && len(list.Items) > 0 {
		if s := list.Items[0].Get("cluster").Get("server"); s != nil {
			m.Parsed = append(m.Parsed, snapshot.Pair{Key: "server", Value: knownValue(s.Value)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(data)) {
		if id, ok := strings.CutPrefix(k, "jws-kubeconfig-"); ok { // the public half of a bootstrap token
			m.Parsed = append(m.Parsed, snapshot.Pair{Key: "token", Value: id})
		}
	}
}

// awsAuth keeps who of AWS is in which groups.
func awsAuth(m *snapshot.ConfigMap, data map[string]string) {
	for _, list := range []struct{ key, arn string }{{"mapRoles", "rolearn"}, {"mapUsers", "userarn"}} {
		n, err := yaml.Parse([]byte(data[list.key]), m.Name, smallFile)
		if err != nil {
			continue
		}
		for _, v := range n.Items {
			arn, groups := v.Get(list.arn), v.Get("groups")
			if arn == nil || len(m.Mapped) >= mostParsed {
				continue
			}
			var names []string
			if groups != nil {
				for _, g := range groups.Items {
					names = append(names, g.Value)
				}
			}
			m.Mapped = append(m.Mapped, arn.Value+"="+strings.Join(names, ","))
		}
	}
}
