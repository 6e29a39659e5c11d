package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var ingressTLS = ofService(check.Check{
	ID:    "ingress-tls",
	Title: "Every ingress host uses TLS",
	Why: "Without TLS everyone on the way reads what users send and changes what they get, sessions and passwords first. A certificate that is named and is not there leaves the controller to answer with one of its own, " +
		"or in clear. Routes of the Gateway API have no TLS themselves: their gateway is judged.",
	Remedy:   "Add every host to spec.tls with the name of a secret that has its certificate; cert-manager makes and renews them.",
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Refs: refs("", "", "C-0263", "", ""),
	Run: func(p *check.Probe) {
		out := gather(p)
		eachIngress(p, out, func(g *snapshot.Ingress) check.Verdict { return judgeTLS(p, g) })
		out.report()
	},
})

// managedCertificate are parts of the names of annotations by which a provider's
// load balancer gets its certificate.
var managedCertificate = words(
	"alb.ingress.kubernetes.io/certificate-arn", "networking.gke.io/managed-certificates", "networking.gke.io/certmap", "ingress.gcp.kubernetes.io/pre-shared-cert",
	"appgw.ingress.kubernetes.io/appgw-ssl-certificate", "kubernetes.azure.com/tls-cert-keyvault-uri",
)

func managed(g *snapshot.Ingress) (check.Evidence, bool) {
	for _, a := range g.Annotations {
		if slices.Contains(managedCertificate, a.Key) && a.Value != "" {
			return ev(a.Key, a.Value), true
		}
	}
	return check.Evidence{}, false
}

func judgeTLS(p *check.Probe, g *snapshot.Ingress) check.Verdict {
	if strings.HasSuffix(g.Kind, "Route") && g.Kind != "IngressRoute" && g.Kind != "Route" || g.Kind == "VirtualService" {
		return check.Inapplicable("its gateway ends TLS")
	}
	if e, ok := managed(g); ok {
		return check.Passed("the provider's load balancer has its certificate", e)
	}
	if len(g.TLS) == 0 {
		return check.Failed("it has no TLS", at(ev("hosts", few(shownHosts(g.Hosts))), g.Loc))
	}
	var bare []string
	for _, h := range g.Hosts {
		if !slices.ContainsFunc(g.TLS, func(t snapshot.IngressTLS) bool { return servesHost(t, h, g.Kind) }) {
			bare = append(bare, h)
		}
	}
	if len(bare) > 0 {
		return check.Failed("some of its hosts have no TLS", at(ev("hosts", few(shownHosts(bare))), g.Loc))
	}
	return certificates(p, g)
}

// servesHost reports whether an entry is for a host. One without hosts is for all.
func servesHost(t snapshot.IngressTLS, host, kind string) bool {
	return len(t.Hosts) == 0 || kind != "Ingress" && host == "" || slices.ContainsFunc(t.Hosts, func(h string) bool {
		rest, wild := strings.CutPrefix(h, "*.")
		_, parent, _ := strings.Cut(host, ".")
		return h == host || wild && host != "" && parent == rest
	})
}

func shownHosts(hosts []string) []string {
	if len(hosts) == 0 {
		return words("every host")
	}
	out := slices.Clone(hosts)
	for i := range out {
		if out[i] == "" {
			out[i] = "every host"
		}
	}
	return out
}

// certificates judges whether the secrets that an ingress names are there.
func certificates(p *check.Probe, g *snapshot.Ingress) check.Verdict {
	var named, missing []string
	for _, t := range g.TLS {
		if t.Secret == "" || strings.Contains(t.Secret, "/") {
			continue
		}
		named = append(named, t.Secret)
		if !slices.ContainsFunc(p.Snapshot.Secrets, func(s snapshot.Secret) bool {
			return s.Scope == g.Scope && s.Namespace == g.Namespace && s.Name == t.Secret
		}) {
			missing = append(missing, t.Secret)
		}
	}
	evidence := at(ev("tls", few(named)), g.Loc)
	switch {
	case len(named) == 0:
		return check.Undecided(snapshot.ReasonUnresolved, "its TLS names no secret: what certificate is served hangs on the controller")
	case len(missing) == 0:
		return check.Passed("every host has TLS, and its certificate is there", evidence)
	case inFiles(p):
		return check.Passed("every host has TLS", evidence).Note("the secrets with its certificates are not among the files")
	case g.Kind == "Gateway":
		return check.Undecided(snapshot.ReasonUnresolved, "every host has TLS; the certificate may be in another namespace", evidence)
	}
	if v, not := unseen(p, snapshot.PartClusterSecrets); not {
		return check.Undecided(v.Reason, "every host has TLS, but whether its certificate is there was not seen: "+v.Message, evidence)
	}
	return check.Failed("the secret with its certificate does not exist", at(ev("tls", few(missing)), g.Loc))
}

