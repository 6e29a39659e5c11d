package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// reader reads the objects of one stream.
type reader struct {
	rel    string // the file that is named in coverage
	shown  string
	render string                                // how it came from its sources
	at     func(line, col int) snapshot.Location // where a place of the stream comes from
	into   string                                // what stands for a namespace that is not known; "" where nothing does
	source func(n *yaml.Node) *origin            // where an object that was built comes from; nil for one that stands as it is
	out    outcome
}

// file reads one file.
func (c *collector) file(rel string) outcome {
	data, err := c.Read(rel, MaxFile)
	shown := c.Show(rel)
	if err != nil {
		return outcome{fails: []failure{{snapshot.PartOtherFiles, "file/" + rel, snapshot.ReasonFailed, shown + ": " + err.Error()}}}
	}
	r := reader{rel: rel, shown: shown, at: func(line, col int) snapshot.Location { return snapshot.Location{File: shown, Line: line, Column: col} }}
	r.stream(data)
	return r.out
}

// objectLine tells that a text is meant as an object.
var objectLine = regexp.MustCompile(`(?m)^[-\s]{0,4}["']?apiVersion["']?\s*:`)

// stream reads every document of a text.
func (r *reader) stream(data []byte) {
	if yaml.IsJSON(data, strings.Contains(path.Ext(r.rel), "json")) {
		yaml.ParseJSON(data, r.shown, limits, func(n *yaml.Node, err error) {
			if err != nil {
				r.broken(data, 1, err)
			} else {
				r.document(n)
			}
		})
		return
	}
	for _, d := range yaml.Split(data) {
		n, err := yaml.ParseDocument(d, r.shown, limits)
		switch {
		case err != nil && objectLine.Match(d.Text):
			r.broken(d.Text, d.Line, err)
		case err == nil && n != nil:
			r.document(n)
		}
	}
}

// document reads an object, or each of a list. Whatever else a file holds is not
// for here.
func (r *reader) document(n *yaml.Node) {
	apiVersion, kind := scalar(n.Get("apiVersion")), scalar(n.Get("kind"))
	if apiVersion == "" || kind == "" || n.Kind != yaml.Map {
		if apiVersion != "" && n.Get("metadata") != nil && n.Get("spec") != nil {
			r.fail(snapshot.PartClusterWorkloads, n, "an object without a kind", snapshot.ReasonUnparsable)
		}
		return
	}
	if items := n.Get("items"); items != nil && strings.HasSuffix(kind, "List") && (items.Kind == yaml.List || items.IsNull()) {
		of := strings.TrimSuffix(kind, "List")
		for _, item := range items.Items {
			if of != "" && item.Kind == yaml.Map && item.Get("kind") == nil { // a list of one kind need not repeat it
				r.object(item, apiVersion, of)
			} else {
				r.document(item)
			}
		}
		return
	}
	r.object(n, apiVersion, kind)
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.Scalar || n.IsNull() {
		return ""
	}
	return n.Value
}

// mostProblems is how many of one object are told.
const mostProblems = 3

// object reads one object.
func (r *reader) object(n *yaml.Node, apiVersion, kind string) {
	if r.into != "" {
		anywhere(n, r.into)
	}
	meta := n.Get("metadata")
	o := object{apiVersion: apiVersion, kind: kind, name: scalar(meta.Get("name")), namespace: scalar(meta.Get("namespace"))}
	from := r.origin(n)
	p := kubeobj.Parse(apiVersion, kind, yaml.AppendJSON(nil, n))
	loc := from.loc(n)
	o.parsed, o.from.Loc, o.from.Render, o.from.Anywhere = p.Object, &loc, r.render, r.into != ""
	podPath, makesPods := kubeobj.MakesPods(apiVersion, kind)
	if makesPods && podPath != "" {
		o.from.Fields = fields(n, podPath, from)
	}
	if len(p.Problems) > 0 {
		why := r.problems(n, p.Problems, from)
		o.from.Invalid = why
		if makesPods {
			o.from.Unread = []string{snapshot.AllUnread}
		}
		r.out.fails = append(r.out.fails, failure{
			partOf(apiVersion, kind), "file/" + r.rel + "/" + kind + "/" + cmp.Or(o.name, strconv.Itoa(n.Line)), snapshot.ReasonUnparsable, kind + " " + o.name + ": " + why,
		})
		if !makesPods && !strings.HasSuffix(kind, "RoleBinding") {
			return // a row would be judged as if the API server took it
		}
	}
	r.out.objects = append(r.out.objects, o)
}

// anywhere empties the namespaces for which something stands that is not known.
func anywhere(n *yaml.Node, into string) {
	for _, p := range n.Pairs {
		if p.Key.Value == "namespace" && p.Value.Kind == yaml.Scalar && p.Value.Value == into {
			p.Value.Value, p.Value.Plain = "", false
		}
		anywhere(p.Value, into)
	}
	for _, v := range n.Items {
		anywhere(v, into)
	}
}

