package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// ofService fills in what the checks of services and ingresses have in common.
func ofService(c check.Check) *check.Check {
	c.Subject, c.Forms = snapshot.KindService, everywhere
	if c.Zone == "" {
		c.Zone, c.Surface = model.ZoneNodeRuntime, model.SurfacePodNetwork
	}
	c.Needs = append(parts(snapshot.PartClusterServices), c.Needs...)
	return &c
}

func eachService(p *check.Probe, out *said, predicate func(s *snapshot.Service) check.Verdict) {
	for i := range p.Snapshot.Services {
		if s := &p.Snapshot.Services[i]; s.Scope == p.Scope.ID {
			out.say(predicate(s), p.Index.KubeServiceSubject(i))
		}
	}
}

func eachIngress(p *check.Probe, out *said, predicate func(g *snapshot.Ingress) check.Verdict) {
	for i := range p.Snapshot.Ingresses {
		if g := &p.Snapshot.Ingresses[i]; g.Scope == p.Scope.ID {
			out.say(predicate(g), p.Index.IngressSubject(i))
		}
	}
}

const (
	nodePort     = "NodePort"
	loadBalancer = "LoadBalancer"
)

var externalIPs = ofService(check.Check{
	ID:    "service-no-external-ips",
	Title: "No service claims external IPs",
	Why: "A service with external IPs draws to itself what anyone in the cluster sends to these addresses, whosever they are: who may create a service can take over traffic to any address outside (CVE-2020-8554). " +
		"Nothing checks that the address is the claimant's.",
	Remedy:   "Remove spec.externalIPs; use a load balancer or an ingress. The admission plugin DenyServiceExternalIPs keeps them out.",
	Severity: check.Medium, STRIDE: "S", Tier: 2,
	Refs: refs("", "", "", "KSV-0108", ""),
	Run: func(p *check.Probe) {
		out := gather(p)
		eachService(p, out, func(s *snapshot.Service) check.Verdict {
			if len(s.ExternalIPs) > 0 {
				return check.Failed("it claims addresses that nothing shows to be its own", at(ev("spec.externalIPs", few(s.ExternalIPs)), s.Loc))
			}
			return check.Passed("it claims no external address")
		})
		out.report()
	},
})

var approved = ofService(check.Check{
	ID:    "service-nodeport-lb-approved",
	Title: "Public services are approved",
	Why: "A node port listens on every address of every node, and a load balancer mostly on the internet: each is a way past the ingress controller and what it asks for. " +
		"Those that should be there belong on a list; a load balancer on it should still say from where it is reached.",
	Remedy: "Make the service a ClusterIP and put an ingress before it; or put NAMESPACE/NAME on the list in plimsoll.yaml, and set spec.loadBalancerSourceRanges or the provider's annotation for an internal load balancer.",
	Refs:   refs("", "", "C-0256", "", "exposed-services"), Zone: model.ZoneCloud, Surface: model.SurfacePodNetwork,
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Params: []check.Param{{Name: "allowed_services", Unit: "list", Meaning: "services, as NAMESPACE/NAME, that may be reached from outside; * stands for anything"}},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_services")
		out := gather(p)
		eachService(p, out, func(s *snapshot.Service) check.Verdict { return judgeApproved(s, allowed) })
		out.report()
	},
})

func judgeApproved(s *snapshot.Service, allowed []string) check.Verdict {
	if s.Type != nodePort && s.Type != loadBalancer {
		return check.Passed("it has no port on nodes and no load balancer")
	}
	evidence := []check.Evidence{at(ev("spec.type", s.Type), s.Loc)}
	for _, port := range s.Ports {
		if port.NodePort != 0 {
			evidence = append(evidence, ev("nodePort", port.NodePort))
		}
	}
	if len(s.Status) > 0 {
		evidence = append(evidence, ev("status.loadBalancer", few(s.Status)))
	}
	evidence = some(evidence)
	if !listed(allowed, s.Namespace+"/"+s.Name) {
		return check.Failed("it is reached from outside the cluster, and nobody approved it", evidence...)
	}
	if s.Type == nodePort {
		return check.Passed("it is on the list of services that may be reached from outside", evidence...)
	}
	if a, ok := internalBalancer(s); ok {
		return check.Passed("it is on the list, and its load balancer is internal", append(evidence, a)...)
	}
	if len(s.Sources) > 0 && !slices.ContainsFunc(s.Sources, func(c string) bool { return c == "0.0.0.0/0" || c == "::/0" }) {
		return check.Passed("it is on the list, and its load balancer takes traffic from some sources only", append(evidence, ev("spec.loadBalancerSourceRanges", few(s.Sources)))...)
	}
	return check.Failed("it is on the list, but its load balancer takes traffic from everywhere", evidence...)
}

// internal are the annotations that keep a load balancer in the provider's private
// network, with the values that do.
var internal = map[string][]string{
	"service.beta.kubernetes.io/aws-load-balancer-internal":              {"true", "0.0.0.0/0"},
	"service.beta.kubernetes.io/aws-load-balancer-scheme":                {"internal"},
	"service.beta.kubernetes.io/azure-load-balancer-internal":            {"true"},
	"networking.gke.io/load-balancer-type":                               {"Internal"},
	"cloud.google.com/load-balancer-type":                                {"Internal"},
	"service.beta.kubernetes.io/openstack-internal-load-balancer":        {"true"},
	"service.beta.kubernetes.io/oci-load-balancer-internal":              {"true"},
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type":     {"private"},
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
	"load-balancer.hetzner.cloud/disable-public-network":                 {"true"},
	"service.beta.kubernetes.io/do-loadbalancer-network":                 {"INTERNAL"},
}

