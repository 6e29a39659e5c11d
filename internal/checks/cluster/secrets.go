package cluster

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

func eachSecret(p *check.Probe, predicate func(s *snapshot.Secret) check.Verdict) {
	out := gather(p)
	for i := range p.Snapshot.Secrets {
		if s := &p.Snapshot.Secrets[i]; s.Scope == p.Scope.ID {
			out.say(predicate(s), p.Index.SecretSubject(i))
		}
	}
	out.report()
}

// accountToken is the type of secrets that hold a token without an end.
const accountToken = "kubernetes.io/service-account-token" //nolint:gosec // the name of a type

var legacyTokens = &check.Check{
	ID:    "legacy-sa-token-secrets",
	Title: "No long-lived service account token is stored",
	Why: "A token in a secret never ends: whoever once read it, in a backup or a log, is that account for good. Programs get tokens that end by themselves since 1.22. " +
		"One that was made of late shows that somebody still makes them; one that nobody used for long only waits for a thief; an old one that is in use needs a plan. " +
		"The API server notes the day of last use in a label.",
	Remedy:   "Let pods use the token that the kubelet mounts, and others kubectl create token with a duration; delete the secret when nothing uses it any more (label kubernetes.io/legacy-token-last-used).",
	Severity: check.Medium, Subject: snapshot.KindSecret, Zone: model.ZoneControlPlane, Surface: model.SurfaceCredentials, STRIDE: "SR", Tier: 2,
	Forms: everywhere, Needs: parts(snapshot.PartClusterSecrets), Covered: words("user-service-account-tokens-avoided"),
	Params: []check.Param{
		{Name: "min_age", Unit: "days", Default: words("365"), Meaning: "stored tokens younger than this fail"},
		{Name: "last_used_within", Unit: "days", Default: words("90"), Meaning: "stored tokens unused for longer fail"},
	},
	Run: func(p *check.Probe) {
		eachSecret(p, func(s *snapshot.Secret) check.Verdict { return judgeToken(p, s) })
	},
}

func judgeToken(p *check.Probe, s *snapshot.Secret) check.Verdict {
	switch {
	case s.Type == "" && s.Account == "" && !inFiles(p): // of metadata alone; tokens carry their account in an annotation
		return check.Passed("it is no token of a service account")
	case s.Type != accountToken && s.Account == "":
		return check.Passed("it is no token of a service account")
	}
	account := at(ev("service account", s.Namespace+"/"+s.Account), s.Loc)
	if inFiles(p) {
		return check.Failed("it asks for a token that never ends", account)
	}
	young, window := p.Int("min_age"), p.Int("last_used_within")
	old, age, known := older(p, s.Created, young-1)
	if !known {
		return check.Undecided(snapshot.ReasonNotCollected, "it holds a token that never ends, and when it was made is not said", account)
	}
	if !old {
		return check.Failed(fmt.Sprintf("it holds a token that never ends and was made %d days ago", age), account, ev("created", s.Created))
	}
	unused, idle, used := older(p, s.LastUsed, window)
	switch {
	case !used:
		return check.Failed("it holds a token that never ends, and nobody is noted to have used it", account, ev("last used", "not set"))
	case unused:
		return check.Failed(fmt.Sprintf("it holds a token that never ends and was last used %d days ago", idle), account, ev("last used", s.LastUsed))
	}
	return check.Passed("it holds an old token that is still in use", account, ev("last used", s.LastUsed)).Note("a token without an end should be replaced all the same")
}

var rotated = &check.Check{
	ID:    "secret-immutable-or-rotated",
	Title: "Sensitive secrets are rotated",
	Why: "A password that is never changed is good for whoever ever saw it. The age of the object is what shows: data that was replaced in it does not make it younger, so that an old secret may have been rotated. " +
		"One that is immutable cannot have been.",
	Remedy:   "Make secrets anew under another name on each rotation (immutable: true, and a hash in the name, as kustomize does), or let an operator fetch them from a store that rotates.",
	Severity: check.Low, Subject: snapshot.KindSecret, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "T", Tier: 2,
	Forms: live, Needs: parts(snapshot.PartClusterSecrets),
	Params: []check.Param{
		{Name: "max_age", Unit: "days", Default: words("365"), Meaning: "age of a sensitive secret"},
		{Name: "sensitive_selector", Unit: "list", Default: words("type=Opaque", "type=kubernetes.io/basic-auth", "type=kubernetes.io/dockerconfigjson"), Meaning: "secrets that count as sensitive, as type=TYPE; * stands for anything"},
	},
	Run: func(p *check.Probe) {
		selectors, _ := p.List("sensitive_selector")
		var types []string
		for _, s := range selectors {
			types = append(types, strings.TrimPrefix(s, "type="))
		}
		eachSecret(p, func(s *snapshot.Secret) check.Verdict { return judgeRotation(p, s, types) })
	},
}

func judgeRotation(p *check.Probe, s *snapshot.Secret, types []string) check.Verdict {
	switch {
	case s.Account != "":
		return check.Inapplicable("tokens of service accounts are judged by themselves")
	case s.Type == "":
		return check.Undecided(snapshot.ReasonNotCollected, "only its metadata was read, which does not tell its type")
	case !listed(types, s.Type):
		return check.Inapplicable("the policy does not count its type as sensitive")
	}
	most := p.Int("max_age")
	old, age, known := older(p, s.Created, most)
	switch {
	case !known:
		return check.Undecided(snapshot.ReasonNotCollected, "when it was made is not said")
	case !old:
		return check.Passed(fmt.Sprintf("it is not older than %d days", most))
	}
	out := check.Failed(fmt.Sprintf("it was made %d days ago", age), ev("created", s.Created), ev("type", s.Type))
	if !s.Immutable {
		return out.Note("its data may have been replaced since: the object's age does not show that")
	}
	return out
}

