package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// staticKeys are names by which programs take long-lived keys of providers.
var staticKeys = words(
	"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "aws_secret_access_key", "aws-secret-access-key", "secretAccessKey", "secret-access-key",
	"AZURE_CLIENT_SECRET", "AZURE_STORAGE_KEY", "AZURE_STORAGE_CONNECTION_STRING", "ARM_CLIENT_SECRET", "azurestorageaccountkey", "aadClientSecret",
	"GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS_JSON", "GCP_SERVICE_ACCOUNT_KEY", "gcp-credentials.json", "service-account.json", "service_account.json", "key.json", "gcloud-service-key",
	"DIGITALOCEAN_ACCESS_TOKEN", "HCLOUD_TOKEN", "LINODE_TOKEN", "ALICLOUD_SECRET_KEY", "OS_PASSWORD",
)

func staticKey(name string) bool {
	return slices.ContainsFunc(staticKeys, func(k string) bool { return strings.EqualFold(k, name) })
}

// keyEvidence finds long-lived keys of providers in secrets, config maps and the
// environment of pods. mounted is whether variables that come from a secret count.
func keyEvidence(p *check.Probe) (found []check.Evidence, looked int) {
	for i := range p.Snapshot.Secrets {
		s := &p.Snapshot.Secrets[i]
		if s.Scope != p.Scope.ID {
			continue
		}
		looked++
		for _, k := range s.Keys {
			if staticKey(k.Name) && k.Len > 0 {
				found = append(found, at(ev("Secret "+s.Namespace+"/"+s.Name, "key "+k.Name), s.Loc))
			}
		}
	}
	for i := range p.Snapshot.ConfigMaps {
		m := &p.Snapshot.ConfigMaps[i]
		if m.Scope != p.Scope.ID {
			continue
		}
		looked++
		for _, k := range append(slices.Clone(m.Keys), m.Inside...) {
			_, _, name := inside(k.Name)
			if name == "" {
				name = k.Name
			}
			if staticKey(name) && k.Len > 0 {
				found = append(found, at(ev("ConfigMap "+m.Namespace+"/"+m.Name, "key "+k.Name), m.Loc))
			}
		}
	}
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID {
			continue
		}
		looked++
		for _, c := range p.Snapshot.PodSpecs[w.Spec].Containers {
			for _, e := range c.Env {
				if staticKey(e.Name) && (e.From != nil && (e.From.Kind == "secret" || e.From.Kind == "configMap") || e.From == nil && e.Len > 0) {
					found = append(found, at(ev(w.Kind+" "+w.Namespace+"/"+w.Name, "variable "+e.Name), w.Loc))
				}
			}
		}
	}
	return found, looked
}

var objectsOfKeys = parts(snapshot.PartClusterSecrets, snapshot.PartClusterConfigMaps, snapshot.PartClusterWorkloads)

// keysUnseen reports whether there are secrets whose keys were not read: where only
// metadata may be, they have none, and few secrets are really empty.
func keysUnseen(p *check.Probe) bool {
	return slices.ContainsFunc(p.Snapshot.Secrets, func(s snapshot.Secret) bool {
		return s.Scope == p.Scope.ID && len(s.Keys) == 0 && (s.Type == "" || s.Type == "Opaque")
	})
}

var keysNotStatic = ofCloud(check.Check{
	ID:       "cloud-credentials-not-static",
	Title:    "No static cloud key is used by cluster components",
	Why:      "A long-lived key of the provider in the cluster works from anywhere, for whoever once read it, until somebody thinks of changing it. Keys are told by the names that programs take them by; values are never looked into.",
	Remedy:   "Give workloads federated identities (IAM roles for service accounts or pod identity, workload identity), delete the key at the provider, then the secret.",
	Severity: check.High, STRIDE: "T",
	Needs: objectsOfKeys,
	Run: func(p *check.Probe) {
		found, looked := keyEvidence(p)
		switch {
		case len(found) > 0:
			p.Report(check.Failed("long-lived keys of a provider are in the cluster", some(found)...), p.Self())
		case looked == 0:
			p.Report(check.Inapplicable("there is no secret, config map or workload"), p.Self())
		case keysUnseen(p):
			p.Report(check.Undecided(snapshot.ReasonNotCollected, "no key was found where it was looked for, but of secrets only metadata was read, which does not name their keys"), p.Self())
		default:
			p.Report(check.Passed("no key of a provider is among the names in secrets, config maps and variables"), p.Self())
		}
	},
})

var federated = ofCloud(check.Check{
	ID:    "workload-identity-used",
	Title: "Workloads use federated cloud identities",
	Why: "A workload with a federated identity gets credentials that end within the hour and are its own; without one it uses a static key, or the identity of the node that it shares with all. " +
		"Identities show as annotations of service accounts; pod identities of EKS do not show in the cluster, nor does what a role trusts.",
	Remedy:   "Annotate the service account of the workload with its role or identity (eks.amazonaws.com/role-arn, iam.gke.io/gcp-service-account, azure.workload.identity/client-id), pin namespace and account in its trust, and remove static keys.",
	Severity: check.Medium, STRIDE: "SI",
	Forms: everywhere,
	Refs:  refs("", "", "C-0225", "", ""),
	Needs: append(parts(snapshot.PartClusterAccounts), objectsOfKeys...),
	Run:   func(p *check.Probe) { p.Report(judgeFederated(p), p.Self()) },
})

