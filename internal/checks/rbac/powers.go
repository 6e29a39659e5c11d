package rbac

import (
	access "plimsoll/internal/rbac"
)

// power is a set of rights that lead somewhere, alone or together.
type power uint32

// The powers.
const (
	canAll power = 1 << iota
	canEscalate
	canWriteRoles
	canBind
	canWriteBindings
	canWriteClusterBindings
	canBeUsers
	canBeGroups
	canBeAccounts
	canReadSecrets
	canMakeSecrets
	canProxyNodes
	canWriteNodes
	canApprove
	canSign
	canRequest
	canIntercept
	canMakeTokens
	canMakePods
	canChangeWorkloads
	canEnterPods
	canMakeVolumes
	canMapUsers
)

// powers says which rights give which power.
var powers = []struct {
	power
	rights []access.Right
}{
	{canEscalate, []access.Right{{Verbs: words("escalate"), Group: rbacGroup, Resources: words("clusterroles", "roles")}}},
	{canWriteRoles, []access.Right{{Verbs: words("create", "update", "patch"), Group: rbacGroup, Resources: words("clusterroles", "roles")}}},
	{canBind, []access.Right{{Verbs: words("bind"), Group: rbacGroup, Resources: words("clusterroles"), Names: words("cluster-admin")}}},
	{canWriteBindings, []access.Right{{Verbs: words("create", "update", "patch"), Group: rbacGroup, Resources: words("rolebindings")}}},
	{canWriteClusterBindings, []access.Right{{Verbs: words("create", "update", "patch"), Group: rbacGroup, Resources: words("clusterrolebindings"), Cluster: true}}},
	{canBeUsers, []access.Right{{Verbs: words("impersonate"), Resources: words("users"), Cluster: true}}},
	{canBeGroups, []access.Right{{Verbs: words("impersonate"), Resources: words("groups"), Cluster: true, Names: words(access.Masters, "kubeadm:cluster-admins")}}},
	{canBeAccounts, []access.Right{{Verbs: words("impersonate"), Resources: words("serviceaccounts")}}},
	{canReadSecrets, []access.Right{readSecrets}},
	{canMakeSecrets, []access.Right{{Verbs: words("create"), Resources: words("secrets")}}},
	{canProxyNodes, []access.Right{nodesProxy}},
	{canWriteNodes, []access.Right{{Verbs: words("update", "patch"), Resources: words("nodes"), Cluster: true}}},
	{canApprove, []access.Right{approveCSR}},
	{canSign, []access.Right{{Verbs: words("approve"), Group: certificates, Resources: words("signers"), Cluster: true, Names: words("kubernetes.io/kube-apiserver-client", "kubernetes.io/*")}}},
	{canRequest, []access.Right{{Verbs: words("create"), Group: certificates, Resources: words("certificatesigningrequests"), Cluster: true}}},
	{canIntercept, []access.Right{
		{
			Verbs: words("create", "update", "patch"), Group: admissionGroup, Cluster: true, Names: anyName,
			Resources: words("validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
		},
		{Verbs: words("create", "update", "patch"), Group: admissionGroup, Cluster: true, Resources: words("mutatingadmissionpolicies")},
	}},
	{canMakeTokens, []access.Right{createToken}},
	{canMakePods, workloads(nil, true, "create")},
	{canChangeWorkloads, workloads(nil, false, "update", "patch")},
	{canEnterPods, []access.Right{
		{Verbs: words("create", "get"), Resources: words("pods/exec", "pods/attach")},
		{Verbs: words("update", "patch"), Resources: words("pods", "pods/ephemeralcontainers")},
	}},
	{canMakeVolumes, []access.Right{{Verbs: words("create"), Resources: words("persistentvolumes"), Cluster: true}}},
}

// mapUsers is a power on EKS alone, where a config map says who an identity of the
// provider is.
var mapUsers = []access.Right{{Verbs: words("update", "patch"), Resources: words("configmaps"), In: words("kube-system"), Names: words("aws-auth")}}

// clusterOnly are powers over what is of no namespace: a RoleBinding gives none.
const clusterOnly = canWriteClusterBindings | canBeUsers | canBeGroups | canProxyNodes | canWriteNodes | canApprove | canSign | canRequest | canIntercept | canMakeVolumes

// everywhere are ends: who has all of the powers in the whole cluster has the
// cluster.
var everywhere = []struct {
	power
	how string
}{
	{canAll, "may do everything"},
	{canEscalate | canWriteRoles, "may write roles with rights that it does not have"},
	{canBind | canWriteClusterBindings, "may bind cluster-admin to itself"},
	{canBeUsers, "may act as any user"},
	{canBeGroups | canBeAccounts, "may act as a member of system:masters"},
	{canReadSecrets, "may read the secrets of every namespace"},
	{canProxyNodes, "may run commands in every pod through the kubelets"},
	{canWriteNodes, "may draw the pods of other accounts onto a node by labels and taints"},
	{canApprove | canSign | canRequest, "may issue itself a certificate of an administrator"},
	{canIntercept, "may put a webhook or a policy in the way of every object"},
	{canMakeVolumes | canMakePods, "may mount a path of a node as a volume, whatever the pod security level"},
	{canMakeTokens, "may make a token of every account"},
	{canBeAccounts, "may act as every account"},
	{canMakePods, "may create pods in kube-system as in every namespace"},
	{canChangeWorkloads, "may change workloads of kube-system as of every namespace"},
	{canEnterPods, "may enter pods of kube-system as of every namespace"},
	{canBind | canWriteBindings, "may bind cluster-admin in kube-system"},
}

// within are ways from a namespace to every account of it.
var within = []struct {
	power
	how string
}{
	{canAll, "may do everything in %s"},
	{canMakeTokens, "may make a token of any account of %s"},
	{canBeAccounts, "may act as any account of %s"},
	{canMakePods, "may create pods in %s as any account of it"},
	{canChangeWorkloads, "may change workloads in %s to run as any account of it"},
	{canReadSecrets | canMakeSecrets, "may make secrets in %s that hold the token of any account of it, and read them"},
	{canBind | canWriteBindings, "may bind cluster-admin in %s to itself"},
	{canEscalate | canWriteRoles, "may write roles in %s with rights that it does not have"},
}

// powersOf says for each role which powers its rules give.
func (v *view) powersOf() []power {
	out := make([]power, len(v.g.Roles))
	add := func(p power, rights []access.Right) {
		for i, e := range v.g.Extents(rights) {
			if e == access.All {
				out[i] |= p
			}
		}
	}
	for _, p := range powers {
		add(p.power, p.rights)
	}
	if c := v.p.Snapshot.Cluster(v.p.Scope.ID); c != nil && c.Distribution == "eks" {
		add(canMapUsers, mapUsers)
	}
	for i, all := range v.everything() {
		if all {
			out[i] |= canAll
		}
	}
	return out
}

// named are accounts that a role with rules for single names lets someone be.
func (v *view) named(role int) []string {
	var out []string
	rules, _ := v.g.Rules(role)
	for i := range rules {
		r := &rules[i]
		token, act := createToken, access.Right{Verbs: words("impersonate"), Resources: words("serviceaccounts")}
		if len(r.Names) > 0 && (token.Extent(r) != access.None || act.Extent(r) != access.None) {
			out = append(out, r.Names...)
		}
	}
	return out
}