var externalStore = ofNamespace(check.Check{
	ID:    "external-secret-store",
	Title: "Secrets come from an external store",
	Why: "A secret of Kubernetes lies in etcd and in its backups, and whoever may read secrets of the namespace has it. A store outside keeps, rotates and logs; " +
		"encryption with a key management service at least keeps it from whoever gets hold of the disk. The store is told by the resources that the cluster serves, by volumes of its driver and by its webhook.",
	Remedy:   "Install the External Secrets Operator, the Secrets Store CSI driver or the injector of your vault, or configure the API server to encrypt secrets with a KMS provider.",
	Severity: check.Low, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "I", Tier: 1,
	Refs:  refs("5.4.2", "5.4.2", "C-0208 C-0234", "", ""),
	Needs: parts(snapshot.PartClusterSecrets),
	Run: func(p *check.Probe) {
		store, integrated := secretStore(p)
		judgeTenants(p, func(s *space) check.Verdict { return s.stored(store, integrated) })
	},
})

// storeGroups are the API groups of stores.
var storeGroups = map[string]string{ //nolint:gosec // names of API groups
	"external-secrets.io": "External Secrets", "secrets-store.csi.x-k8s.io": "Secrets Store CSI driver", "secrets.hashicorp.com": "Vault Secrets Operator",
	"kubernetes-client.io": "Kubernetes External Secrets", "secrets.doppler.com": "Doppler", "onepassword.com": "1Password", "secrets.infisical.com": "Infisical", "akeyless.io": "Akeyless",
}

// secretStore finds a store that is tied to the cluster.
func secretStore(p *check.Probe) (check.Evidence, bool) {
	for _, r := range cluster(p).Served {
		group, _, _ := strings.Cut(r.GroupVersion, "/")
		if name := storeGroups[group]; name != "" {
			return ev(name, r.GroupVersion), true
		}
	}
	for i := range p.Snapshot.Definitions {
		if d := &p.Snapshot.Definitions[i]; d.Scope == p.Scope.ID && storeGroups[d.Group] != "" {
			return at(ev(storeGroups[d.Group], d.Name), d.Loc), true
		}
	}
	for i := range p.Snapshot.Webhooks {
		if w := &p.Snapshot.Webhooks[i]; w.Scope == p.Scope.ID && w.Kind == "MutatingWebhookConfiguration" && (strings.Contains(w.Object, "vault") || strings.Contains(w.Object, "secrets-injector")) {
			return at(ev(w.Kind, w.Object), w.Loc), true
		}
	}
	for _, c := range apiServers(p) {
		if c.API == nil {
			continue
		}
		for _, r := range c.API.Encryption.V {
			if len(r.Providers) > 0 && strings.HasPrefix(r.Providers[0], "kms") && slices.ContainsFunc(r.Resources, func(s string) bool { return s == "secrets" || strings.HasPrefix(s, "*.") }) {
				return ev("EncryptionConfiguration", strings.Join(r.Resources, ",")+" by "+r.Providers[0]), true
			}
		}
	}
	return check.Evidence{}, false
}

// encryptionSeen reports whether it shows how every API server that was seen
// encrypts what it stores: by no configuration, or by one that was read.
func encryptionSeen(p *check.Probe) bool {
	list := apiServers(p)
	return len(list) > 0 && !slices.ContainsFunc(list, func(c *snapshot.Component) bool {
		_, given := c.Flag("encryption-provider-config")
		read := c.API != nil && c.API.Encryption.State == snapshot.Observed
		return !read && (given || c.Flags.State != snapshot.Observed)
	})
}

// ownTypes are types of secrets that Kubernetes and Helm make for themselves.
var ownTypes = words(accountToken, "bootstrap.kubernetes.io/token", "helm.sh/release.v1")

func (s *space) stored(store check.Evidence, integrated bool) check.Verdict {
	var own []check.Evidence
	for i := range s.p.Snapshot.Secrets {
		v := &s.p.Snapshot.Secrets[i]
		if v.Scope == s.Scope && v.Namespace == s.Name && !slices.Contains(ownTypes, v.Type) && v.Account == "" {
			own = append(own, at(ev("Secret", v.Name), v.Loc))
		}
	}
	for _, i := range s.workloads {
		for _, v := range s.p.Snapshot.PodSpecs[s.p.Snapshot.Workloads[i].Spec].Volumes {
			if v.Type == "csi" && strings.HasPrefix(v.Source, "secrets-store.csi") {
				return check.Passed("its pods get secrets from a store", ev("volume "+v.Name, v.Source))
			}
		}
	}
	switch {
	case len(own) == 0:
		return check.Inapplicable("it holds no secrets of its own")
	case integrated:
		return check.Passed("a store outside, or a key management service, is tied to the cluster", store)
	case inFiles(s.p):
		return check.Undecided(snapshot.ReasonStatic, "its secrets are in manifests; whether the cluster encrypts them with a key management service does not show", some(own)...)
	case !encryptionSeen(s.p):
		return check.Undecided(snapshot.ReasonNotCollected, "no store is tied to the cluster, and how the API server encrypts secrets was not seen: run on a control plane node", some(own)...)
	}
	return check.Failed("its secrets are in the cluster alone, and no key management service encrypts them", some(own)...)
}
