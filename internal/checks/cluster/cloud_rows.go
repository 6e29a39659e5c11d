package cluster

import "plimsoll/internal/check"

// declaredRows are the questions about a provider's settings, in the order of the
// catalogue.
func declaredRows() []declaredRow {
	return append(append(instances(), managedClusters()...), append(accounts(), keeping()...)...)
}

// instances are about the machines of nodes and who may be them.
func instances() []declaredRow {
	return []declaredRow{
		{
			id: "imds-v2-required", title: "The metadata service demands session tokens", severity: check.High, stride: "I",
			why:      "A program that fetches addresses for its users can be made to fetch the node's credentials from the metadata service, unless that asks for a token first. A hop limit of 1 keeps pods from getting one.",
			remedy:   "Require tokens and a hop limit of 1 in the launch template (HttpTokens: required, HttpPutResponseHopLimit: 1).",
			question: "does the metadata service of every node demand session tokens, with a hop limit of 1?",
		},
		{
			id: "node-identity-least-privilege", title: "Node identities hold minimal cloud rights", severity: check.High, stride: "E", kubescape: "C-0223",
			why:      "Whoever gets at a node gets its identity at the provider. With rights to pass roles, to machines or to all storage the account is theirs.",
			remedy:   "Give nodes what workers, the network plugin and pulling images need, and nothing else; make an account of their own for GKE nodes instead of the Compute default one.",
			question: "does the identity of nodes hold only what workers, the network plugin and pulling images need?",
		},
		{
			id: "node-auto-upgrade-repair", title: "Nodes are upgraded and repaired automatically", severity: check.Medium, stride: "E",
			why:      "Nodes that somebody has to remember stay on kernels and kubelets with known holes.",
			remedy:   "Switch on automatic upgrade and repair of node pools, or update managed node groups in a schedule.",
			question: "are nodes upgraded and repaired automatically?",
		},
		{
			id: "cloud-node-template-rbac", title: "Changing node templates is restricted", severity: check.Medium, stride: "T",
			why:      "Who may change launch templates or user data runs a program as root on every node that comes.",
			remedy:   "Leave rights to launch templates, user data and node groups to the principals that make nodes.",
			question: "are rights to alter launch templates, user data and node groups held by declared principals alone?",
		},
		{
			id: "node-attestation-on", title: "Nodes prove their boot state", severity: check.Medium, stride: "T",
			why:      "Without secure and measured boot a changed kernel or loader stays in a node unseen, below everything that looks for it.",
			remedy:   "Switch on secure boot and the virtual TPM with integrity monitoring for every node group.",
			question: "are secure boot and measured boot on for every node group?",
		},
		{
			id: "cloud-sg-restrictive", title: "Cloud firewalls admit declared sources only", severity: check.High, stride: "I",
			why:      "A rule that admits the whole internet to nodes or the control plane opens kubelets, node ports and the API server to scanners.",
			remedy:   "Narrow the rules of security groups and firewalls to the sources and ports that are needed.",
			question: "does no rule on interfaces of nodes or control plane admit the whole internet outside the ports that are meant?",
		},
		{
			id: "cloud-run-command-restricted", title: "Running commands on nodes through the cloud is restricted", severity: check.High, stride: "E",
			why:      "Run-command, the serial console and instance login are root on nodes, past the cluster and its log.",
			remedy:   "Leave these rights to declared principals, with a second factor, and record their use.",
			question: "are rights to run commands, to the serial console and to log in to instances held by declared principals alone?",
		},
	}
}

// managedClusters are about settings of clusters that a provider runs.
func managedClusters() []declaredRow {
	return []declaredRow{
		{
			id: "managed-secrets-kms", title: "Managed secrets are encrypted with a customer key", severity: check.Medium, stride: "I", kubescape: "C-0244 C-0066",
			why:      "With a key of yours over the secrets of the cluster the provider's staff, and whoever gets at its disks, need your key too, and you see its use.",
			remedy:   "Configure envelope encryption of secrets with a key of your key management service (EKS encryptionConfig, GKE databaseEncryption, AKS azureKeyVaultKms).",
			question: "are the secrets of the cluster encrypted with a key of yours?",
		},
		{
			id: "managed-audit-logging", title: "Managed control plane logs are kept", severity: check.Medium, stride: "R", kubescape: "C-0067 C-0254",
			why:      "The audit log of a managed control plane is nowhere but with the provider, and off by default with most: after an incident nothing tells who did what.",
			remedy:   "Switch on the api, audit and authenticator logs (EKS), the system and audit logs (GKE) or diagnostic settings (AKS), with a retention.",
			question: "are audit and authentication logs of the control plane on, and kept?",
		},
		{
			id: "aks-local-accounts-disabled", title: "AKS local accounts are off", severity: check.Medium, stride: "SR", kubescape: "C-0241", distribution: "aks", on: azure,
			why:      "Local accounts sign in with one shared certificate that is nobody's and has all rights, past Entra and its conditions.",
			remedy:   "Create or update the cluster with --disable-local-accounts and Azure RBAC.",
			question: "are local accounts off, and Entra with Azure RBAC on?",
		},
		{
			id: "gke-legacy-auth-off", title: "GKE legacy authentication is off", severity: check.Medium, stride: "SR", distribution: "gke", on: gce,
			why:      "Client certificates that GKE issues cannot be taken back, and legacy authorization gives what RBAC would not.",
			remedy:   "Leave masterAuth.clientCertificateConfig and legacyAbac off; rotate the cluster's credentials where they were on.",
			question: "are issuing client certificates and legacy authorization off?",
		},
		{
			id: "gke-shielded-nodes", title: "GKE nodes are shielded", severity: check.Medium, stride: "T", distribution: "gke", on: gce, covered: words("node-attestation-on"),
			why:      "Without shielded nodes anyone who gets the bootstrap credential of a node can join as another.",
			remedy:   "Switch on shielded nodes, and secure boot and integrity monitoring in every pool.",
			question: "are shielded nodes, secure boot and integrity monitoring on in every pool?",
		},
		{
			id: "gke-intranode-visibility-flowlogs", title: "GKE traffic between pods is visible and logged", severity: check.Low, stride: "R", distribution: "gke", on: gce,
			why:      "Traffic between pods of one node does not pass the provider's network, so that flow logs and firewalls do not see it unless it is made to.",
			remedy:   "Switch on intranode visibility and flow logs of the subnet.",
			question: "are intranode visibility and flow logs of the subnet on?",
		},
		{
			id: "cloud-deletion-protection", title: "The cluster is protected from deletion", severity: check.Medium, stride: "D",
			why:      "One call, by mistake or by a thief of credentials, deletes the cluster and its disks.",
			remedy:   "Switch on deletion protection of the cluster, and keep disks when their claims go (reclaimPolicy: Retain).",
			question: "is deletion protection on for the cluster and its persistent disks?",
		},
	}
}