var balancerTLS = ofService(check.Check{
	ID:    "lb-https-certificates",
	Title: "Load balancers serve managed certificates",
	Why: "A load balancer with a listener in clear takes passwords in clear, whatever the program behind it could do. With a certificate of the provider, who keeps it up, none expires unseen. " +
		"What runs TLS through to its pods does not show here.",
	Remedy:   "Give the service the provider's annotation for a certificate (service.beta.kubernetes.io/aws-load-balancer-ssl-cert and -ssl-ports, or its like) and no port in clear, or use an ingress with TLS.",
	Severity: check.Medium, Zone: model.ZoneCloud, Surface: model.SurfaceCloudLink, STRIDE: "I", Tier: 2,
	Refs: refs("", "", "C-0231 C-0245", "", ""),
	Run: func(p *check.Probe) {
		out := gather(p)
		eachService(p, out, judgeBalancer)
		eachIngress(p, out, judgeCloudIngress)
		out.report()
	},
})

const (
	awsCertificate = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"
	awsPorts       = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"
)

// certificateOf are the annotations of services by which a provider ends TLS, and
// those that name the ports for it.
var certificateOf = map[string]string{ //nolint:gosec // names of annotations
	awsCertificate: awsPorts,
	"service.beta.kubernetes.io/do-loadbalancer-certificate-id":     "service.beta.kubernetes.io/do-loadbalancer-tls-ports",
	"service.beta.kubernetes.io/oci-load-balancer-tls-secret":       "service.beta.kubernetes.io/oci-load-balancer-ssl-ports",
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-cert-id": "",
	"load-balancer.hetzner.cloud/http-certificates":                 "",
}

// clearPorts are ports on which HTTP in clear is spoken.
var clearPorts = []int32{80, 8080, 8000, 8008, 3000, 5000}

func judgeBalancer(s *snapshot.Service) check.Verdict {
	if s.Type != loadBalancer {
		return check.Inapplicable("it has no load balancer")
	}
	cert, ports := "", ""
	for _, a := range s.LoadBalance {
		if of, ok := certificateOf[a.Key]; ok && a.Value != "" {
			cert = a.Key
			ports, _ = label(s.LoadBalance, of)
		}
	}
	var plain, through []string
	for _, p := range s.Ports {
		switch {
		case cert != "" && (ports == "" || ports == "*" || slices.ContainsFunc(strings.Split(ports, ","), func(w string) bool { return w == itoa(int64(p.Port)) || w == p.Name })):
		case slices.Contains(clearPorts, p.Port) || p.App == "http" || p.App == "kubernetes.io/h2c" || p.App == "kubernetes.io/ws" || p.Name == "http":
			plain = append(plain, itoa(int64(p.Port)))
		default:
			through = append(through, itoa(int64(p.Port)))
		}
	}
	switch {
	case len(plain) > 0:
		return check.Failed("its load balancer listens in clear", at(ev("port", few(plain)), s.Loc))
	case len(through) > 0:
		return check.Undecided(snapshot.ReasonUnresolved, "its load balancer passes connections on, and whether the pods speak TLS does not show", at(ev("port", few(through)), s.Loc))
	}
	return check.Passed("its load balancer serves a certificate of the provider on every port", ev("annotation", cert))
}

// cloudClasses are the classes of ingresses that are a provider's load balancer.
var cloudClasses = words("alb", "gce", "gce-internal", "azure-application-gateway", "azure/application-gateway", "webapprouting.kubernetes.azure.com")

func judgeCloudIngress(g *snapshot.Ingress) check.Verdict {
	if !slices.Contains(cloudClasses, g.Class) {
		return check.Inapplicable("no load balancer of a provider serves it")
	}
	e, ok := managed(g)
	if !ok && len(g.TLS) == 0 {
		return check.Failed("its load balancer serves no certificate", at(ev("class", g.Class), g.Loc))
	}
	listen, _ := label(g.Annotations, "alb.ingress.kubernetes.io/listen-ports")
	redirect, _ := label(g.Annotations, "alb.ingress.kubernetes.io/ssl-redirect")
	clear, said := label(g.Annotations, "kubernetes.io/ingress.allow-http")
	plain := g.Class == "alb" && strings.Contains(listen, `"HTTP"`) && redirect == "" || strings.HasPrefix(g.Class, "gce") && (!said || clear != "false")
	switch {
	case plain:
		return check.Failed("its load balancer listens in clear too", at(ev("class", g.Class), g.Loc))
	case ok:
		return check.Passed("its load balancer serves a certificate of the provider and nothing in clear", e)
	}
	return check.Passed("its load balancer serves a certificate and nothing in clear", at(ev("tls", len(g.TLS)), g.Loc)).Note("the certificate is in a secret: nobody but its maker renews it")
}
