package kubeobj

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	admv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// wired are the types that have a form in protobuf.
type wired interface {
	metav1.Object
	Unmarshal([]byte) error
}

// sent are the kinds that an API server sends and a [Builder] takes, by
// apiVersion/kind.
var sent = map[string]func() wired{
	"v1/ConfigMap":             func() wired { return new(corev1.ConfigMap) },
	"v1/LimitRange":            func() wired { return new(corev1.LimitRange) },
	"v1/Namespace":             func() wired { return new(corev1.Namespace) },
	"v1/Node":                  func() wired { return new(corev1.Node) },
	"v1/PersistentVolume":      func() wired { return new(corev1.PersistentVolume) },
	"v1/PersistentVolumeClaim": func() wired { return new(corev1.PersistentVolumeClaim) },
	"v1/Pod":                   func() wired { return new(corev1.Pod) },
	"v1/PodTemplate":           func() wired { return new(corev1.PodTemplate) },
	"v1/ReplicationController": func() wired { return new(corev1.ReplicationController) },
	"v1/ResourceQuota":         func() wired { return new(corev1.ResourceQuota) },
	"v1/Secret":                func() wired { return new(corev1.Secret) },
	"v1/Service":               func() wired { return new(corev1.Service) },
	"v1/ServiceAccount":        func() wired { return new(corev1.ServiceAccount) },
	"apps/v1/DaemonSet":        func() wired { return new(appsv1.DaemonSet) },
	"apps/v1/Deployment":       func() wired { return new(appsv1.Deployment) },
	"apps/v1/ReplicaSet":       func() wired { return new(appsv1.ReplicaSet) },
	"apps/v1/StatefulSet":      func() wired { return new(appsv1.StatefulSet) },
	"batch/v1/CronJob":         func() wired { return new(batchv1.CronJob) },
	"batch/v1/Job":             func() wired { return new(batchv1.Job) },

	"admissionregistration.k8s.io/v1/MutatingAdmissionPolicy":          func() wired { return new(admv1.MutatingAdmissionPolicy) },
	"admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding":   func() wired { return new(admv1.MutatingAdmissionPolicyBinding) },
	"admissionregistration.k8s.io/v1/MutatingWebhookConfiguration":     func() wired { return new(admv1.MutatingWebhookConfiguration) },
	"admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy":        func() wired { return new(admv1.ValidatingAdmissionPolicy) },
	"admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding": func() wired { return new(admv1.ValidatingAdmissionPolicyBinding) },
	"admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration":   func() wired { return new(admv1.ValidatingWebhookConfiguration) },
	"autoscaling/v1/HorizontalPodAutoscaler":                           func() wired { return new(autoscalingv1.HorizontalPodAutoscaler) },
	"autoscaling/v2/HorizontalPodAutoscaler":                           func() wired { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"certificates.k8s.io/v1/CertificateSigningRequest":                 func() wired { return new(certv1.CertificateSigningRequest) },
	"discovery.k8s.io/v1/EndpointSlice":                                func() wired { return new(discoveryv1.EndpointSlice) },
	"flowcontrol.apiserver.k8s.io/v1/FlowSchema":                       func() wired { return new(flowv1.FlowSchema) },
	"flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration":       func() wired { return new(flowv1.PriorityLevelConfiguration) },
	"networking.k8s.io/v1/Ingress":                                     func() wired { return new(networkingv1.Ingress) },
	"networking.k8s.io/v1/NetworkPolicy":                               func() wired { return new(networkingv1.NetworkPolicy) },
	"node.k8s.io/v1/RuntimeClass":                                      func() wired { return new(nodev1.RuntimeClass) },
	"policy/v1/PodDisruptionBudget":                                    func() wired { return new(policyv1.PodDisruptionBudget) },
	"rbac.authorization.k8s.io/v1/ClusterRole":                         func() wired { return new(rbacv1.ClusterRole) },
	"rbac.authorization.k8s.io/v1/ClusterRoleBinding":                  func() wired { return new(rbacv1.ClusterRoleBinding) },
	"rbac.authorization.k8s.io/v1/Role":                                func() wired { return new(rbacv1.Role) },
	"rbac.authorization.k8s.io/v1/RoleBinding":                         func() wired { return new(rbacv1.RoleBinding) },
	"scheduling.k8s.io/v1/PriorityClass":                               func() wired { return new(schedulingv1.PriorityClass) },
	"storage.k8s.io/v1/StorageClass":                                   func() wired { return new(storagev1.StorageClass) },
}

// Wired reports whether objects of a kind are read from protobuf too.
func Wired(apiVersion, kind string) bool { return sent[apiVersion+"/"+kind] != nil }

var errNoProto = errors.New("protobuf of a kind that has none here")

// Decode reads one object as an API server sends it in a list, where it may leave
// out kind and version. [Builder.Add] takes the outcome.
func Decode(apiVersion, kind string, raw []byte, proto bool) (any, error) {
	if make, ok := sent[apiVersion+"/"+kind]; ok {
		o := make()
		if proto {
			return o, o.Unmarshal(raw)
		}
		return o, json.Unmarshal(raw, o)
	}
	if proto {
		return nil, errNoProto
	}
	switch group, _, _ := strings.Cut(apiVersion, "/"); {
	case group == "apiextensions.k8s.io" && kind == "CustomResourceDefinition":
		o := new(CustomResourceDefinition)
		return o, json.Unmarshal(raw, o)
	case group == "apiregistration.k8s.io" && kind == "APIService":
		o := new(APIService)
		return o, json.Unmarshal(raw, o)
	}
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("no object")
	}
	o["apiVersion"], o["kind"] = apiVersion, kind
	return o, nil
}

// DecodeSecret reads a secret of which only the metadata and the type were asked
// for.
func DecodeSecret(metadata []byte, kind string) (any, error) {
	var m metav1.PartialObjectMetadata
	if err := json.Unmarshal(metadata, &m); err != nil {
		return nil, err
	}
	if m.Name == "" {
		return nil, errors.New("a secret without a name")
	}
	return &corev1.Secret{ObjectMeta: m.ObjectMeta, Type: corev1.SecretType(kind)}, nil
}

// Identity returns the UID of an object, else its namespace and name; "" for what
// is none.
func Identity(o any) string {
	switch o := o.(type) {
	case metav1.Object:
		if u := o.GetUID(); u != "" {
			return string(u)
		}
		return o.GetNamespace() + "/" + o.GetName()
	case map[string]any:
		if u := text(o, "metadata.uid"); u != "" {
			return u
		}
		return text(o, "metadata.namespace") + "/" + text(o, "metadata.name")
	}
	return ""
}
