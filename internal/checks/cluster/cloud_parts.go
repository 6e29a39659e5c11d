package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

// running lists the workloads of a scope one of whose images has one of some names.
func running(p *check.Probe, images ...string) []int {
	var out []int
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID || w.Dormant {
			continue
		}
		if slices.ContainsFunc(p.Snapshot.PodSpecs[w.Spec].Containers, func(c snapshot.PodContainer) bool {
			repository := snapshot.ParseReference(c.Image).Repository
			_, ok := nameHas(repository[strings.LastIndexByte(repository, '/')+1:], images)
			return ok
		}) {
			out = append(out, i)
		}
	}
	return out
}

var controllerImages = words("cloud-controller-manager", "aws-cloud-controller-manager", "openstack-cloud-controller-manager", "hcloud-cloud-controller-manager", "digitalocean-cloud-controller-manager", "azure-cloud-controller-manager", "cloud-provider-vsphere", "cloud-controller")

var controllerIdentity = ofCloud(check.Check{
	ID:    "ccm-credentials-scoped",
	Title: "The cloud controller has a dedicated, limited identity",
	Why: "The cloud controller makes load balancers and deletes nodes: its credentials at the provider are worth the whole account when they are those of an administrator, or shared. " +
		"That it has an account of its own in a namespace of Kubernetes shows; what it may do at the provider only a person can say.",
	Remedy:   "Run it in kube-system with a service account of its own, keep its credentials in a secret there that only it reads, and give them the rights that the provider lists for it.",
	Severity: check.High, STRIDE: "SE",
	Forms: everywhere,
	Needs: parts(snapshot.PartClusterWorkloads),
	Run:   func(p *check.Probe) { p.Report(judgeController(p), p.Self()) },
})

func judgeController(p *check.Probe) check.Verdict {
	found := running(p, controllerImages...)
	if len(found) == 0 {
		return check.Inapplicable("no cloud controller manager runs")
	}
	for _, i := range found {
		w := &p.Snapshot.Workloads[i]
		account := p.Snapshot.PodSpecs[w.Spec].ServiceAccount
		e := at(ev(w.Kind+" "+w.Namespace+"/"+w.Name, "account "+account), w.Loc)
		if !snapshot.SystemNamespace(w.Namespace) {
			return check.Failed("the cloud controller runs in a namespace that is not one of Kubernetes'", e)
		}
		if account == "default" && !w.Static {
			return check.Failed("the cloud controller has no account of its own", e)
		}
		for j := range p.Snapshot.Workloads {
			o := &p.Snapshot.Workloads[j]
			if o.Scope == w.Scope && o.Namespace == w.Namespace && !slices.Contains(found, j) && !w.Static && p.Snapshot.PodSpecs[o.Spec].ServiceAccount == account {
				return check.Failed("the cloud controller shares its account", e, at(ev(o.Kind+" "+o.Namespace+"/"+o.Name, "account "+account), o.Loc))
			}
		}
	}
	return fact(p, "do the credentials of the cloud controller hold only what the provider lists for it?", some(names(p, found))...)
}

var driverSecrets = ofCloud(check.Check{
	ID:       "csi-driver-credentials-scoped",
	Title:    "Storage drivers hold limited credentials",
	Why:      "A storage driver uses secrets that its storage class names. Named by the claim's namespace they are the tenant's to choose, and a controller that may read the secrets of all namespaces is one that is worth breaking into.",
	Remedy:   "Keep the driver's secrets in its own namespace, named in full in the storage class, and give its account a Role there instead of a right to list secrets everywhere.",
	Severity: check.Medium, STRIDE: "IE",
	Forms: everywhere,
	Needs: parts(snapshot.PartClusterStorage, snapshot.PartClusterWorkloads, snapshot.PartClusterRBAC),
	Run:   func(p *check.Probe) { p.Report(judgeDrivers(p), p.Self()) },
})

