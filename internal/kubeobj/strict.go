package kubeobj

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// Problem is why an API server would not take an object.
type Problem struct {
	Path string // to the field, spec.template.spec.containers[0].image; "" for the whole object
	Msg  string
}

// Parsed is an object of a file.
type Parsed struct {
	Object   any // for [Builder.Add]; nil where nothing can be made of it
	Problems []Problem
	Retired  bool // the version is not served any longer: the object was read as the present one
}

// Parse reads an object of a file, strictly: what the API server would refuse or
// ignore is a problem. The JSON is of a whole object.
func Parse(apiVersion, kind string, raw []byte) Parsed {
	var p Parsed
	gv := apiVersion
	if r, ok := retired[apiVersion+"/"+kind]; ok {
		p.Problems = append(p.Problems, Problem{"apiVersion", r.text(apiVersion, kind)})
		if p.Retired = true; r.now == "" {
			return p
		}
		gv = r.now
	} else if why := misspelled(apiVersion, kind); why != "" {
		p.Problems = append(p.Problems, Problem{"apiVersion", why})
		if gv = present[kind]; gv == "" {
			return p
		}
		p.Retired = true
	}
	if make, ok := sent[gv+"/"+kind]; ok {
		o := make()
		strict(raw, o, &p)
		p.Object = o
		complete(o, &p)
		return p
	}
	o, err := Decode(gv, kind, raw, false)
	if err != nil {
		p.Problems = append(p.Problems, wrongType(err))
		return p
	}
	p.Object = o
	return p
}

// strict decodes into a type and notes what does not fit. After a value of a wrong
// type the rest is read on.
func strict(raw []byte, into any, p *Parsed) {
	wrong, err := kjson.UnmarshalStrict(raw, into)
	for _, w := range wrong {
		q := Problem{Msg: w.Error()}
		if f, ok := w.(kjson.FieldError); ok { //nolint:errorlint // an item of a list, not a chain
			q.Path = f.FieldPath()
			q.Msg = strings.TrimSuffix(strings.TrimSpace(strings.Replace(w.Error(), fmt.Sprintf("%q", q.Path), "", 1)), ":")
			if i := strings.LastIndexByte(q.Path, '.'); q.Msg == "unknown field" {
				q.Msg = "there is no field " + q.Path[i+1:] + " here"
			}
		}
		p.Problems = append(p.Problems, q)
	}
	if err != nil {
		p.Problems = append(p.Problems, wrongType(err))
	}
}

// wrongType words what the decoder says of a value. The value itself may be a
// secret and is not repeated.
func wrongType(err error) Problem {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		value, _, _ := strings.Cut(t.Value, " ")
		return Problem{t.Field, fmt.Sprintf("is a %s; it takes %s", value, typeName(t.Type.String()))}
	}
	if m := goStruct.FindStringSubmatch(err.Error()); m != nil {
		return Problem{m[2], fmt.Sprintf("is a %s; it takes %s", m[1], typeName(m[3]))}
	}
	if strings.Contains(err.Error(), "quantities must match") {
		return Problem{"", "holds a quantity that is none, such as a wrong unit"}
	}
	return Problem{"", "cannot be read as what it says it is"}
}

// goStruct is how the decoder, which has an error type of its own, words a value of
// a wrong type.
var goStruct = regexp.MustCompile(`cannot unmarshal (\w+)(?: .*)? into Go struct field \w+\.([\w.\-/]+) of type (\S+)`)

func typeName(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "map["):
		return "a mapping"
	case t == "bool", t == "*bool":
		return "true or false"
	case strings.HasPrefix(strings.TrimPrefix(t, "*"), "int"):
		return "a whole number"
	case t == "string" || t == "*string":
		return "text"
	}
	return "a mapping"
}

// complete notes what an API server asks for and is missing.
func complete(o any, p *Parsed) {
	m, ok := o.(metav1.Object)
	if ok && m.GetName() == "" && m.GetGenerateName() == "" {
		p.Problems = append(p.Problems, Problem{"metadata", "there is no name"})
	}
	if t := templateAt(o); t != nil && len(t.Spec.Containers) == 0 {
		p.Problems = append(p.Problems, Problem{"spec", "there are no containers"})
	} else if t != nil {
		for i := range t.Spec.Containers {
			if t.Spec.Containers[i].Name == "" {
				p.Problems = append(p.Problems, Problem{"spec", "a container has no name"})
				break
			}
		}
	}
}

// retiredAPI is a version that is not served any longer.
type retiredAPI struct {
	since string // release of Kubernetes without it
	now   string // version that took its place; "" where none did
}

