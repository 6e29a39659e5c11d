package rbac

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

// The groups of the API that rights are about.
const (
	appsGroup      = "apps"
	batchGroup     = "batch"
	rbacGroup      = "rbac.authorization.k8s.io"
	certificates   = "certificates.k8s.io"
	admissionGroup = "admissionregistration.k8s.io"
	eventsGroup    = "events.k8s.io"
	authentication = "authentication.k8s.io"
)

func words(s ...string) []string { return s }

// anyName makes a rule that is limited to names count like one that is not.
var anyName = words("*")

// plain returns rights that hang on nothing.
func plain(rights ...access.Right) func(*view) []access.Right {
	return func(*view) []access.Right { return rights }
}

// workloads are rights to do something with pods, if asked for, and with everything
// that makes pods: the kinds of Kubernetes and those that hold templates here.
func workloads(v *view, pods bool, verbs ...string) []access.Right {
	core := words("replicationcontrollers")
	if pods {
		core = words("pods", "replicationcontrollers")
	}
	rights := []access.Right{
		{Verbs: verbs, Resources: core},
		{Verbs: verbs, Group: appsGroup, Resources: words("deployments", "daemonsets", "statefulsets", "replicasets")},
		{Verbs: verbs, Group: batchGroup, Resources: words("jobs", "cronjobs")},
	}
	if v == nil {
		return rights
	}
	for i := range v.p.Snapshot.Definitions {
		d := &v.p.Snapshot.Definitions[i]
		if plural, ok := strings.CutSuffix(d.Name, "."+d.Group); ok && d.Template && d.Scope == v.p.Scope.ID {
			rights = append(rights, access.Right{Verbs: verbs, Group: d.Group, Resources: words(plural)})
		}
	}
	return rights
}

// interactive are rights to open a connection into a pod. A get was enough over a
// websocket until 1.35, which asks for create whatever the protocol.
func interactive(resources ...string) func(*view) []access.Right {
	return func(v *view) []access.Right {
		verbs := words("create", "get")
		if c := v.p.Snapshot.Cluster(v.p.Scope.ID); c != nil && atLeast(c.Version, 35) {
			verbs = words("create")
		}
		return []access.Right{{Verbs: verbs, Resources: resources}}
	}
}

// isAccount reports whether a subject is one or more service accounts.
func isAccount(s snapshot.RBACSubject) bool {
	return access.IsAccount(s) || access.Implicit(s) && s.Name != access.Unauthenticated
}

// writes are the verbs that change an object.
var writes = words("create", "update", "patch", "delete", "deletecollection")