// provisioners are the containers of the controllers of storage drivers.
var provisioners = words("csi-provisioner", "csi-attacher", "csi-resizer", "csi-snapshotter")

// listSecrets is the right to list the secrets of every namespace.
var listSecrets = access.Right{Verbs: words("list", "get"), Resources: words("secrets"), Cluster: true}

func judgeDrivers(p *check.Probe) check.Verdict {
	var wrong, seen []check.Evidence
	for i := range p.Snapshot.StorageClasses {
		c := &p.Snapshot.StorageClasses[i]
		if c.Scope != p.Scope.ID {
			continue
		}
		for _, v := range c.Parameters {
			if !strings.HasPrefix(v.Key, "csi.storage.k8s.io/") || !strings.HasSuffix(v.Key, "-secret-namespace") {
				continue
			}
			e := at(ev("StorageClass "+c.Name+" "+v.Key, v.Value), c.Loc)
			seen = append(seen, e)
			if strings.Contains(v.Value, "${") {
				wrong = append(wrong, e)
			}
		}
	}
	g := access.Of(p.Index, p.Scope.ID)
	for _, i := range running(p, provisioners...) {
		w := &p.Snapshot.Workloads[i]
		account := p.Snapshot.PodSpecs[w.Spec].ServiceAccount
		e := at(ev(w.Kind+" "+w.Namespace+"/"+w.Name, "account "+account), w.Loc)
		seen = append(seen, e)
		if g.Has(access.Account(w.Namespace, account), []access.Right{listSecrets}) {
			wrong = append(wrong, e)
		}
	}
	switch {
	case len(wrong) > 0:
		return check.Failed("tenants choose the secrets of a storage driver, or it may read those of every namespace", some(wrong)...)
	case len(seen) == 0:
		return check.Inapplicable("no storage driver with credentials runs")
	}
	return check.Passed("the secrets of storage drivers are named in full, and none may read those of every namespace", some(seen)...)
}

var volumesEncrypted = ofCloud(check.Check{
	ID:    "pv-encryption",
	Title: "Persistent volumes are encrypted",
	Why: "Whoever gets at a disk, its snapshot or what is left of it has the data, unless it is encrypted. Disks of Google and Azure always are, with the provider's key; those of AWS when the storage class or the account says so. " +
		"Judged are the storage classes of the volumes that are there.",
	Remedy:   "Set encrypted: \"true\" and a key of yours in the parameters of the storage class (kmsKeyId, disk-encryption-kms-key, diskEncryptionSetID); volumes that are there have to be copied.",
	Severity: check.Medium, STRIDE: "I",
	Forms: everywhere,
	Refs:  refs("", "", "C-0264", "", ""),
	Needs: parts(snapshot.PartClusterStorage),
	Run:   func(p *check.Probe) { p.Report(judgeVolumes(p), p.Self()) },
})

// encrypts says what the parameters of a storage class say of encryption: yes, no or
// nothing.
func encrypts(c *snapshot.StorageClass) (check.Evidence, string) {
	for _, v := range c.Parameters {
		e := at(ev("StorageClass "+c.Name+" "+v.Key, v.Value), c.Loc)
		switch strings.ToLower(v.Key) {
		case "encrypted":
			if v.Value == "true" {
				return e, "yes"
			}
			return e, "no"
		case "kmskeyid", "disk-encryption-kms-key", "diskencryptionsetid":
			return e, "yes"
		}
	}
	e := at(ev("StorageClass "+c.Name, c.Provisioner), c.Loc)
	if c.Provisioner == "pd.csi.storage.gke.io" || c.Provisioner == "disk.csi.azure.com" || c.Provisioner == "file.csi.azure.com" {
		return e, "yes"
	}
	return e, ""
}

