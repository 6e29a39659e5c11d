package snapshot

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// kubeNames are the fields of clusters that hold a name and nothing else, and
// what the stand-ins of those that are learned there are called. A field with "" only
// refers to what is learned elsewhere.
var kubeNames = map[string]string{
	"Namespace.Name": "namespace", "Workload.Namespace": "namespace", "ServiceAccount.Namespace": "namespace", "Role.Namespace": "namespace",
	"Binding.Namespace": "namespace", "RBACSubject.Namespace": "namespace", "NetworkPolicy.Namespace": "namespace", "Service.Namespace": "namespace",
	"Ingress.Namespace": "namespace", "AdmissionPolicy.Namespace": "namespace", "Quota.Namespace": "namespace", "LimitRange.Namespace": "namespace",
	"DisruptionBudget.Namespace": "namespace", "Autoscaler.Namespace": "namespace", "Secret.Namespace": "namespace", "ConfigMap.Namespace": "namespace",

	"Workload.Name": "workload", "PodRow.Name": "pod", "PodContainer.Name": "container", "PodVolume.Name": "volume", "VolumeMount.Volume": "volume",
	"PodContainer.Devices": "volume", "PodVolume.Source": "", "ProjectedSource.Name": "", "EnvSource.Name": "", "PodSpec.PullSecrets": "secret",
	"PodSpec.NodeName": "", "PodSpec.Scheduler": "scheduler", "PodSpec.RuntimeClass": "runtime", "RuntimeClass.Name": "runtime",
	"PodSpec.PriorityClass": "priority", "PriorityClass.Name": "priority", "PodSpec.ServiceAccount": "account", "ServiceAccount.Name": "account",
	"Secret.Account": "account", "ServiceAccount.Secrets": "secret", "ServiceAccount.PullSecrets": "secret", "Secret.Name": "secret", "IngressTLS.Secret": "secret",
	"ConfigMap.Name": "config", "Role.Name": "role", "Binding.Role": "role", "Rule.Names": "", "Binding.Name": "binding",
	"NetworkPolicy.Name": "policy", "AdmissionPolicy.Name": "policy", "AdmissionBinding.Name": "policy", "Service.Name": "service", "Ingress.Backends": "service",
	"Ingress.Name": "ingress", "Ingress.Class": "class", "StorageClass.Name": "class", "PersistentVolume.Class": "class", "PersistentVolume.Name": "volume",
	"Webhook.Object": "webhook", "Webhook.Name": "webhook", "Quota.Name": "quota", "LimitRange.Name": "limit", "DisruptionBudget.Name": "budget",
	"Autoscaler.Name": "autoscaler", "FlowSchema.Name": "flow", "FlowSchema.Level": "level", "PriorityLevel.Name": "level", "WebhookRule.Names": "",
	"Node.Name": "", "CSR.Name": "csr",
}

// kubePaths are fields with several names between slashes.
var kubePaths = []string{"CNI.Evidence", "Webhook.Service", "PersistentVolume.Claim", "Autoscaler.Target", "FlowSchema.Subjects"}

// kubeUsers are fields with the name of a user or a group.
var kubeUsers = []string{"RBACSubject.Name", "CSR.Requester", "CSR.User", "CSR.Groups", "FlowSchema.Subjects"}

// publicDomains are those of Kubernetes and of what many clusters run: labels and
// kinds that checks know are of them.
var publicDomains = []string{
	"kubernetes.io", "k8s.io", "x-k8s.io", "amazonaws.com", "google.com", "gke.io", "azure.com", "helm.sh", "argoproj.io", "fluxcd.io", "istio.io", "cilium.io",
	"projectcalico.org", "antrea.io", "openshift.io", "k3s.io", "cattle.io", "microk8s.io", "kyverno.io", "gatekeeper.sh", "knative.dev", "strimzi.io",
	"cert-manager.io", "coreos.com", "tekton.dev", "karpenter.sh", "traefik.io", "linkerd.io", "kubeflow.org", "keda.sh", "ray.io",
}

// ownWords name things of every cluster, or are values that checks know.
var ownWords = []string{
	"privileged", "baseline", "restricted", "latest", "linux", "windows", "amd64", "arm64", "control-plane", "none",
	"kubernetes", "default", "default-scheduler", "cluster-admin", "admin", "edit", "view", "global-default", "catch-all", "exempt",
}