func internalBalancer(s *snapshot.Service) (check.Evidence, bool) {
	for _, a := range s.LoadBalance {
		if slices.Contains(internal[a.Key], a.Value) {
			return ev(a.Key, a.Value), true
		}
	}
	return check.Evidence{}, false
}

// consoles are programs that administer something, by parts of the names of their
// services or images.
var consoles = words(
	"kubernetes-dashboard", "kubernetes-dashboard-kong-proxy", "headlamp", "octant", "lens", "weave-scope", "weave-scope-app", "rancher", "portainer", "k8s-dashboard", "skooner", "kubeapps", "kubesphere", "ks-console",
	"argocd-server", "argo-server", "argo-workflows-server", "argo-rollouts-dashboard", "tekton-dashboard", "jenkins", "spinnaker", "drone", "gocd-server", "weave-gitops",
	"grafana", "prometheus", "alertmanager", "thanos-query", "kibana", "opensearch-dashboards", "jaeger-query", "kiali", "hubble-ui", "goldpinger", "kubecost", "cost-analyzer", "opencost-ui",
	"longhorn-frontend", "rook-ceph-mgr-dashboard", "ceph-dashboard", "minio-console", "vault-ui", "consul-ui", "etcd", "traefik-dashboard", "kubeflow", "centraldashboard", "ml-pipeline-ui", "katib-ui",
	"jupyter", "jupyterhub", "jupyter-notebook", "airflow-webserver", "mlflow", "spark-history-server", "flink-jobmanager", "ray-dashboard", "nifi", "superset", "hue",
	"phpmyadmin", "adminer", "pgadmin", "pgadmin4", "mongo-express", "redis-commander", "redisinsight", "rabbitmq-management", "kafka-ui", "akhq", "cerebro", "flower", "selenium-hub", "chaos-dashboard", "polaris-dashboard",
)

var consolesClosed = ofService(check.Check{
	ID:    "sensitive-interface-exposed",
	Title: "Administration consoles are not exposed",
	Why: "A console administers for whoever reaches it, and many come without a login or with a known one: they are what scanners of the internet look for first. " +
		"Consoles are told by the names of services and of the images behind them. One behind an ingress that asks for a login passes; a login of its own does not count, since whether it is on does not show.",
	Remedy:   "Make the service a ClusterIP and reach it with kubectl port-forward, or put an ingress before it that asks for a login (nginx.ingress.kubernetes.io/auth-url, auth-tls-secret or its like).",
	Severity: check.High, STRIDE: "IE", Tier: 2,
	Refs:  refs("", "", "C-0021 C-0274 C-0256 C-0266", "", "exposed-services"),
	Needs: parts(snapshot.PartClusterWorkloads),
	Run: func(p *check.Probe) {
		out := gather(p)
		eachService(p, out, func(s *snapshot.Service) check.Verdict {
			e, is := console(p, s)
			switch {
			case !is:
				return check.Passed("it leads to no console that is known")
			case s.Type == nodePort, s.Type == loadBalancer, len(s.ExternalIPs) > 0:
				if a, ok := internalBalancer(s); ok {
					return check.Failed("a console is reached from the provider's private network", e, a).At(check.Medium)
				}
				return check.Failed("a console is reached from outside the cluster", e, at(ev("spec.type", s.Type), s.Loc))
			}
			return check.Passed("it leads to a console inside the cluster only", e)
		})
		eachIngress(p, out, func(g *snapshot.Ingress) check.Verdict { return judgeRoute(p, g) })
		out.report()
	},
})

// console says what shows that a service leads to a console.
func console(p *check.Probe, s *snapshot.Service) (check.Evidence, bool) {
	if w, ok := nameHas(s.Name, consoles); ok {
		return ev("name", w), true
	}
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != s.Scope || w.Namespace != s.Namespace || !selects(s.Selector, w.Labels) {
			continue
		}
		for _, c := range p.Snapshot.PodSpecs[w.Spec].Containers {
			repository := snapshot.ParseReference(c.Image).Repository
			if _, ok := nameHas(repository[strings.LastIndexByte(repository, '/')+1:], consoles); ok && c.Kind == snapshot.AppContainer {
				return ev("image", c.Image), true
			}
		}
	}
	return check.Evidence{}, false
}

// asksLogin are parts of the names of annotations by which an ingress asks for a
// login.
var asksLogin = words("auth-url", "auth-signin", "auth-type", "auth-tls-secret", "auth-tls-verify-client", "auth-secret", "forward-auth", "oauth2", "oidc", "iap")

func judgeRoute(p *check.Probe, g *snapshot.Ingress) check.Verdict {
	var leads []check.Evidence
	for _, b := range g.Backends {
		name, rest, qualified := strings.Cut(b, ".") // a host of a mesh: NAME.NAMESPACE.svc…
		namespace := g.Namespace
		if qualified {
			namespace, _, _ = strings.Cut(rest, ".")
		}
		svc := serviceNamed(p, namespace, name)
		if svc == nil {
			svc = &snapshot.Service{Scope: g.Scope, Namespace: namespace, Name: name}
		}
		if e, is := console(p, svc); is {
			leads = append(leads, at(ev("leads to "+b, e.Value), g.Loc))
		}
	}
	if len(leads) == 0 {
		return check.Passed("it leads to no console that is known")
	}
	for _, a := range g.Annotations {
		if _, ok := nameHas(a.Key, asksLogin); ok {
			return check.Passed("it leads to a console and asks for a login", append(some(leads), ev(a.Key, a.Value))...)
		}
	}
	return check.Failed("a console is reached from outside the cluster, and the "+strings.ToLower(g.Kind)+" asks for no login", some(leads)...)
}