func judgeVolumes(p *check.Probe) check.Verdict {
	used := make(map[string]int)
	volumes := 0
	for i := range p.Snapshot.PersistentVolumes {
		if v := &p.Snapshot.PersistentVolumes[i]; v.Scope == p.Scope.ID && (v.Type != "persistentVolumeClaim" || inFiles(p)) {
			used[v.Class]++
			volumes++
		}
	}
	if volumes == 0 {
		return check.Inapplicable("there is no persistent volume")
	}
	var yes, no []check.Evidence
	for i := range p.Snapshot.StorageClasses {
		c := &p.Snapshot.StorageClasses[i]
		if c.Scope != p.Scope.ID || used[c.Name] == 0 {
			continue
		}
		switch e, says := encrypts(c); says {
		case "yes":
			yes, volumes = append(yes, e), volumes-used[c.Name]
		case "no":
			no = append(no, e)
		}
	}
	switch {
	case len(no) > 0:
		return check.Failed("a storage class that is in use makes volumes in clear", some(no)...)
	case volumes == 0:
		return check.Passed("every volume is of a storage class that encrypts", some(yes)...)
	case inFiles(p):
		return check.Undecided(snapshot.ReasonStatic, "the storage classes in the files do not say whether "+plural(volumes, "volume")+" will be encrypted", some(yes)...)
	}
	return fact(p, "are volumes encrypted at rest whose storage class does not say it?", append(some(yes), ev("such volumes", volumes))...)
}

var dnsController = ofCloud(check.Check{
	ID:       "cloud-dns-controller-scoped",
	Title:    "The DNS controller may change its own zone only",
	Why:      "ExternalDNS writes the names that ingresses and services claim: with rights to every zone, whoever may create a service takes over any name of the organisation. Its command line is not kept, so that a person says what it is limited to.",
	Remedy:   "Give it --domain-filter and --txt-owner-id, and a role that may change its own zones only; then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Medium, STRIDE: "S",
	Needs: parts(snapshot.PartClusterWorkloads),
	Run: func(p *check.Probe) {
		v, ok := onCloud(p)
		if found := running(p, "external-dns"); ok && len(found) == 0 {
			v = check.Inapplicable("no DNS controller runs")
		} else if ok {
			v = fact(p, "do its arguments filter domain and owner, and is its role limited to its own zones?", names(p, found)...)
		}
		p.Report(v, p.Self())
	},
})

var scalingBounded = ofCloud(check.Check{
	ID:       "autoscaler-max-set",
	Title:    "Node scaling has an upper bound",
	Why:      "What scales with load scales with an attacker's load, and the bill with it. A HorizontalPodAutoscaler has a maximum that shows; that of node groups is with the provider or on the autoscaler's command line, which is not kept.",
	Remedy:   "Lower spec.maxReplicas, and set a maximum for every node group or node pool (limits of a Karpenter NodePool); then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Medium, STRIDE: "D",
	Needs:  parts(snapshot.PartClusterQuotas, snapshot.PartClusterWorkloads),
	Params: []check.Param{{Name: "max_replicas", Unit: "count", Default: words("1000"), Meaning: "largest maximum"}},
	Run:    func(p *check.Probe) { p.Report(judgeScaling(p), p.Self()) },
})

func judgeScaling(p *check.Probe) check.Verdict {
	most := p.Int("max_replicas")
	var over []check.Evidence
	pods := 0
	for i := range p.Snapshot.Autoscalers {
		a := &p.Snapshot.Autoscalers[i]
		if a.Scope != p.Scope.ID {
			continue
		}
		pods++
		if int64(a.Max) > most {
			over = append(over, at(ev("HorizontalPodAutoscaler "+a.Namespace+"/"+a.Name, a.Max), a.Loc))
		}
	}
	scalers := running(p, "cluster-autoscaler", "karpenter")
	_, cloud := onCloud(p)
	switch {
	case len(over) > 0:
		return check.Failed("an autoscaler may make more pods than the policy's number", some(over)...)
	case len(scalers) > 0 || cloud:
		return fact(p, "has every node group a maximum?", names(p, scalers)...)
	case pods == 0:
		return check.Inapplicable("no autoscaler is known")
	}
	return check.Passed("every autoscaler of pods has a maximum within the policy's number")
}