// learnClusters collects the names of machines, users and namespaces, which may
// stand inside text.
func (sc *scrubber) learnClusters(s *Snapshot) {
	for _, scope := range s.Scopes {
		if scope.Kind == ScopeCluster && scope.Name != "kubernetes" {
			sc.name(scope.Name, "cluster")
		}
	}
	for i := range s.Clusters {
		for _, e := range s.Clusters[i].Endpoints {
			sc.host(e.Host)
		}
	}
	for i := range s.Nodes {
		sc.host(s.Nodes[i].Name)
		sc.nodes[s.Nodes[i].Name] = true
		for _, a := range s.Nodes[i].Addresses {
			sc.host(a.Address)
		}
	}
	for i := range s.Namespaces {
		if n := s.Namespaces[i].Name; !s.Namespaces[i].System() && !slices.Contains(ownWords, n) && !sc.keep {
			sc.name(n, "namespace")
			sc.labels[n] = true
		}
	}
	for i := range s.Definitions {
		sc.domain(s.Definitions[i].Group)
	}
	for i := range s.PodSpecs {
		for _, c := range s.PodSpecs[i].Containers {
			sc.registry(c.Image)
		}
		for _, a := range s.PodSpecs[i].HostAliases {
			_, names, _ := strings.Cut(a, "=")
			for n := range strings.SplitSeq(names, ",") {
				sc.host(n)
			}
		}
	}
	for i := range s.Ingresses {
		for _, h := range s.Ingresses[i].Hosts {
			sc.host(strings.TrimPrefix(h, "*."))
		}
	}
	sc.gather(reflect.ValueOf(s).Elem(), "", func(field, value string) {
		if slices.Contains(kubeUsers, field) {
			sc.account(value)
		}
	})
}

// account learns the name of a user or a group: not one that Kubernetes gives.
func (sc *scrubber) account(name string) {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "User/"), "Group/")
	if name == "*" || strings.HasPrefix(name, "system:") || strings.HasPrefix(name, "kubeadm:") || strings.HasPrefix(name, "kubernetes-") || strings.HasPrefix(name, "ServiceAccount/") {
		return
	}
	sc.user(name)
}

// domain learns the domain of labels and kinds that somebody made for himself.
func (sc *scrubber) domain(name string) {
	if !strings.Contains(name, ".") || slices.ContainsFunc(publicDomains, func(p string) bool { return name == p || strings.HasSuffix(name, "."+p) }) {
		return
	}
	sc.name(name, "host")
}

// learnKubeNames collects what people called their objects. Those of the
// cluster's own namespaces keep their names, by which checks know them.
func (sc *scrubber) learnKubeNames(s *Snapshot) {
	own := make(map[string]bool)
	for _, w := range ownWords {
		own[w] = true
	}
	note := func(namespace, name string) {
		if SystemNamespace(namespace) {
			own[name] = true
		}
	}
	for i := range s.Workloads {
		note(s.Workloads[i].Namespace, s.Workloads[i].Name)
		if w := &s.Workloads[i]; SystemNamespace(w.Namespace) {
			for _, c := range s.PodSpecs[w.Spec].Containers {
				own[c.Name] = true
			}
		}
	}
	for i := range s.ServiceAccounts {
		note(s.ServiceAccounts[i].Namespace, s.ServiceAccounts[i].Name)
	}
	for i := range s.ConfigMaps {
		note(s.ConfigMaps[i].Namespace, s.ConfigMaps[i].Name)
	}
	for i := range s.Services {
		note(s.Services[i].Namespace, s.Services[i].Name)
	}
	for i := range s.FlowSchemas {
		own[s.FlowSchemas[i].Name] = own[s.FlowSchemas[i].Name] || s.FlowSchemas[i].BuiltIn
	}
	for i := range s.PriorityLevels {
		own[s.PriorityLevels[i].Name] = own[s.PriorityLevels[i].Name] || s.PriorityLevels[i].BuiltIn
	}
	sc.gather(reflect.ValueOf(s).Elem(), "", func(field, value string) {
		if kind := kubeNames[field]; kind != "" && !own[value] && !ownPrefix(value) && !sc.ofNode(value) {
			sc.label(value, kind)
			sc.labels[value] = true
		}
	})
	named := func(name, kind string) {
		if name != "" && !own[name] && !ownPrefix(name) {
			sc.label(name, kind)
		}
	}
	for i := range s.PodSpecs {
		learnSources(&s.PodSpecs[i], named)
	}
	for i := range s.PersistentVolumes {
		_, claim, _ := strings.Cut(s.PersistentVolumes[i].Claim, "/")
		named(claim, "claim")
	}
	sc.learnLabels(s)
}

