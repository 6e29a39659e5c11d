package admission

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// verifiers are parts of the names of programs that verify images on admission.
var verifiers = []string{"sigstore", "cosign", "connaisseur", "ratify", "portieris", "notation", "image-policy", "imagepolicy", "binary-authorization", "binauthz", "verify-image"}

// verifierKinds are kinds of policies that verify images and nothing else.
var verifierKinds = []string{"ImageValidatingPolicy", "ClusterImagePolicy", "NamespacedImageValidatingPolicy"}

// imagePlugin asks a program outside about every image.
const imagePlugin = "ImagePolicyWebhook"

var provenance = of(check.Check{
	ID:    "image-provenance-admission",
	Title: "Only verified images are admitted",
	Why: "Without a check of signatures or provenance on admission, whoever can push to a registry, or make a pod, chooses the code that runs. " +
		"What verifies is known by its name: the policy controller of Sigstore, Connaisseur, Ratify, Portieris, Kyverno's image policies, the API server's ImagePolicyWebhook.",
	Remedy:   "Install a controller that verifies signatures, give it policies for the registries you use, let it fail closed, and let its webhook cover every namespace but those of Kubernetes.",
	Severity: check.High, STRIDE: "ST", Tier: 1,
	Refs:  append(check.CISK8s(2, "5.5.1", "5.5.1"), shared.PeerRefs("C-0289 C-0236 C-0237", "", "")...),
	Needs: []snapshot.Part{snapshot.PartClusterNamespaces},
	Run:   verified,
})

func verified(p *check.Probe) {
	among := governed(p)
	if len(among) == 0 {
		p.Report(check.Inapplicable("there are only namespaces of Kubernetes itself"), p.Self())
		return
	}
	found := false
	for _, h := range hooks(p) {
		if h.admits() && h.known(verifiers) && aboutPods(&h) {
			found = true
			p.Report(verifies(p, &h, among), h.subject)
		}
	}
	for _, r := range policies(p) {
		if slices.Contains(verifierKinds, r.Kind) {
			found = true
			p.Report(check.Undecided(snapshot.ReasonUnresolved, "it verifies images; which ones and where is not worked out here"), r.subject)
		}
	}
	if found {
		return
	}
	if plugin := imageWebhook(p); plugin {
		p.Report(check.Undecided(snapshot.ReasonUnresolved, "the API server asks a program about images; what that verifies is not seen", ev("--enable-admission-plugins", imagePlugin)), p.Self())
		return
	}
	p.Report(missing(p, "nothing verifies images"), p.Self())
}

func imageWebhook(p *check.Probe) bool {
	for i := range p.Snapshot.Components {
		c := &p.Snapshot.Components[i]
		if plugins, _ := c.FlagList("enable-admission-plugins"); c.Scope == p.Scope.ID && c.Name == snapshot.APIServer && slices.Contains(plugins, imagePlugin) {
			return true
		}
	}
	return false
}

func verifies(p *check.Probe, h *hook, among []*snapshot.Namespace) check.Verdict {
	own, _, _ := strings.Cut(h.Service, "/")
	among = slices.DeleteFunc(slices.Clone(among), func(n *snapshot.Namespace) bool { return n.Name == own })
	out := left(p, &h.Namespaces, among)
	shown := ev("namespaceSelector", selector(&h.Namespaces))
	switch {
	case !asked(h.Rules, createPod):
		return check.Failed("it is not asked about pods", ev("rules", ruleText(h.Rules)))
	case len(out) > 0:
		return check.Failed("it is not asked about "+few(out), shown)
	case !h.Objects.Empty():
		return check.Failed("labels that a tenant may set decide whether it is asked", ev("objectSelector", selector(&h.Objects)))
	case !h.Fail:
		return check.Failed("it lets pods through while its program does not answer", ev("failurePolicy", "Ignore"))
	case len(h.Conditions) > 0:
		return conditional(h.Conditions)
	}
	return check.Passed("it is asked about the pods of every namespace, and fails closed", shown).Note("which images its policies let through is theirs to say")
}