// accounts are about who may do what at the provider.
func accounts() []declaredRow {
	return []declaredRow{
		{
			id: "cloud-iam-cluster-map-minimal", title: "Few cloud principals can administer the cluster", severity: check.High, stride: "S",
			why:      "Roles at the provider become administrators of the cluster without any binding in it: whoever may take on such a role has everything.",
			remedy:   "Review role assignments and access entries, and leave administration to the principals that you declare.",
			question: "are cloud roles that administer the cluster held by declared principals alone?",
		},
		{
			id: "cloud-oidc-trust-conditions", title: "Federated trust names one workload", severity: check.High, stride: "S",
			why:      "A role that trusts the issuer of the cluster without naming an account can be taken on by every pod.",
			remedy:   "Pin audience and subject (system:serviceaccount:NAMESPACE:NAME) in every trust policy, without wildcards.",
			question: "does every trust policy for the issuer of the cluster pin audience and subject, without wildcards?",
		},
		{
			id: "registry-image-scanning", title: "The cloud registry scans images", severity: check.Medium, stride: "E", kubescape: "C-0221 C-0243",
			why:      "Holes in images that become known after they were built are found by a registry that scans again and again.",
			remedy:   "Switch on scanning on push and continuous scanning.",
			question: "does the registry scan images?",
		},
		{
			id: "registry-access-minimal", title: "Cloud registry rights are minimal", severity: check.Medium, stride: "T", kubescape: "C-0222 C-0250 C-0251 C-0308",
			why:      "Who may push to the registry decides what runs: a node or a program with that right can replace the images of all.",
			remedy:   "Let only build identities write, and let nodes read.",
			question: "may only build identities write to the registry, and the cluster only read?",
		},
		{
			id: "cloud-storage-acl-private", title: "Cloud storage of the cluster is private", severity: check.High, stride: "T",
			why:      "Backups, logs and volumes in buckets and disks that others may read or write are the cluster's data without the cluster.",
			remedy:   "Block public access, and grant access to declared identities alone.",
			question: "do buckets and disks of the cluster grant access to declared identities alone?",
		},
		{
			id: "cloud-snapshot-not-shared", title: "Disk snapshots are not shared", severity: check.High, stride: "I",
			why:      "A snapshot that is public or shared with another account is a copy of the disk there, secrets and all.",
			remedy:   "Make snapshots private, and share them only with accounts that you declare.",
			question: "is no snapshot of the cluster's disks public or shared with an account that is not declared?",
		},
	}
}

// keeping are about what is kept, logged and paid for.
func keeping() []declaredRow {
	return []declaredRow{
		{
			id: "iac-state-bucket-locked", title: "Infrastructure state is versioned and locked", severity: check.Medium, stride: "T",
			why:      "The state of infrastructure code has secrets in clear, and whoever changes it changes the cluster on the next run.",
			remedy:   "Keep it in a store with versions, locking and access for declared identities alone.",
			question: "has the store of infrastructure state versions, locking and access for declared identities alone?",
		},
		{
			id: "cloud-audit-trail-on", title: "Cloud API calls are recorded", severity: check.High, stride: "R",
			why:      "Without a trail nobody can tell who changed machines, rights or keys.",
			remedy:   "Switch on a trail of management events in every region.",
			question: "does an active trail record management events in every region that is used?",
		},
		{
			id: "cloud-log-bucket-immutable", title: "Cloud audit logs cannot be altered", severity: check.Medium, stride: "R",
			why:      "An intruder with administration rights deletes the log first, unless it is locked and somebody else's.",
			remedy:   "Keep the log in a store with a retention lock that another account or project owns.",
			question: "has the store of audit logs a retention lock, and does another account or project own it?",
		},
		{
			id: "cloud-budget-alert", title: "Cloud spending raises an alert", severity: check.Low, stride: "D",
			why:      "Miners and loops show on the bill first; without an alert that is weeks later.",
			remedy:   "Set a budget with a notification for the account or project.",
			question: "is there a budget with a notification for the account or project?",
		},
	}
}