func (r retiredAPI) text(apiVersion, kind string) string {
	s := fmt.Sprintf("%s of %s is not served since Kubernetes %s", apiVersion, kind, r.since)
	if r.now != "" {
		s += "; it is " + r.now + " now"
	}
	return s
}

// retired lists what was removed, by apiVersion/kind.
var retired = retiredVersions(map[string]retiredAPI{
	"extensions/v1beta1 Deployment DaemonSet ReplicaSet":                                               {"1.16", "apps/v1"},
	"extensions/v1beta1 NetworkPolicy":                                                                 {"1.16", "networking.k8s.io/v1"},
	"extensions/v1beta1 PodSecurityPolicy":                                                             {"1.16", ""},
	"extensions/v1beta1 Ingress":                                                                       {"1.22", "networking.k8s.io/v1"},
	"apps/v1beta1 Deployment StatefulSet":                                                              {"1.16", "apps/v1"},
	"apps/v1beta2 Deployment StatefulSet DaemonSet ReplicaSet":                                         {"1.16", "apps/v1"},
	"batch/v2alpha1 CronJob":                                                                           {"1.21", "batch/v1"},
	"batch/v1beta1 CronJob":                                                                            {"1.25", "batch/v1"},
	"policy/v1beta1 PodDisruptionBudget":                                                               {"1.25", "policy/v1"},
	"policy/v1beta1 PodSecurityPolicy":                                                                 {"1.25", ""},
	"autoscaling/v2beta1 HorizontalPodAutoscaler":                                                      {"1.25", "autoscaling/v2"},
	"autoscaling/v2beta2 HorizontalPodAutoscaler":                                                      {"1.26", "autoscaling/v2"},
	"networking.k8s.io/v1beta1 Ingress IngressClass":                                                   {"1.22", "networking.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1beta1 Role ClusterRole RoleBinding ClusterRoleBinding":                {"1.22", "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 Role ClusterRole RoleBinding ClusterRoleBinding":               {"1.22", "rbac.authorization.k8s.io/v1"},
	"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration MutatingWebhookConfiguration": {"1.22", "admissionregistration.k8s.io/v1"},
	"apiextensions.k8s.io/v1beta1 CustomResourceDefinition":                                            {"1.22", "apiextensions.k8s.io/v1"},
	"apiregistration.k8s.io/v1beta1 APIService":                                                        {"1.22", "apiregistration.k8s.io/v1"},
	"certificates.k8s.io/v1beta1 CertificateSigningRequest":                                            {"1.22", "certificates.k8s.io/v1"},
	"scheduling.k8s.io/v1beta1 PriorityClass":                                                          {"1.22", "scheduling.k8s.io/v1"},
	"storage.k8s.io/v1beta1 StorageClass CSIDriver CSINode VolumeAttachment":                           {"1.22", "storage.k8s.io/v1"},
	"discovery.k8s.io/v1beta1 EndpointSlice":                                                           {"1.25", "discovery.k8s.io/v1"},
	"node.k8s.io/v1beta1 RuntimeClass":                                                                 {"1.25", "node.k8s.io/v1"},
	"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema PriorityLevelConfiguration":                       {"1.26", "flowcontrol.apiserver.k8s.io/v1"},
	"flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema PriorityLevelConfiguration":                       {"1.29", "flowcontrol.apiserver.k8s.io/v1"},
	"flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema PriorityLevelConfiguration":                       {"1.32", "flowcontrol.apiserver.k8s.io/v1"},
})

func retiredVersions(list map[string]retiredAPI) map[string]retiredAPI {
	out := make(map[string]retiredAPI)
	for k, r := range list {
		f := strings.Fields(k)
		for _, kind := range f[1:] {
			out[f[0]+"/"+kind] = r
		}
	}
	return out
}

// present is the version of each kind that is built in.
var present = presentVersions()

func presentVersions() map[string]string {
	out := make(map[string]string)
	for k := range sent {
		i := strings.LastIndexByte(k, '/')
		if gv, kind := k[:i], k[i+1:]; out[kind] < gv { // autoscaling/v2 over v1
			out[kind] = gv
		}
	}
	return out
}

// misspelled says what is wrong with the version of an object whose kind is built
// in: groups of others have a dot in their name, and not those of Kubernetes.
func misspelled(apiVersion, kind string) string {
	now, builtIn := present[kind]
	if !builtIn || sent[apiVersion+"/"+kind] != nil {
		return ""
	}
	group, version, ok := strings.Cut(apiVersion, "/")
	if ok && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") || version == "v1alpha1" || version == "v1beta1" {
		return ""
	}
	return fmt.Sprintf("there is no %s of %s; it is %s", apiVersion, kind, now)
}
