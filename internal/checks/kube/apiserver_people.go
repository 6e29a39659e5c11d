package kube

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// components that sign in by certificate and are no people, as kubeadm names them.
var componentNames = check.Param{
	Name: "component_names", Unit: "list", Meaning: "subjects that are components",
	Default: []string{"kubernetes-admin", "kubernetes-super-admin", "kube-apiserver-kubelet-client", "kube-apiserver-etcd-client", "front-proxy-client", "kube-etcd-healthcheck-client"},
}

// apiPeople are the rows about how people and machines are known.
var apiPeople = []row{
	{
		id: "user-client-certs-avoided", title: "People do not sign in with client certificates", sev: check.Medium, stride: "SR", n111: "3.1.1", n112: "3.1.1",
		why:    "The API knows no revocation: a certificate that leaks, or whose owner left, stays valid until it expires. Kubeconfigs that were read, signing requests and bindings show whom certificates name.",
		remedy: "Let people sign in through an identity provider, and delete their certificates. Until they expire, take the names out of every binding.",
		params: []check.Param{componentNames},
		run:    peopleCertificates,
	},
	{
		id: "user-service-account-tokens-avoided", title: "People do not sign in with service account tokens", sev: check.Medium, stride: "SR", n111: "3.1.2", n112: "3.1.2",
		why:    "A token that is stored for a service account never expires, and the log names the account instead of the person.",
		remedy: "Give people an identity of their own, delete secrets of the type service-account-token that no workload mounts, and take tokens out of kubeconfigs.",
		run:    accountTokens,
	},
	{
		id: "bootstrap-tokens-avoided", title: "Bootstrap tokens exist only during node joins", sev: check.Medium, stride: "S", n111: "3.1.3", n112: "3.1.3",
		why:    "Who has such a token may ask for the certificate of a node. It is meant for the minutes of a join.",
		remedy: "Delete the token (kubeadm token delete) and make a new one with a short life for the next join.",
		params: []check.Param{{Name: "max_lifetime", Unit: "hours", Default: []string{"24"}, Meaning: "time to expiration"}},
		run:    bootstrapTokens,
	},
	{
		id: "cert-no-revocation-compensated", title: "A CA rotation plan answers certificates that cannot be revoked", sev: check.Medium, stride: "SR", tier: 3,
		why:    "No release can revoke a client certificate, so the only answer to a stolen one is another CA. That takes hours to days with a plan, and longer without.",
		remedy: "Write down and try how the client CA is rotated, and answer in plimsoll.yaml under answers with status, owner, date and where the plan is.",
		byHand: "It is a plan that people make and try.",
		params: []check.Param{{Name: "max_record_age", Unit: "days", Default: []string{"365"}, Meaning: "age of the dated record"}},
		run: func(c *comp) check.Verdict {
			limit := c.p.Int("max_record_age")
			a, ok := c.p.Answer()
			if !ok {
				return check.Undecided(snapshot.ReasonUndeclared, "no record says how the client CA is rotated after a theft")
			}
			if c.p.Now.Sub(a.Date) > hours(24*min(limit, 36500)) {
				return check.Undecided(snapshot.ReasonUndeclared, fmt.Sprintf("the record of %s is older than %d days", a.Date.Format(time.DateOnly), limit), ev("answered by "+a.Owner, a.Date.Format(time.DateOnly)))
			}
			return check.Verdict{Status: check.Manual, Message: "how is the client CA rotated after a theft, and when was it tried?"}
		},
	},
	{
		id: "user-auth-through-idp", title: "People sign in through an identity provider", sev: check.Medium, stride: "S", tier: 2,
		why:    "Only an identity provider knows who still works here, asks for a second factor, and ends sessions.",
		remedy: "Configure a JWT issuer in --authentication-config (or --oidc-issuer-url), bind its groups, and stop giving people certificates and tokens.",
		byHand: "Which provider, and whom its groups let in, people decide.",
		params: []check.Param{componentNames},
		run:    identityProvider,
	},
	{
		id: "apiservice-aggregation-trusted", title: "Aggregated APIs are verified and trusted", sev: check.High, stride: "ST", tier: 2, surface: model.SurfacePolicyEnforcement,
		why:    "An aggregated API gets the requests of its group in full, with the user's name. Not verified, anyone in between can be it; outside the cluster's own namespaces, whoever owns its namespace can.",
		remedy: "Give the APIService a caBundle instead of insecureSkipTLSVerify, and keep its service in a namespace that only administrators may write to.",
		run:    aggregated,
	},
	{
		id: "outdated-k8s-version", title: "The cluster release is maintained", sev: check.High, stride: "E", surface: model.SurfacePolicyEnforcement,
		why:    "Only the three newest minor releases get security fixes. Kubelets may lag three behind the API server and must not be ahead of it.",
		remedy: "Update the control plane one minor release at a time, then the kubelets.",
		byHand: "An update moves every component; it needs a plan and a backup of etcd.",
		run:    maintained,
	},
	{
		id: "control-plane-endpoint-private", title: "The API endpoint is private", sev: check.High, stride: "SDE", zone: model.ZoneCloud, surface: model.SurfaceCloudLink,
		why:     "An API server that the internet reaches is scanned within minutes, and every flaw and leaked credential can be used from anywhere. Every address by which it is advertised or named is looked at; names count as what they resolved to.",
		remedy:  "Advertise a private address, put the load balancer on an internal network, and switch the public endpoint of a managed cluster off.",
		byHand:  "Clients that use the address now would be cut off.",
		covered: []string{"control-plane-endpoint-restricted"},
		run:     private,
	},
	{
		id: "control-plane-endpoint-restricted", title: "The API endpoint accepts declared networks only", sev: check.High, stride: "SDE", zone: model.ZoneCloud, surface: model.SurfaceCloudLink,
		why:    "Where the endpoint must be public, a packet filter or the provider's list of networks keeps everyone else out.",
		remedy: "Limit the port to the networks that need it, in the host's firewall or the provider's list of authorized networks.",
		byHand: "Who is left out of the list is cut off.",
		run: func(c *comp) check.Verdict {
			v := private(c)
			if v.Status == check.Pass {
				return v
			}
			return restricted(c, v)
		},
		params: []check.Param{{Name: "declared_networks", Unit: "list", Meaning: "networks that the provider's list lets reach the endpoint"}},
	},
}

