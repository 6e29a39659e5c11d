package admission

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// judge asks the predicate of the webhooks for which which holds.
func judge(p *check.Probe, which func(*hook) bool, none string, predicate func(*hook) check.Verdict) {
	found := false
	for _, h := range hooks(p) {
		if which(&h) {
			found = true
			p.Report(predicate(&h), h.subject)
		}
	}
	if !found {
		p.Report(check.Inapplicable(none), p.Self())
	}
}

var failClosed = of(check.Check{
	ID:    "webhook-failure-policy",
	Title: "Security webhooks fail closed",
	Why: "A webhook with the failure policy Ignore lets everything through while its program does not answer, and an attacker can bring that about. " +
		"Counted are webhooks of programs that are known to enforce policy, and those that validate pods or what makes them.",
	Remedy:   "Set failurePolicy: Fail on the webhook, exempt the system namespaces, and run at least two replicas of its program.",
	Severity: check.Medium, STRIDE: "TD", Tier: 2,
	Refs: shared.PeerRefs("C-0036 C-0039", "", ""),
	Run: func(p *check.Probe) {
		judge(p, (*hook).security, "no webhook enforces security", func(h *hook) check.Verdict {
			if h.Fail {
				return check.Passed("it refuses requests while its program does not answer", ev("failurePolicy", "Fail"))
			}
			return check.Failed("it lets requests through while its program does not answer", ev("failurePolicy", "Ignore"))
		})
	},
})

var coverage = of(check.Check{
	ID:    "webhook-coverage",
	Title: "Security webhooks cover every way to make a pod",
	Why: "A webhook that is not asked about pods, or not about debug containers that join them, is gone around by making just those. " +
		"Labels of the objects are the tenant's: where a webhook is asked by them, the tenant decides whether it is. Templates need no webhook of their own as long as their pods are asked about.",
	Remedy: "Let the rules name pods with CREATE and pods/ephemeralcontainers with UPDATE, and the kinds that make pods so that users hear of it at once; " +
		"remove the object selector and select namespaces by kubernetes.io/metadata.name.",
	Severity: check.High, STRIDE: "E", Tier: 2,
	Run: func(p *check.Probe) {
		all := hooks(p)
		judge(p, func(h *hook) bool { return h.security() && aboutPods(h) }, "no security webhook is about pods", func(h *hook) check.Verdict { return covered(h, all) })
	},
})

// aboutPods reports whether a webhook is about pods or anything that makes them.
func aboutPods(h *hook) bool {
	return slices.ContainsFunc(slices.Concat(makePod, makeThrough), func(r request) bool { return asked(h.Rules, r) })
}

// covered judges a webhook together with those of the same configuration: they
// share the work.
func covered(h *hook, all []hook) check.Verdict {
	var rules []snapshot.WebhookRule
	for i := range all {
		if o := &all[i]; o.Object == h.Object && o.Kind == h.Kind && o.Objects.Empty() && len(o.Conditions) == 0 {
			rules = append(rules, o.Rules...)
		}
	}
	if !h.Objects.Empty() {
		return check.Failed("labels that a tenant may set decide whether it is asked", ev("objectSelector", selector(&h.Objects)))
	}
	if len(h.Conditions) > 0 {
		return conditional(h.Conditions)
	}
	var missing []string
	for _, r := range makePod {
		if !asked(rules, r) {
			missing = append(missing, r.words())
		}
	}
	if len(missing) > 0 {
		return check.Failed("nothing of its configuration is asked about "+strings.Join(missing, " or "), ev("rules", ruleText(h.Rules)))
	}
	out := check.Passed("its configuration is asked about pods and about containers that join them", ev("rules", ruleText(h.Rules)))
	if slices.ContainsFunc(makeThrough, func(r request) bool { return !asked(rules, r) }) {
		return out.Note("it is not asked about every kind that makes pods: those are taken, and their pods refused later")
	}
	return out
}

