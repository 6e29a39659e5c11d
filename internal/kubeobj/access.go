package kubeobj

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"

	certv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// access takes identities and what they may do.
func (b *Builder) access(o any, from Origin) bool {
	switch o := o.(type) {
	case *corev1.ServiceAccount:
		b.account(o, from)
	case *rbacv1.Role:
		b.role(&o.ObjectMeta, o.Rules, nil, from)
	case *rbacv1.ClusterRole:
		m := o.ObjectMeta
		m.Namespace = ""
		b.role(&m, o.Rules, o.AggregationRule, from)
	case *rbacv1.RoleBinding:
		b.binding(&o.ObjectMeta, o.RoleRef, o.Subjects, false, from)
	case *rbacv1.ClusterRoleBinding:
		m := o.ObjectMeta
		m.Namespace = ""
		b.binding(&m, o.RoleRef, o.Subjects, true, from)
	case *certv1.CertificateSigningRequest:
		b.out.CSRs = append(b.out.CSRs, b.csr(o))
	default:
		return false
	}
	return true
}

// cloudNotes are annotations that tie an account to an identity of a provider.
var cloudNotes = []string{
	"eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id", "azure.workload.identity/tenant-id",
}

func (b *Builder) account(o *corev1.ServiceAccount, from Origin) {
	a := snapshot.ServiceAccount{
		Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Automount: o.AutomountServiceAccountToken, Loc: from.Loc,
	}
	for _, s := range o.Secrets {
		a.Secrets = append(a.Secrets, s.Name)
	}
	for _, s := range o.ImagePullSecrets {
		a.PullSecrets = append(a.PullSecrets, s.Name)
	}
	for _, k := range cloudNotes {
		if v := o.Annotations[k]; v != "" {
			a.Cloud = append(a.Cloud, snapshot.Pair{Key: k, Value: v})
		}
	}
	slices.SortFunc(a.Cloud, byKey)
	b.out.ServiceAccounts = append(b.out.ServiceAccounts, a)
}

// bootstrap labels what the API server makes itself.
const bootstrap = "kubernetes.io/bootstrapping"

func (b *Builder) role(m *metav1.ObjectMeta, rules []rbacv1.PolicyRule, aggregated *rbacv1.AggregationRule, from Origin) {
	r := snapshot.Role{
		Scope: b.Scope, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Labels: pairs(m.Labels), BuiltIn: m.Labels[bootstrap] != "",
		Owner: owner(m), Loc: from.Loc,
	}
	for _, v := range rules {
		r.Rules = append(r.Rules, snapshot.Rule{
			Verbs: slices.Clone(v.Verbs), Groups: slices.Clone(v.APIGroups), Resources: slices.Clone(v.Resources), Names: slices.Clone(v.ResourceNames), URLs: slices.Clone(v.NonResourceURLs),
		})
	}
	if aggregated != nil {
		for _, s := range aggregated.ClusterRoleSelectors {
			if len(s.MatchExpressions) > 0 {
				r.Unread = []string{"aggregates"}
			}
			r.Aggregates = append(r.Aggregates, pairs(s.MatchLabels))
		}
	}
	b.out.Roles = append(b.out.Roles, r)
}

func (b *Builder) binding(m *metav1.ObjectMeta, ref rbacv1.RoleRef, subjects []rbacv1.Subject, wide bool, from Origin) {
	r := snapshot.Binding{
		Scope: b.Scope, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), ClusterRole: ref.Kind == "ClusterRole", Role: ref.Name,
		BuiltIn: m.Labels[bootstrap] != "", Invalid: from.Invalid, Owner: owner(m), Loc: from.Loc,
	}
	invalid := func(why string) {
		if r.Invalid == "" {
			r.Invalid = why
		}
	}
	switch {
	case ref.Name == "":
		invalid("roleRef names no role")
	case ref.Kind != "ClusterRole" && ref.Kind != "Role":
		invalid("roleRef is to a " + ref.Kind + "; only a Role or a ClusterRole can be bound")
	case wide && ref.Kind == "Role":
		invalid("a ClusterRoleBinding cannot bind a Role")
	case ref.APIGroup != "" && ref.APIGroup != rbacv1.GroupName:
		invalid("roleRef is to the API group " + ref.APIGroup)
	}
	for _, s := range subjects {
		if s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "" && !from.Anywhere {
			invalid("the subject " + s.Name + " is a service account without a namespace")
		}
		if s.Kind != rbacv1.ServiceAccountKind && s.Kind != rbacv1.UserKind && s.Kind != rbacv1.GroupKind {
			invalid("a subject is of the kind " + s.Kind)
		}
		r.Subjects = append(r.Subjects, snapshot.RBACSubject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name})
	}
	b.out.Bindings = append(b.out.Bindings, r)
}

// csr keeps of a request whom it is for. The request itself is not kept.
func (b *Builder) csr(o *certv1.CertificateSigningRequest) snapshot.CSR {
	r := snapshot.CSR{
		Scope: b.Scope, Name: objectName(&o.ObjectMeta), Signer: o.Spec.SignerName, Requester: o.Spec.Username, Usages: words(o.Spec.Usages),
		Issued: len(o.Status.Certificate) > 0, Created: stamp(o.CreationTimestamp),
	}
	if n := o.Spec.ExpirationSeconds; n != nil {
		r.Seconds = int64(*n)
	}
	if block, _ := pem.Decode(o.Spec.Request); block != nil {
		if q, err := x509.ParseCertificateRequest(block.Bytes); err == nil {
			r.User, r.Groups = q.Subject.CommonName, slices.Clone(q.Subject.Organization)
		}
	}
	if block, _ := pem.Decode(o.Status.Certificate); block != nil {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			r.NotAfter = c.NotAfter.UTC().Format(time.RFC3339)
		}
	}
	var states []string
	for _, c := range o.Status.Conditions {
		if c.Status != corev1.ConditionFalse {
			states = append(states, string(c.Type))
		}
	}
	for _, s := range []string{"Failed", "Denied", "Approved"} { // the first that holds says what became of it
		if slices.Contains(states, s) {
			r.State = s
			break
		}
	}
	return r
}