// learnSources collects what a pod refers to and may not be listed itself.
func learnSources(p *PodSpec, named func(name, kind string)) {
	kinds := map[string]string{"secret": "secret", "configMap": "config", "persistentVolumeClaim": "claim"}
	for _, v := range p.Volumes {
		if kind := kinds[v.Type]; kind != "" {
			named(v.Source, kind)
		}
		for _, s := range v.Projected {
			if kind := kinds[s.Kind]; kind != "" {
				named(s.Name, kind)
			}
		}
	}
	for _, c := range p.Containers {
		for _, e := range c.EnvFrom {
			named(e.Name, cmp.Or(kinds[e.Kind], "source"))
		}
		for _, e := range c.Env {
			if e.From != nil && kinds[e.From.Kind] != "" {
				named(e.From.Name, kinds[e.From.Kind])
			}
		}
	}
}

// ownPrefix reports whether Kubernetes or its installers gave a name.
func ownPrefix(name string) bool {
	return strings.HasPrefix(name, "system:") || strings.HasPrefix(name, "system-") || strings.HasPrefix(name, "kubeadm:") || strings.HasPrefix(name, "kube-") || SystemNamespace(name)
}

// learnLabels collects the values of labels, by which things are selected.
func (sc *scrubber) learnLabels(s *Snapshot) {
	sc.gather(reflect.ValueOf(s).Elem(), "", func(field, value string) {
		key, label, ok := strings.Cut(value, "\x00")
		if !ok || !labelled[field] {
			return
		}
		domain, word, qualified := strings.Cut(key, "/")
		if qualified {
			sc.domain(domain)
		}
		public := qualified && slices.ContainsFunc(publicDomains, func(p string) bool { return domain == p || strings.HasSuffix(domain, "."+p) })
		named := domain == "app.kubernetes.io" && word != "managed-by" && word != "version"
		if (!public || named) && label != "" && label != "true" && label != "false" && !ownPrefix(label) && !slices.Contains(ownWords, label) {
			sc.label(label, "label")
			sc.labels[label] = true
		}
	})
}

// labelled are the fields with labels.
var labelled = map[string]bool{
	"Workload.Labels": true, "Namespace.Labels": true, "Node.Labels": true, "Role.Labels": true, "Selector.Labels": true, "Service.Selector": true, "PodSpec.NodeSelector": true,
}

// gather calls each for every string below v with the field that it is in. A pair
// of a list comes as key and value with a zero byte between.
func (sc *scrubber) gather(v reflect.Value, field string, each func(field, value string)) {
	switch v.Kind() {
	case reflect.Struct:
		if p, ok := reflect.TypeAssert[Pair](v); ok {
			each(field, p.Key+"\x00"+p.Value)
			return
		}
		t := v.Type()
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				sc.gather(v.Field(i), t.Name()+"."+t.Field(i).Name, each)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			sc.gather(v.Index(i), field, each)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			sc.gather(v.Elem(), field, each)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.Len() > 0 {
			each(field, v.String())
		}
	default:
	}
}

// ofNode reports whether a name ends with that of a node, as those of mirrors of
// static pods do.
func (sc *scrubber) ofNode(name string) bool {
	_, ok := sc.withoutNode(name)
	return ok
}

func (sc *scrubber) withoutNode(name string) (base string, ok bool) {
	for i := range len(name) {
		if name[i] == '-' && sc.nodes[name[i+1:]] {
			return name[:i], true
		}
	}
	return name, false
}

// kubeStructured replaces in the fields of clusters that hold names; ok is false
// for any other field.
func (sc *scrubber) kubeStructured(s, field string) (out string, ok bool) {
	_, one := kubeNames[field]
	switch {
	case field == "PodRow.IP": // there may be very many
		return sc.addresses(s), true
	case slices.Contains(kubeUsers, field) && !strings.HasPrefix(s, "ServiceAccount/"):
		return sc.userName(s), true
	case slices.Contains(kubePaths, field):
		return sc.each(s), true
	case one && !sc.keep || field == "Node.Name":
		if base, ok := sc.withoutNode(s); ok {
			return base + "-" + sc.named(s[len(base)+1:]), true
		}
		return sc.named(s), true
	case field == "Pair.Value" && (sc.labels[s] || sc.nodes[s]):
		return sc.named(s), true
	}
	return s, false
}

// userName replaces the names inside that of a user or a group.
func (sc *scrubber) userName(s string) string {
	for _, form := range []string{"system:serviceaccount:", "system:serviceaccounts:", "system:node:"} {
		if rest, ok := strings.CutPrefix(s, form); ok {
			parts := strings.Split(rest, ":")
			for i := range parts {
				parts[i] = sc.named(parts[i])
			}
			return form + strings.Join(parts, ":")
		}
	}
	for _, form := range []string{"User/", "Group/"} {
		if rest, ok := strings.CutPrefix(s, form); ok {
			return form + sc.named(rest)
		}
	}
	return sc.named(s)
}