func ruleText(rules []snapshot.WebhookRule) string {
	var out []string
	for _, r := range rules {
		out = append(out, strings.Join(r.Operations, ",")+" "+few(r.Resources))
	}
	return few(out)
}

var timeout = of(check.Check{
	ID:       "webhook-timeout-short",
	Title:    "Webhook timeouts are short",
	Why:      "Each request that a webhook is asked about waits for it, as long as the timeout says. Webhooks on pods that answer slowly hold up every deployment, scaling and recovery.",
	Remedy:   "Set timeoutSeconds to 10 or less; the API server takes up to 30, and 10 when nothing is said.",
	Severity: check.Medium, STRIDE: "D", Tier: 2,
	Params: []check.Param{{Name: "max", Unit: "seconds", Default: []string{"10"}, Meaning: "longest wait"}},
	Run: func(p *check.Probe) {
		judge(p, func(h *hook) bool { return h.admits() && aboutPods(h) }, "no webhook is about pods or what makes them", func(h *hook) check.Verdict {
			seconds := h.Seconds
			if seconds == 0 {
				seconds = 10 // what the API server takes when nothing is said
			}
			if int64(seconds) > p.Int("max") {
				return check.Failed("requests wait for it too long", ev("timeoutSeconds", seconds))
			}
			return check.Passed("requests do not wait long for it", ev("timeoutSeconds", seconds))
		})
	},
})

var sparesSystem = of(check.Check{
	ID:    "webhook-excludes-system-namespaces",
	Title: "Fail-closed webhooks exempt system namespaces",
	Why: "A webhook that fails closed and is asked about kube-system, or about the namespace that its own program runs in, keeps the cluster from healing: the pods that would answer it are not admitted until it answers. " +
		"Counted are webhooks that are asked about something that such namespaces hold.",
	Remedy:   "Exempt kube-system and the program's namespace by a namespaceSelector on kubernetes.io/metadata.name, with NotIn.",
	Severity: check.Medium, STRIDE: "D", Tier: 2,
	Needs: []snapshot.Part{snapshot.PartClusterNamespaces},
	Run: func(p *check.Probe) {
		judge(p, func(h *hook) bool { return h.admits() && h.Fail && vital(h) }, "no webhook that fails closed is about what system namespaces need", func(h *hook) check.Verdict {
			return spares(p, h)
		})
	},
})

// vital reports whether a webhook is asked about what the namespaces of the cluster
// itself need: pods and their like, not objects of a program's own group.
func vital(h *hook) bool {
	return slices.ContainsFunc(h.Rules, func(r snapshot.WebhookRule) bool {
		if r.Scope == "Cluster" {
			return false
		}
		return slices.ContainsFunc([]string{"", "*", "apps", "batch", "coordination.k8s.io", "discovery.k8s.io"}, func(g string) bool { return slices.Contains(r.Groups, g) })
	})
}

func spares(p *check.Probe, h *hook) check.Verdict {
	must := []string{"kube-system"}
	if ns, _, ok := strings.Cut(h.Service, "/"); ok && ns != "kube-system" {
		must = append(must, ns)
	}
	var asksFor []string
	unsure := false
	for _, ns := range must {
		labels, known := labelsOf(p.Snapshot, p.Scope.ID, ns)
		if selects(&h.Namespaces, labels) {
			asksFor = append(asksFor, ns)
		}
		unsure = unsure || !known && !byNameOnly(&h.Namespaces)
	}
	shown := ev("namespaceSelector", selector(&h.Namespaces))
	switch {
	case unsure:
		return check.Undecided(snapshot.ReasonUnresolved, "it selects namespaces by labels, and those of "+strings.Join(must, " and ")+" were not seen", shown)
	case len(asksFor) > 0 && len(h.Conditions) > 0:
		return conditional(h.Conditions)
	case len(asksFor) > 0 && !h.Objects.Empty():
		return check.Failed("it is asked about objects of "+strings.Join(asksFor, " and ")+" that its object selector takes", shown, ev("objectSelector", selector(&h.Objects)))
	case len(asksFor) > 0:
		return check.Failed("it is asked about "+strings.Join(asksFor, " and "), shown)
	}
	return check.Passed("it is not asked about "+strings.Join(must, " and "), shown)
}