func judgeFederated(p *check.Probe) check.Verdict {
	found, _ := keyEvidence(p)
	if v, ok := onCloud(p); !ok && (len(found) == 0 || !inFiles(p)) {
		return v
	}
	var tied []check.Evidence
	for i := range p.Snapshot.ServiceAccounts {
		if a := &p.Snapshot.ServiceAccounts[i]; a.Scope == p.Scope.ID && len(a.Cloud) > 0 {
			tied = append(tied, at(ev("ServiceAccount "+a.Namespace+"/"+a.Name, a.Cloud[0].Key), a.Loc))
		}
	}
	if len(found) > 0 {
		return check.Failed("workloads have static keys of a provider", some(found)...)
	}
	return fact(p, "do workloads that call the provider use federated identities, whose roles pin namespace and account?", some(tied)...)
}

var awsAuth = ofCloud(check.Check{
	ID:       "eks-aws-auth-mapping",
	Title:    "EKS identity mappings grant no broad administration",
	Why:      "The config map aws-auth makes roles of AWS members of groups of the cluster. With system:masters for a role that nodes or many people have, each of them is administrator past every binding. Access entries do not show in the cluster.",
	Remedy:   "Move to access entries (authenticationMode API), map people to groups with bindings of their own, and remove system:masters from every mapping.",
	Severity: check.High, STRIDE: "SE",
	Forms: everywhere,
	Refs:  refs("", "", "C-0232 C-0285", "", ""),
	Needs: parts(snapshot.PartClusterConfigMaps),
	Run:   func(p *check.Probe) { p.Report(judgeMapping(p), p.Self()) },
})

func judgeMapping(p *check.Probe) check.Verdict {
	var masters, all []check.Evidence
	for i := range p.Snapshot.ConfigMaps {
		m := &p.Snapshot.ConfigMaps[i]
		if m.Scope != p.Scope.ID || m.Namespace != "kube-system" || m.Name != "aws-auth" {
			continue
		}
		for _, pair := range m.Mapped {
			at0 := strings.LastIndexByte(pair, '=')
			arn, groups := pair[:max(at0, 0)], strings.Split(pair[at0+1:], ",")
			e := at(ev("aws-auth "+arn, strings.Join(groups, ",")), m.Loc)
			all = append(all, e)
			if slices.Contains(groups, "system:masters") || strings.Contains(arn, "*") {
				masters = append(masters, e)
			}
		}
	}
	if len(masters) > 0 {
		return check.Failed("an identity of AWS is made administrator of the cluster, or is not named in full", some(masters)...)
	}
	if v, ok := onDistribution(p, "eks", aws); !ok {
		if inFiles(p) && len(all) > 0 {
			return check.Passed("no mapping in the files makes an administrator", some(all)...)
		}
		return v
	}
	if len(all) > 0 {
		return check.Passed("no identity of AWS is mapped to system:masters", some(all)...).Note("access entries do not show in the cluster")
	}
	return fact(p, "do access entries give administration of the cluster to few, named roles?")
}

var nodeImages = ofCloud(check.Check{
	ID:       "cloud-node-image-approved",
	Title:    "Nodes boot from approved images",
	Why:      "A node that boots from an image of somebody else runs that somebody's programs as root, below everything that is judged here. The list is of systems as nodes name them, * for any characters; the provider's own IDs of images are not asked for.",
	Remedy:   "Put the systems that you build or trust on the list in plimsoll.yaml, and replace nodes that run others.",
	Severity: check.Medium, STRIDE: "T",
	Needs:  parts(snapshot.PartClusterNodes),
	Params: []check.Param{{Name: "approved_images", Unit: "list", Question: true, Meaning: "systems of nodes (status.nodeInfo.osImage) that are approved; * stands for anything"}},
	Run:    func(p *check.Probe) { p.Report(judgeImages(p), p.Self()) },
})

func judgeImages(p *check.Probe) check.Verdict {
	list, said := p.List("approved_images")
	if v, ok := onCloud(p); !ok && !said {
		return v
	}
	var strange, all []check.Evidence
	for _, n := range nodes(p) {
		e := ev("node "+n.Name, n.OSImage)
		all = append(all, e)
		if !listed(list, n.OSImage) {
			strange = append(strange, e)
		}
	}
	switch {
	case !said:
		return check.Undecided(snapshot.ReasonUndeclared, "no list of approved systems of nodes is declared", some(all)...)
	case len(strange) > 0:
		return check.Failed("nodes run systems that are not on the list", some(strange)...)
	}
	return check.Passed("every node runs a system that is on the list", some(all)...)
}