// isPerson reports whether the name in a certificate is not one of a component.
func isPerson(name string, components []string) bool {
	return name != "" && !strings.HasPrefix(name, "system:") && !slices.Contains(components, name)
}

// certificatePeople gathers the people whom client certificates name.
func certificatePeople(c *comp) shared.Hits {
	names, _ := c.p.List("component_names")
	var hits shared.Hits
	for i := range c.p.Snapshot.Certificates {
		x := &c.p.Snapshot.Certificates[i]
		if x.Cluster == c.Scope && x.In != "" && x.N == 0 && isPerson(x.Subject, names) {
			hits.Add(ev("certificate in "+x.Path, x.Subject+", until "+x.Until.Format(time.DateOnly)))
		}
	}
	for i := range c.p.Snapshot.CSRs {
		r := &c.p.Snapshot.CSRs[i]
		if r.Scope == c.Scope && r.Signer == "kubernetes.io/kube-apiserver-client" && r.Issued && isPerson(r.User, names) {
			hits.Add(ev("CertificateSigningRequest "+r.Name, r.User))
		}
	}
	return hits
}

func peopleCertificates(c *comp) check.Verdict {
	hits := certificatePeople(c)
	if hits.Any() {
		return hits.Failed("client certificates name people")
	}
	if provider(c) == nil && c.p.Part(snapshot.PartClusterRBAC).State == snapshot.Observed {
		for i := range c.p.Snapshot.Bindings {
			b := &c.p.Snapshot.Bindings[i]
			for _, s := range b.Subjects {
				if names, _ := c.p.List("component_names"); b.Scope == c.Scope && s.Kind == "User" && isPerson(s.Name, names) {
					hits.Add(ev("binding "+b.Name, "User "+s.Name))
				}
			}
		}
		if hits.Any() {
			return hits.Failed("bindings name users, and only certificates can sign in as such")
		}
	}
	for _, part := range []snapshot.Part{snapshot.PartClusterCSRs, snapshot.PartClusterRBAC, snapshot.PartNodePKI} {
		if st := c.p.Part(part); st.State != snapshot.Observed || st.Reason != snapshot.ReasonNone {
			return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State)), "no certificate that was seen names a person; "+string(part)+" was not seen whole")
		}
	}
	return check.Passed("no certificate, request or binding that was seen names a person")
}

func accountTokens(c *comp) check.Verdict {
	var hits shared.Hits
	for i := range c.p.Snapshot.Kubeconfigs {
		k := &c.p.Snapshot.Kubeconfigs[i]
		for _, u := range k.Users {
			if k.Cluster == c.Scope && u.ServiceAccount {
				hits.Add(ev("kubeconfig "+k.Path, "user "+u.Name+" is a service account"))
			}
		}
	}
	used := mountedAccounts(c)
	for i := range c.p.Snapshot.Secrets {
		s := &c.p.Snapshot.Secrets[i]
		if s.Scope == c.Scope && s.Type == "kubernetes.io/service-account-token" && !used[s.Namespace+"/"+s.Account] {
			hits.Add(ev("Secret "+s.Namespace+"/"+s.Name, "token of "+s.Account))
		}
	}
	if hits.Any() {
		return hits.Failed("tokens of service accounts are kept where people use them")
	}
	for _, part := range []snapshot.Part{snapshot.PartClusterSecrets, snapshot.PartNodePKI} {
		if st := c.p.Part(part); st.State != snapshot.Observed || st.Reason != snapshot.ReasonNone {
			return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State)), "no kubeconfig that was seen holds such a token; "+string(part)+" was not seen whole")
		}
	}
	return check.Passed("no kubeconfig holds such a token and none is stored unused")
}