var redundant = of(check.Check{
	ID:       "webhook-backend-replicas",
	Title:    "Webhook backends are redundant",
	Why:      "Behind a webhook that fails closed a single pod, or a single node, is enough to stop changes to the cluster when it goes.",
	Remedy:   "Run two replicas or more of the program behind the webhook, kept on different nodes by anti-affinity or spread constraints, with a disruption budget.",
	Severity: check.Medium, STRIDE: "D", Tier: 2,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartClusterServices},
	Run: func(p *check.Probe) {
		judge(p, func(h *hook) bool { return h.admits() && h.Fail }, "no webhook fails closed", func(h *hook) check.Verdict { return backed(p, h) })
	},
})

func backed(p *check.Probe, h *hook) check.Verdict {
	if h.Service == "" {
		return check.Undecided(snapshot.ReasonUnresolved, "it is called by its address, and what stands behind that is not seen", ev("url", h.URL))
	}
	for i := range p.Snapshot.Services {
		s := &p.Snapshot.Services[i]
		if s.Scope != p.Scope.ID || s.Namespace+"/"+s.Name != h.Service {
			continue
		}
		shown := []check.Evidence{ev("Service "+h.Service, "")}
		shown[0].Value = plural(s.Ready, "ready endpoint") + " on " + plural(s.ReadyNodes, "node")
		switch {
		case s.Type == "ExternalName":
			return check.Undecided(snapshot.ReasonUnresolved, "its service stands for a name outside the cluster", ev("externalName", s.External))
		case s.Ready < 2:
			return check.Failed("one pod at most answers it", shown...)
		case s.ReadyNodes < 2:
			return check.Failed("the pods that answer it are on one node", shown...)
		}
		return check.Passed("several pods on several nodes answer it", shown...)
	}
	return check.Failed("its service does not exist, so that nothing answers", ev("service", h.Service)).At(check.High)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return itoa(n) + " " + word + "s"
}

var conversion = of(check.Check{
	ID:    "crd-conversion-webhook-trusted",
	Title: "Conversion webhooks are verified and trusted",
	Why: "A conversion webhook sees every object of its kind whenever it is read or written, and may change what comes of it. " +
		"Without a CA of its own the API server trusts the machine's; a program in a tenant's namespace is the tenant's.",
	Remedy:   "Set caBundle on the definition, and put the namespace that the program runs in on the list in plimsoll.yaml once you trust it.",
	Severity: check.Medium, STRIDE: "T", Tier: 2,
	Params: []check.Param{{Name: "allowed_namespaces", Unit: "list", Meaning: "namespaces whose programs may convert objects, beside those of Kubernetes"}},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_namespaces")
		judge(p, func(h *hook) bool { return h.Kind == definition }, "no definition has a conversion webhook", func(h *hook) check.Verdict {
			return trusted(p, h, allowed)
		})
	},
})

func trusted(p *check.Probe, h *hook, allowed []string) check.Verdict {
	ns, _, in := strings.Cut(h.Service, "/")
	switch {
	case !in:
		return check.Failed("it is outside the cluster", ev("url", h.URL))
	case !snapshot.SystemNamespace(ns) && !slices.Contains(allowed, ns):
		return check.Failed("it runs in a namespace that is neither Kubernetes' own nor on the list", ev("service", h.Service))
	case !h.CA && p.Scope.Kind == snapshot.ScopeFiles:
		return check.Undecided(snapshot.ReasonUnresolved, "the file has no caBundle; one may be put there after it is applied", ev("service", h.Service))
	case !h.CA:
		return check.Failed("it has no CA of its own", ev("caBundle", "not set"), ev("service", h.Service))
	}
	return check.Passed("it is verified by its own CA and runs where it should", ev("service", h.Service))
}
