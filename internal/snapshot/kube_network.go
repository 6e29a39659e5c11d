package snapshot

import "slices"

// Selector is a label selector. An empty one selects everything; where there may
// be none at all the field is a pointer.
type Selector struct {
	Labels []Pair       `json:"labels,omitempty"` // sorted by key
	Exprs  []NodeDemand `json:"exprs,omitempty"`  // In, NotIn, Exists, DoesNotExist
}

// Empty reports whether everything is selected.
func (s *Selector) Empty() bool { return len(s.Labels) == 0 && len(s.Exprs) == 0 }

// NetworkPolicy is a policy of networking.k8s.io, or of another kind that does the
// like, of which only that it is there is known.
type NetworkPolicy struct {
	Scope     string       `json:"scope"`
	Kind      string       `json:"kind"` // NetworkPolicy, CiliumNetworkPolicy, …
	Namespace string       `json:"namespace"`
	Name      string       `json:"name"`
	UID       string       `json:"uid,omitempty"`
	Pods      Selector     `json:"pods"`
	Ingress   bool         `json:"ingress,omitempty"` // it is about ingress
	Egress    bool         `json:"egress,omitempty"`
	In        []PolicyRule `json:"in,omitempty"`
	Out       []PolicyRule `json:"out,omitempty"`
	Owner     *Owner       `json:"owner,omitempty"`
	Loc       *Location    `json:"location,omitempty"`
}

// PolicyRule admits peers on ports; no peers is everyone, no ports is every port.
type PolicyRule struct {
	Peers []PolicyPeer `json:"peers,omitempty"`
	Ports []PolicyPort `json:"ports,omitempty"`
}

// PolicyPeer is pods, by selectors, or addresses.
type PolicyPeer struct {
	Namespaces *Selector `json:"namespaces,omitempty"` // nil with Pods: the policy's own
	Pods       *Selector `json:"pods,omitempty"`
	CIDR       string    `json:"cidr,omitempty"`
	Except     []string  `json:"except,omitempty"`
}

// PolicyPort is a port or a range.
type PolicyPort struct {
	Protocol string `json:"protocol,omitempty"` // empty: TCP
	Port     string `json:"port,omitempty"`     // number or name; empty: all
	End      int32  `json:"end,omitempty"`
}

// Service is a Service and the endpoints behind it.
type Service struct {
	Scope       string        `json:"scope"`
	Namespace   string        `json:"namespace"`
	Name        string        `json:"name"`
	UID         string        `json:"uid,omitempty"`
	Type        string        `json:"type"` // ClusterIP, NodePort, LoadBalancer, ExternalName
	Selector    []Pair        `json:"selector,omitempty"`
	Ports       []ServicePort `json:"ports,omitempty"`
	ExternalIPs []string      `json:"externalIPs,omitempty"`
	External    string        `json:"external,omitempty"`   // of ExternalName
	Sources     []string      `json:"sources,omitempty"`    // loadBalancerSourceRanges
	Status      []string      `json:"status,omitempty"`     // addresses and names the load balancer got
	LoadBalance []Pair        `json:"balancing,omitempty"`  // annotations that rule a provider's load balancer
	Ready       int           `json:"ready,omitempty"`      // ready endpoints
	ReadyNodes  int           `json:"readyNodes,omitempty"` // different nodes they are on
	Owner       *Owner        `json:"owner,omitempty"`
	Loc         *Location     `json:"location,omitempty"`
}

// ServicePort is a port of a service.
type ServicePort struct {
	Name     string `json:"name,omitempty"`
	Port     int32  `json:"port"`
	Target   string `json:"target,omitempty"` // number or name; empty: as Port
	NodePort int32  `json:"nodePort,omitempty"`
	Protocol string `json:"protocol,omitempty"` // empty: TCP
	App      string `json:"app,omitempty"`      // appProtocol
}

// Ingress is an Ingress, a Gateway or a route.
type Ingress struct {
	Scope       string       `json:"scope"`
	Kind        string       `json:"kind"` // Ingress, Gateway, HTTPRoute, …
	Namespace   string       `json:"namespace"`
	Name        string       `json:"name"`
	UID         string       `json:"uid,omitempty"`
	Class       string       `json:"class,omitempty"`
	Hosts       []string     `json:"hosts,omitempty"` // sorted; "" is every host
	TLS         []IngressTLS `json:"tls,omitempty"`
	Backends    []string     `json:"backends,omitempty"`    // services, sorted
	Annotations []Pair       `json:"annotations,omitempty"` // that rule a listener or hold configuration text, values reduced to what is no secret
	Loc         *Location    `json:"location,omitempty"`
}

// IngressTLS is a certificate for hosts.
type IngressTLS struct {
	Hosts  []string `json:"hosts,omitempty"`
	Secret string   `json:"secret,omitempty"`
}

// Matches reports whether a selector takes in labels, which are sorted by key.
func (s *Selector) Matches(labels []Pair) bool {
	value := func(key string) (string, bool) {
		for _, l := range labels {
			if l.Key == key {
				return l.Value, true
			}
		}
		return "", false
	}
	for _, want := range s.Labels {
		if v, ok := value(want.Key); !ok || v != want.Value {
			return false
		}
	}
	for _, e := range s.Exprs {
		v, ok := value(e.Key)
		in := slices.Contains(e.Values, v)
		switch e.Operator {
		case "In":
			ok = ok && in
		case "NotIn":
			ok = !ok || !in
		case "Exists":
		case "DoesNotExist":
			ok = !ok
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}