// mountedAccounts are the accounts that workloads run as.
func mountedAccounts(c *comp) map[string]bool {
	out := make(map[string]bool)
	for i := range c.p.Snapshot.Workloads {
		w := &c.p.Snapshot.Workloads[i]
		if w.Scope == c.Scope && w.Spec >= 0 && w.Spec < len(c.p.Snapshot.PodSpecs) {
			out[w.Namespace+"/"+cmp.Or(c.p.Snapshot.PodSpecs[w.Spec].ServiceAccount, "default")] = true
		}
	}
	return out
}

func bootstrapTokens(c *comp) check.Verdict {
	if v, seen := c.p.Need(snapshot.PartClusterSecrets); !seen {
		return v
	}
	var tokens []string
	var old shared.Hits
	limit := hours(c.p.Int("max_lifetime"))
	for i := range c.p.Snapshot.Secrets {
		if s := &c.p.Snapshot.Secrets[i]; s.Scope == c.Scope && s.Type == "bootstrap.kubernetes.io/token" {
			tokens = append(tokens, s.Name)
			if made, err := time.Parse(time.RFC3339, s.Created); err == nil && cmp.Or(c.p.Scope.Taken, c.p.Snapshot.Taken).Sub(made) > limit {
				old.Add(ev("Secret kube-system/"+s.Name, "made "+s.Created))
			}
		}
	}
	if old.Any() {
		return old.Failed("bootstrap tokens are older than they may live, and still there")
	}
	if len(tokens) == 0 {
		return check.Passed("no bootstrap token exists")
	}
	return check.Undecided(snapshot.ReasonNotCollected, "bootstrap tokens exist; their expiration is not in the evidence", ev("Secrets in kube-system", strings.Join(tokens, ", ")))
}

// provider is the evidence of an identity provider, or nil.
func provider(c *comp) []check.Evidence {
	for _, name := range []string{"oidc-issuer-url", "authentication-token-webhook-config-file"} {
		if f := c.flag(name, ""); f.set && (f.value != "" || f.missing != "") {
			return []check.Evidence{f.ev()}
		}
	}
	if c.API != nil && c.API.Authentication.Known() && len(c.API.Authentication.V.Issuers) > 0 {
		return []check.Evidence{ev("JWT issuers of --authentication-config", strings.Join(c.API.Authentication.V.Issuers, ", "))}
	}
	return nil
}

func identityProvider(c *comp) check.Verdict {
	e := provider(c)
	if e == nil {
		for _, name := range []string{"authentication-config", "oidc-issuer-url"} {
			f := c.flag(name, "")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			if name == "authentication-config" && f.value != "" && (c.API == nil || !c.API.Authentication.Known()) {
				return unread(c, name, f.ev())
			}
		}
		return check.Failed("no identity provider is configured", ev("--oidc-issuer-url, JWT issuers, token webhook", "not set"))
	}
	hits := certificatePeople(c)
	if hits.Any() {
		return hits.Failed("a provider is configured, and people hold certificates beside it")
	}
	if st := c.p.Part(snapshot.PartClusterCSRs); st.State != snapshot.Observed {
		return check.Undecided(snapshot.ReasonNotCollected, "a provider is configured; whether people sign in otherwise too was not collected ("+string(snapshot.PartClusterCSRs)+")", e...)
	}
	return check.Passed("people sign in through a provider", e...).Note("whether it asks for a second factor only its own records tell")
}

func aggregated(c *comp) check.Verdict {
	if v, seen := c.p.Need(snapshot.PartClusterAdmission); !seen {
		return v
	}
	var hits shared.Hits
	for i := range c.p.Snapshot.Webhooks {
		w := &c.p.Snapshot.Webhooks[i]
		if w.Scope != c.Scope || w.Kind != "APIService" {
			continue
		}
		namespace, _, _ := strings.Cut(w.Service, "/")
		switch {
		case w.Insecure:
			hits.Add(ev("APIService "+w.Object, "its certificate is not verified"))
		case w.Service != "" && !snapshot.SystemNamespace(namespace):
			hits.Add(ev("APIService "+w.Object, "served from "+w.Service))
		}
	}
	if hits.Any() {
		return hits.Failed("aggregated APIs are not verified, or come from namespaces that are not the cluster's own")
	}
	return check.Passed("aggregated APIs are verified and come from the cluster's own namespaces")
}