// problems words what is wrong with an object.
func (r *reader) problems(n *yaml.Node, list []kubeobj.Problem, from *origin) string {
	var out []string
	for i, p := range list {
		if i == mostProblems {
			out = append(out, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		field := find(n, p.Path)
		if field == nil {
			p.Path = withoutTypes(p.Path)
			field = find(n, p.Path)
		}
		at, ok := from.field(p.Path, field)
		if !ok {
			at = from.loc(n)
		}
		s := at.String() + ": "
		if p.Path != "" && p.Path != "apiVersion" {
			s += yaml.Printable(p.Path) + ": "
		}
		out = append(out, s+p.Msg)
	}
	return strings.Join(out, "; ")
}

// withoutTypes drops from a path the names of the decoder's types, which begin in
// upper case as no field does.
func withoutTypes(path string) string {
	words := strings.Split(path, ".")
	words = slices.DeleteFunc(words, func(w string) bool { return w != "" && w[0] >= 'A' && w[0] <= 'Z' })
	return strings.Join(words, ".")
}

func (r *reader) fail(part snapshot.Part, n *yaml.Node, what string, reason snapshot.Reason) {
	at := r.at(n.Line, n.Col)
	r.out.fails = append(r.out.fails, failure{part, fmt.Sprintf("file/%s:%d", r.rel, n.Line), reason, at.String() + ": " + what})
}

var (
	kindLine = regexp.MustCompile(`(?m)^["']?kind["']?\s*:\s*["']?([A-Za-z0-9]+)`)
	apiLine  = regexp.MustCompile(`(?m)^["']?apiVersion["']?\s*:\s*["']?([A-Za-z0-9./-]+)`)
	nameLine = regexp.MustCompile(`(?m)^metadata\s*:\s*(?:\{(?:[^}\n]*,)?|\r?\n(?:\s+.*\r?\n|\s*#.*\r?\n)*?)\s*name\s*:\s*["']?([A-Za-z0-9.-]+)`)
)

// broken keeps a document that could not be read: where its lines show that it is
// something that makes pods, as that, of which nothing is known.
func (r *reader) broken(text []byte, line int, err error) {
	loc := r.at(line, 1)
	detail := err.Error()
	if e, ok := errors.AsType[*yaml.Error](err); ok {
		if e.Line > 0 {
			loc = r.at(e.Line, e.Column)
		}
		detail = loc.String() + ": " + e.Msg
	}
	first := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	kind, apiVersion, name := first(kindLine), first(apiLine), first(nameLine)
	part := snapshot.PartOtherFiles
	if kind != "" {
		part = partOf(apiVersion, kind)
	}
	r.out.fails = append(r.out.fails, failure{part, fmt.Sprintf("file/%s:%d", r.rel, line+bytes.Count(text[:len(text)-len(bytes.TrimLeft(text, "\r\n"))], []byte("\n"))), snapshot.ReasonUnparsable, detail})
	if _, ok := kubeobj.MakesPods(apiVersion, kind); ok || kind == "" {
		r.out.objects = append(r.out.objects, object{
			apiVersion: cmp.Or(apiVersion, "v1"), kind: cmp.Or(kind, "Document"), name: cmp.Or(name, fmt.Sprintf("%s:%d", r.rel, max(loc.Line, line))),
			from: kubeobj.Origin{Loc: &loc, Invalid: detail, Render: r.render},
		})
	}
}

// partOf says which part of a cluster objects of a kind belong to.
func partOf(apiVersion, kind string) snapshot.Part {
	if p, ok := parts[kind]; ok {
		return p
	}
	if _, ok := kubeobj.MakesPods(apiVersion, kind); ok {
		return snapshot.PartClusterWorkloads
	}
	group, _, _ := strings.Cut(apiVersion, "/")
	return cmp.Or(kubeobj.Wanted(group, kind), snapshot.PartClusterExtensions)
}

var parts = map[string]snapshot.Part{
	"Namespace": snapshot.PartClusterNamespaces, "ServiceAccount": snapshot.PartClusterAccounts, "Role": snapshot.PartClusterRBAC, "ClusterRole": snapshot.PartClusterRBAC,
	"RoleBinding": snapshot.PartClusterRBAC, "ClusterRoleBinding": snapshot.PartClusterRBAC, "NetworkPolicy": snapshot.PartClusterNetwork,
	"Service": snapshot.PartClusterServices, "Ingress": snapshot.PartClusterServices, "EndpointSlice": snapshot.PartClusterServices,
	"ValidatingWebhookConfiguration": snapshot.PartClusterAdmission, "MutatingWebhookConfiguration": snapshot.PartClusterAdmission,
	"ValidatingAdmissionPolicy": snapshot.PartClusterAdmission, "ValidatingAdmissionPolicyBinding": snapshot.PartClusterAdmission,
	"MutatingAdmissionPolicy": snapshot.PartClusterAdmission, "MutatingAdmissionPolicyBinding": snapshot.PartClusterAdmission, "APIService": snapshot.PartClusterAdmission,
	"PodSecurityPolicy": snapshot.PartClusterAdmission,
	"ResourceQuota":     snapshot.PartClusterQuotas, "LimitRange": snapshot.PartClusterQuotas, "PodDisruptionBudget": snapshot.PartClusterQuotas,
	"HorizontalPodAutoscaler": snapshot.PartClusterQuotas, "PriorityClass": snapshot.PartClusterQuotas, "RuntimeClass": snapshot.PartClusterQuotas,
	"Secret": snapshot.PartClusterSecrets, "ConfigMap": snapshot.PartClusterConfigMaps, "StorageClass": snapshot.PartClusterStorage,
	"PersistentVolume": snapshot.PartClusterStorage, "PersistentVolumeClaim": snapshot.PartClusterStorage, "CustomResourceDefinition": snapshot.PartClusterExtensions,
	"FlowSchema": snapshot.PartClusterFlow, "PriorityLevelConfiguration": snapshot.PartClusterFlow, "Node": snapshot.PartClusterNodes,
	"CertificateSigningRequest": snapshot.PartClusterCSRs,
}
