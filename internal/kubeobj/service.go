package kubeobj

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plimsoll/internal/snapshot"
)

// service takes what leads traffic to pods. Gateways and their routes come by
// [Builder.custom].
func (b *Builder) service(o any, from Origin) bool {
	switch o := o.(type) {
	case *corev1.Service:
		b.oneService(o, from)
	case *discoveryv1.EndpointSlice:
		b.slice(o)
	case *networkingv1.Ingress:
		b.ingress(o, from)
	default:
		return false
	}
	return true
}

func (b *Builder) oneService(o *corev1.Service, from Origin) {
	s := snapshot.Service{
		Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Type: cmp.Or(string(o.Spec.Type), string(corev1.ServiceTypeClusterIP)),
		Selector: pairs(o.Spec.Selector), ExternalIPs: slices.Clone(o.Spec.ExternalIPs), External: o.Spec.ExternalName,
		Sources: slices.Clone(o.Spec.LoadBalancerSourceRanges), LoadBalance: tamed(o.Annotations, balances), Owner: owner(&o.ObjectMeta), Loc: from.Loc,
	}
	for _, p := range o.Spec.Ports {
		v := snapshot.ServicePort{Name: p.Name, Port: p.Port, NodePort: p.NodePort, Protocol: unless(string(p.Protocol), string(corev1.ProtocolTCP))}
		if t := p.TargetPort.String(); t != "0" && t != fmt.Sprint(p.Port) {
			v.Target = t
		}
		if p.AppProtocol != nil {
			v.App = *p.AppProtocol
		}
		s.Ports = append(s.Ports, v)
	}
	for _, i := range o.Status.LoadBalancer.Ingress {
		s.Status = append(s.Status, cmp.Or(i.IP, i.Hostname))
	}
	b.out.Services = append(b.out.Services, s)
}

// balances reports whether an annotation of a service rules the load balancer of a
// provider.
func balances(key string) bool {
	return strings.Contains(key, "load-balancer") || strings.HasPrefix(key, "service.beta.kubernetes.io/") || strings.HasPrefix(key, "service.kubernetes.io/") ||
		strings.HasPrefix(key, "cloud.google.com/") || strings.HasPrefix(key, "networking.gke.io/") || strings.HasPrefix(key, "metallb.") ||
		strings.HasPrefix(key, "external-dns.alpha.kubernetes.io/")
}

// behind counts the ready endpoints of a service, by the kind of their addresses:
// with two kinds each pod is listed twice.
type behind struct {
	ready map[discoveryv1.AddressType]int
	nodes map[string]bool
}

func (b *Builder) slice(o *discoveryv1.EndpointSlice) {
	k := [2]string{o.Namespace, o.Labels[discoveryv1.LabelServiceName]}
	if k[1] == "" {
		return
	}
	e := b.endpoints[k]
	if e == nil {
		e = &behind{ready: make(map[discoveryv1.AddressType]int), nodes: make(map[string]bool)}
		b.endpoints[k] = e
	}
	for i := range o.Endpoints {
		p := &o.Endpoints[i]
		if p.Conditions.Ready != nil && !*p.Conditions.Ready {
			continue
		}
		e.ready[o.AddressType]++
		if p.NodeName != nil {
			e.nodes[*p.NodeName] = true
		}
	}
}

func (b *Builder) joinEndpoints() {
	for i := range b.out.Services {
		s := &b.out.Services[i]
		if e := b.endpoints[[2]string{s.Namespace, s.Name}]; e != nil {
			for _, n := range e.ready {
				s.Ready = max(s.Ready, n)
			}
			s.ReadyNodes = len(e.nodes)
		}
	}
}

// ingressClass is the annotation that came before the field.
const ingressClass = "kubernetes.io/ingress.class"

func (b *Builder) ingress(o *networkingv1.Ingress, from Origin) {
	g := snapshot.Ingress{
		Scope: b.Scope, Kind: "Ingress", Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Class: o.Annotations[ingressClass],
		Annotations: tamed(o.Annotations, rulesListener), Loc: from.Loc,
	}
	if o.Spec.IngressClassName != nil {
		g.Class = *o.Spec.IngressClassName
	}
	backend := func(s *networkingv1.IngressBackend) {
		if s != nil && s.Service != nil {
			g.Backends = append(g.Backends, s.Service.Name)
		}
	}
	backend(o.Spec.DefaultBackend)
	if o.Spec.DefaultBackend != nil {
		g.Hosts = append(g.Hosts, "")
	}
	for _, r := range o.Spec.Rules {
		g.Hosts = append(g.Hosts, r.Host)
		if r.HTTP != nil {
			for i := range r.HTTP.Paths {
				backend(&r.HTTP.Paths[i].Backend)
			}
		}
	}
	for _, t := range o.Spec.TLS {
		g.TLS = append(g.TLS, snapshot.IngressTLS{Hosts: slices.Clone(t.Hosts), Secret: t.SecretName})
	}
	g.Hosts, g.Backends = sortedSet(g.Hosts), sortedSet(g.Backends)
	b.out.Ingresses = append(b.out.Ingresses, g)
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// rulesListener reports whether an annotation of an ingress rules its listener or
// holds configuration of one.
func rulesListener(key string) bool {
	prefix, _, ok := strings.Cut(key, "/")
	return ok && (strings.Contains(prefix, "ingress.kubernetes.io") || strings.Contains(prefix, "traefik") || strings.Contains(prefix, "haproxy") ||
		strings.Contains(prefix, "konghq") || strings.Contains(prefix, "nginx") || strings.Contains(prefix, "gateway") || strings.Contains(prefix, "cert-manager") ||
		strings.HasPrefix(prefix, "external-dns.") || strings.Contains(prefix, "cloud.google.com") || strings.Contains(prefix, "networking.gke.io"))
}

// longestNote is how much of an annotation's value is kept.
const longestNote = 256

// tamed returns the annotations that want asks for. A value that may be a secret,
// or is configuration text, is reduced to what it is.
func tamed(annotations map[string]string, want func(string) bool) []snapshot.Pair {
	var out []snapshot.Pair
	for _, k := range slices.Sorted(maps.Keys(annotations)) {
		if want(k) {
			out = append(out, snapshot.Pair{Key: k, Value: tame(annotations[k])})
		}
	}
	return out
}

func tame(v string) string {
	c := snapshot.Conceal("", v)
	switch c.Shape {
	case snapshot.ShapeEmpty, snapshot.ShapePlain, snapshot.ShapePath:
		if len(v) <= longestNote && !strings.Contains(v, "\n") {
			return v
		}
	case snapshot.ShapeURL:
		if u, err := url.Parse(v); err == nil && len(v) <= longestNote {
			return bareURL(u)
		}
	case snapshot.ShapeKey, snapshot.ShapeToken, snapshot.ShapeURLCreds, snapshot.ShapeEntropy, snapshot.ShapeBinary:
	}
	return fmt.Sprintf("(%s, %d bytes)", c.Shape, len(v))
}

// bareURL is a URL without credentials and without what follows its path.
func bareURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, Opaque: u.Opaque}).String()
}