// secrets, impersonate and the like are asked by more than one check.
var (
	readSecrets = access.Right{Verbs: words("get", "list", "watch"), Resources: words("secrets")}
	escalate    = access.Right{Verbs: words("escalate", "bind"), Group: rbacGroup, Resources: words("roles", "clusterroles")}
	impersonate = []access.Right{
		{Verbs: words("impersonate"), Resources: words("users", "groups"), Cluster: true},
		{Verbs: words("impersonate"), Resources: words("serviceaccounts")},
		{Verbs: words("impersonate"), Group: authentication, Resources: words("userextras", "userextras/scopes", "uids"), Cluster: true},
	}
	nodesProxy  = access.Right{Verbs: words("get", "create"), Resources: words("nodes/proxy"), Cluster: true, Names: anyName}
	createToken = access.Right{Verbs: words("create"), Resources: words("serviceaccounts/token")}
	approveCSR  = access.Right{Verbs: words("update", "patch"), Group: certificates, Resources: words("certificatesigningrequests/approval"), Cluster: true, Names: anyName}
	approver    = access.Right{Verbs: words("approve"), Group: certificates, Resources: words("signers"), Cluster: true, Names: anyName}
	admission   = access.Right{
		Verbs: writes, Group: admissionGroup, Cluster: true, Names: anyName,
		Resources: words("validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies",
			"validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
	}
)

// rows lists the rights that few should hold, in reading order.
var rows = []row{
	{
		id: "rbac-secrets-access", title: "Reading secrets is limited to approved subjects", severity: check.High, stride: "I", tier: 1, cis: "5.1.2",
		peers: [3]string{"C-0186 C-0015", "KSV-0041 KSV-0113", "access-to-secrets"},
		why: "Who may get, list or watch secrets has the credentials in them; list and watch show the values like get does. " +
			"A rule that names single secrets is the way to give a program its own, and passes.",
		remedy: "Name the secrets in resourceNames and leave only get, or take secrets out of the rule; bind what is left in the namespace that needs it.",
		act:    "read secrets", rights: plain(readSecrets),
	},
	{
		id: "rbac-create-pods", title: "Pod creation is limited to approved subjects", severity: check.High, stride: "E", tier: 1, cis: "5.1.4",
		peers: [3]string{"C-0188", "KSV-0048", "access-to-create-pods"},
		why:   "Who makes a pod, or anything that makes pods, runs code as any account of the namespace, reads its secrets by mounting them, and gets as far onto the node as admission lets the pod.",
		remedy: "Take create on pods and workloads out of the rule, or give it to the deployment system's account alone, in the namespaces it deploys to; " +
			"list subjects that must have it in plimsoll.yaml.",
		act: "create pods", rights: func(v *view) []access.Right { return workloads(v, true, "create") },
	},
	{
		id: "rbac-update-workloads", title: "Changing workload templates is restricted", severity: check.High, stride: "E", tier: 2,
		why:    "Changing a template is as good as creating a pod: the next one runs another image, as another account, with other mounts.",
		remedy: "Take update and patch on pods and workloads out of the rule; where only the number of replicas changes, give deployments/scale instead.",
		act:    "change pods or workloads", rights: func(v *view) []access.Right { return workloads(v, true, "update", "patch") },
	},
	{
		id: "rbac-bind-impersonate-escalate", title: "Bind, escalate and impersonate rights are restricted", severity: check.Critical, stride: "E", tier: 1, cis: "5.1.8",
		peers: [3]string{"C-0191 C-0065", "KSV-0043 KSV-0050", ""},
		why: "bind and escalate switch off the rule that nobody can give rights that they do not have; impersonate lets a request be someone else's. " +
			"Each is cluster administration in one or two calls.",
		remedy: "Remove the verbs. A controller that must bind roles gets bind with the names of those roles in resourceNames.",
		act:    "bind, escalate or impersonate", strict: check.Medium,
		rights: func(*view) []access.Right { return append([]access.Right{escalate}, impersonate...) },
	},
	{
		id: "rbac-rolebinding-create", title: "Creating role bindings is restricted", severity: check.High, stride: "E", tier: 2,
		peers:  [3]string{"", "KSV-0051 KSV-0052 KSV-0055", ""},
		why:    "Who writes bindings passes on every right that they have themselves, to accounts that nobody watches; with bind also those that they do not have.",
		remedy: "Take create, update and patch on rolebindings and clusterrolebindings out of the rule, or limit updates to the binding's name.",
		act:    "write role bindings", rights: plain(
			access.Right{Verbs: words("create", "update", "patch"), Group: rbacGroup, Resources: words("rolebindings")},
			access.Right{Verbs: words("create", "update", "patch"), Group: rbacGroup, Resources: words("clusterrolebindings"), Cluster: true}),
	},
	{
		id: "rbac-token-create", title: "Minting service account tokens is restricted", severity: check.High, stride: "SE", tier: 1, cis: "5.1.13",
		peers:  [3]string{"C-0282", "", ""},
		why:    "create on serviceaccounts/token makes credentials of any account it reaches, which outlive the pod that asked and show up nowhere else.",
		remedy: "Name the accounts in resourceNames, or remove the subresource from the rule.",
		act:    "make tokens of service accounts", rights: plain(createToken),
	},
	{
		id: "rbac-csr-approval", title: "Certificate approval is restricted", severity: check.High, stride: "ES", tier: 1, cis: "5.1.11",
		peers: [3]string{"C-0280", "", ""},
		why: "Who approves requests of a signer decides which client certificates exist, hence which users and groups; none of them can be revoked. " +
			"It takes both update on certificatesigningrequests/approval and approve on the signer.",
		remedy: "Limit approve to the signers that the controller is for, by resourceNames, and keep kubernetes.io/kube-apiserver-client out of them.",
		act:    "approve certificates", rights: plain(approveCSR), also: []access.Right{approver},
	},
	{
		id: "rbac-webhook-config", title: "Changing admission configuration is restricted", severity: check.High, stride: "TE", tier: 1, cis: "5.1.12",
		peers: [3]string{"C-0281 C-0036 C-0039", "KSV-0114", ""},
		why: "A webhook sees and may change every object that is written, secrets and pods included; a policy that is deleted no longer refuses anything. " +
			"A rule that names one configuration counts too: what the configuration is asked about is part of it.",
		remedy: "Leave admission configuration to administrators and to the controller that owns it, and put that one on the list in plimsoll.yaml.",
		act:    "change webhooks or admission policies", rights: plain(admission),
	},
	{
		id: "rbac-nodes-proxy", title: "No role reaches the kubelet API through nodes/proxy", severity: check.High, stride: "E", tier: 1, cis: "5.1.10",
		peers: [3]string{"C-0279", "KSV-0047", ""},
		why:   "nodes/proxy leads past the API server's audit and admission to the kubelet, which runs commands in any pod of the node. get is enough: a websocket begins with one.",
		remedy: "Give monitoring agents nodes/metrics, nodes/stats, nodes/configz, nodes/healthz, nodes/log or nodes/pods instead " +
			"(the kubelet asks for these since 1.33).",
		act: "reach the API of kubelets", rights: plain(nodesProxy),
	},
	{
		id: "rbac-exec-attach", title: "Exec and attach are restricted", severity: check.High, stride: "EI", tier: 2,
		peers:  [3]string{"C-0002", "KSV-0053 KSV-0054", ""},
		why:    "A shell in a pod has its account's token, its secrets and its network, and leaves little behind. Before 1.35 get sufficed, over a websocket.",
		remedy: "Take pods/exec and pods/attach out of the rule; give them to a break-glass group.",
		act:    "run commands in pods", rights: interactive("pods/exec", "pods/attach"),
	},
	{
		id: "rbac-portforward", title: "Port forwarding is restricted", severity: check.Medium, stride: "I", tier: 2,
		peers:  [3]string{"C-0063", "", ""},
		why:    "Port forwarding reaches what listens in a pod past every network policy, on loopback too.",
		remedy: "Take pods/portforward out of the rule; give it to those who debug, in their namespaces.",
		act:    "forward ports of pods", rights: interactive("pods/portforward"),
	},
	{
		id: "rbac-ephemeral-containers", title: "Adding debug containers is restricted", severity: check.High, stride: "E", tier: 2,
		why:    "A debug container joins a running pod with an image of the caller's choice, and can share its processes.",
		remedy: "Take pods/ephemeralcontainers out of the rule; give it to a break-glass group.",
		act:    "add containers to running pods", rights: plain(access.Right{Verbs: words("update", "patch"), Resources: words("pods/ephemeralcontainers")}),
	},
	{
		id: "rbac-create-persistentvolumes", title: "Creating persistent volumes is restricted", severity: check.Medium, stride: "EI", tier: 1, cis: "5.1.9",
		peers:  [3]string{"C-0278", "", ""},
		why:    "A persistent volume may be a path of a node: whoever makes one reaches the node's files from a pod that the pod security level lets through.",
		remedy: "Leave persistent volumes to the storage drivers' accounts, and put these on the list in plimsoll.yaml.",
		act:    "create persistent volumes", rights: plain(access.Right{Verbs: words("create"), Resources: words("persistentvolumes"), Cluster: true}),
	},
	{
		id: "rbac-node-write", title: "Changing node objects is restricted", severity: check.High, stride: "E", tier: 2,
		why:    "Labels and taints of nodes decide where pods go: who changes them draws pods with powerful accounts onto a node of their own.",
		remedy: "Leave nodes to kubelets, the node controllers and the cloud controller; a network plugin needs nodes/status at most.",
		act:    "change nodes", more: words("system:nodes", "system:node:*"),
		rights: plain(access.Right{Verbs: words("update", "patch"), Resources: words("nodes", "nodes/status"), Cluster: true, Names: anyName}),
	},
	{
		id: "rbac-pod-status-and-binding", title: "Writing pod status and bindings is restricted", severity: check.Medium, stride: "T", tier: 2,
		why:    "The status of a pod decides which addresses a service sends traffic to, and a binding puts a pod onto a node past the scheduler.",
		remedy: "Leave pods/status and pods/binding to kubelets and schedulers, and put a further scheduler on the list in plimsoll.yaml.",
		act:    "write the status or binding of pods", more: words("system:nodes", "system:node:*"), rights: plain(
			access.Right{Verbs: words("create"), Resources: words("pods/binding", "bindings")},
			access.Right{Verbs: words("update", "patch"), Resources: words("pods/status")}),
	},
	{
		id: "rbac-delete-rights", title: "Deleting workloads is restricted", severity: check.Medium, stride: "TD", tier: 2,
		peers:  [3]string{"C-0007", "KSV-0056", ""},
		why:    "Deleting workloads, namespaces or volume claims stops services and destroys data.",
		remedy: "Take delete and deletecollection out of the rule, or limit them to names.",
		act:    "delete workloads, namespaces or volume claims", rights: func(v *view) []access.Right {
			return append(workloads(v, true, "delete", "deletecollection"),
				access.Right{Verbs: words("delete", "deletecollection"), Resources: words("namespaces", "persistentvolumeclaims")})
		},
	},
	{
		id: "rbac-delete-events-logs", title: "Workloads cannot delete events", severity: check.Medium, stride: "R", tier: 2,
		peers:  [3]string{"C-0031", "KSV-0042", ""},
		why:    "A program that was taken over deletes the events that tell of it.",
		remedy: "Take delete and deletecollection on events out of the rule.",
		act:    "delete events or logs", who: isAccount, rights: plain(
			access.Right{Verbs: words("delete", "deletecollection"), Resources: words("events", "pods/log")},
			access.Right{Verbs: words("delete", "deletecollection"), Group: eventsGroup, Resources: words("events")}),
	},
	{
		id: "rbac-coredns-configmap", title: "Changing cluster DNS settings is restricted", severity: check.High, stride: "ST", tier: 2,
		peers: [3]string{"C-0037", "KSV-0049", ""},
		why:   "The config maps of kube-system set what names resolve to, how services are reached and whose word the API server takes for who a caller is.",
		remedy: "Take update and patch on config maps of kube-system out of the rule, or limit them to the names that the program owns " +
			"(coredns, kube-proxy, extension-apiserver-authentication and aws-auth are not among those).",
		act: "change the cluster's own settings in config maps of kube-system", rights: plain(access.Right{
			Verbs: words("update", "patch"), Resources: words("configmaps"), In: words("kube-system"),
			Names: words("coredns", "kube-proxy", "extension-apiserver-authentication", "aws-auth"),
		}),
	},
	{
		id: "psa-label-change-protected", title: "Only administrators can lower the pod security level", severity: check.High, stride: "TE", tier: 2, surface: model.SurfacePolicyEnforcement,
		why: "The pod security level of a namespace is a label on it: who may change the namespace switches it off. " +
			"An admission policy on namespaces may prevent that; what its expressions come to is not worked out here, so the verdict is then open.",
		remedy: "Take update and patch on namespaces out of the rule, or write an admission policy that keeps the pod-security.kubernetes.io labels.",
		act:    "change the labels of namespaces", doubt: labelPolicy,
		rights: plain(access.Right{Verbs: words("update", "patch"), Resources: words("namespaces"), Names: anyName}),
	},
}

// labelPolicy says which enforced policy may keep the labels of namespaces.
func labelPolicy(v *view) string {
	s := v.p.Snapshot
	for i := range s.AdmissionPolicies {
		a := &s.AdmissionPolicies[i]
		if a.Scope == v.p.Scope.ID && enforced(a) && asks(a.Rules, "", "namespaces", "UPDATE") {
			return a.Kind + " " + a.Name + " may prevent it"
		}
	}
	for i := range s.Webhooks {
		w := &s.Webhooks[i]
		if w.Scope == v.p.Scope.ID && w.Kind == "ValidatingWebhookConfiguration" && w.Fail && namesNamespaces(w.Rules) {
			return "the webhook " + w.Name + " may prevent it"
		}
	}
	return ""
}
