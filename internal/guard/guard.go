// Package guard writes the guards of checks as admission policies of the API
// server: ValidatingAdmissionPolicy objects and their bindings, for 1.30 and later.
// It is a pure function of the guards, the policy and the options.
package guard

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// Mode is what becomes of an object that a guard does not let through.
type Mode string

// The modes.
const (
	Deny  Mode = "deny"  // it is refused
	Audit Mode = "audit" // it is taken, and the audit log says so
	Warn  Mode = "warn"  // it is taken, and who sent it is told
)

// Modes lists them as people choose them.
var Modes = []Mode{Deny, Audit, Warn}

// action is the name of a mode in a binding.
func (m Mode) action() string { return strings.ToUpper(string(m[:1])) + string(m[1:]) }

// Oldest is the first version, 1.Oldest, that has such policies for good.
const Oldest = 30

// Options say how guards are written.
type Options struct {
	Mode       Mode
	Namespaces snapshot.Selector // of the namespaces they are for
	Minor      int               // version of the cluster, 1.MINOR
}

// System selects every namespace but those of Kubernetes itself.
var System = snapshot.Selector{Exprs: []snapshot.NodeDemand{{
	Key: "kubernetes.io/metadata.name", Operator: "NotIn", Values: []string{"kube-node-lease", "kube-public", "kube-system"},
}}}

// Document is what one guard is written as.
type Document struct {
	Name string // of both objects
	YAML string // the policy and its binding
}

// Write returns the documents of guards, in their order.
func Write(guards []check.Guard, p *policy.Policy, o Options) []Document {
	out := make([]Document, 0, len(guards))
	for i := range guards {
		out = append(out, write(&guards[i], p, o))
	}
	return out
}

// pods are the resources that pods come from.
var pods = []check.GuardResource{
	{Version: "v1", Resource: "pods"},
	{Version: "v1", Resource: "pods/ephemeralcontainers"},
	{Version: "v1", Resource: "replicationcontrollers"},
	{Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "replicasets"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "batch", Version: "v1", Resource: "cronjobs"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
}

// podVariables are what the expressions of pods are written with. Types are left
// open, so that one expression fits pods and every kind of template. Those that
// none uses are left out.
func podVariables(minor int) [][2]string {
	const enforce = "namespaceObject.metadata.?labels[?'pod-security.kubernetes.io/enforce'].orValue('')"
	const version = "namespaceObject.metadata.?labels[?'pod-security.kubernetes.io/enforce-version'].orValue('')"
	ours := strconv.Itoa(minor)
	return [][2]string{
		{"spec", "dyn(object).kind == 'Pod' ? dyn(object).spec :\n" +
			"dyn(object).kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.spec :\n" +
			"dyn(object).spec.template.spec"},
		{"containers", "variables.spec.containers +\n" +
			"variables.spec.?initContainers.orValue([]) +\n" +
			"variables.spec.?ephemeralContainers.orValue([])"},
		{"running", "variables.spec.containers +\n" +
			"variables.spec.?initContainers.orValue([]).filter(c, c.?restartPolicy.orValue('') == 'Always')"},
		{"windows", "variables.spec.?os.?name.orValue('') == 'windows'"},
		{"annotations", "(dyn(object).kind == 'Pod' ? dyn(object).metadata.?annotations :\n" +
			" dyn(object).kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.?metadata.?annotations :\n" +
			" dyn(object).spec.template.?metadata.?annotations).orValue({})"},
		{"called", "request.namespace + '/' + dyn(object).metadata.?name.or(dyn(object).metadata.?generateName).orValue('')"},
		{"level", enforce},
		{"standard", "!(" + enforce + " in ['baseline', 'restricted']) ||\n" +
			"!" + version + ".matches('^v1[.][0-9]{1,3}$') ||\n" +
			"int(" + version + ".substring(3)) > " + ours + " ? " + ours + " :\n" +
			"int(" + version + ".substring(3))"},
	}
}

// used returns the variables that an expression uses, and those that these use.
func used(expression string, all [][2]string) [][2]string {
	need := expression
	for _, v := range slices.Backward(all) {
		if strings.Contains(need, "variables."+v[0]) {
			need += v[1]
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(v [2]string) bool { return !strings.Contains(need, "variables."+v[0]) })
}

// changed keeps out of the way of objects that are there already, until what a
// guard looks at changes: their labels and status go on being written.
const changed = "request.operation == 'CREATE' || dyn(object).spec != dyn(oldObject).spec"

func write(g *check.Guard, p *policy.Policy, o Options) Document {
	name := "plimsoll-" + g.Check.ID
	var b lines
	head := func(kind string) {
		b.add(0, "apiVersion: admissionregistration.k8s.io/v1")
		b.add(0, "kind: "+kind)
		b.add(0, "metadata:")
		b.add(2, "name: "+name)
		b.add(2, "labels:")
		b.add(4, "app.kubernetes.io/managed-by: plimsoll")
		b.add(0, "spec:")
	}
	b.add(0, "# "+g.Check.Title+".")
	head("ValidatingAdmissionPolicy")
	b.add(2, "failurePolicy: Fail")
	b.add(2, "matchConstraints:")
	b.rules(g)
	expression := g.Expression(check.GuardInputs{List: lists(g.Check, p)})
	if len(g.On) == 0 {
		b.add(2, "matchConditions:")
		b.add(4, "- name: changed")
		b.text(6, "expression", changed)
		if vars := used(expression, podVariables(o.Minor)); len(vars) > 0 {
			b.add(2, "variables:")
			for _, v := range vars {
				b.add(4, "- name: "+v[0])
				b.text(6, "expression", v[1])
			}
		}
	}
	b.add(2, "validations:")
	b.text(4, "- expression", expression)
	b.add(6, "message: "+quote(g.Says+" ("+g.Check.ID+")"))
	b.add(0, "---")
	head("ValidatingAdmissionPolicyBinding")
	b.add(2, "policyName: "+name)
	b.add(2, "validationActions: ["+o.Mode.action()+"]")
	b.selector(g, o.Namespaces)
	return Document{Name: name, YAML: b.String()}
}

// lists returns how a guard reads the policy: what the user declared, else the
// default of the check.
func lists(c *check.Check, p *policy.Policy) func(string) []string {
	return func(param string) []string {
		if v, ok := p.Declared(c.ID, param); ok {
			return v
		}
		i := slices.IndexFunc(c.Params, func(d check.Param) bool { return d.Name == param })
		if i < 0 {
			panic("the guard of " + c.ID + " reads the parameter " + param + ", which the check does not declare")
		}
		return c.Params[i].Default
	}
}

// lines builds a document.
type lines struct{ strings.Builder }

func (b *lines) add(indent int, s string) {
	b.WriteString(strings.Repeat(" ", indent))
	b.WriteString(s)
	b.WriteByte('\n')
}

// text adds a field whose value stands below it as it is.
func (b *lines) text(indent int, field, value string) {
	b.add(indent, field+": |-")
	if strings.HasPrefix(field, "- ") {
		indent += 2
	}
	for line := range strings.SplitSeq(value, "\n") {
		b.add(indent+2, line)
	}
}

// rules adds what a policy is asked about. Resources of one group share a rule.
func (b *lines) rules(g *check.Guard) {
	on := g.On
	switch {
	case len(on) > 0:
	case g.PodsOnly:
		on = pods[:2]
	default:
		on = pods
	}
	b.add(4, "resourceRules:")
	for i := 0; i < len(on); {
		n := i + 1
		for n < len(on) && on[n].Group == on[i].Group && on[n].Version == on[i].Version {
			n++
		}
		b.add(6, "- apiGroups: ["+quote(on[i].Group)+"]")
		b.add(8, "apiVersions: ["+quote(on[i].Version)+"]")
		b.add(8, "operations: [CREATE, UPDATE]")
		var names []string
		for _, r := range on[i:n] {
			names = append(names, r.Resource)
		}
		b.add(8, "resources: ["+strings.Join(names, ", ")+"]")
		i = n
	}
}

// clusterWide are resources without a namespace, which no selector of namespaces
// keeps out: they are asked about wherever a policy is bound.
var clusterWide = []string{"clusterroles", "clusterrolebindings", "namespaces", "validatingwebhookconfigurations", "mutatingwebhookconfigurations"}

func (b *lines) selector(g *check.Guard, sel snapshot.Selector) {
	if sel.Empty() || len(g.On) > 0 && !slices.ContainsFunc(g.On, func(r check.GuardResource) bool { return !slices.Contains(clusterWide, r.Resource) }) {
		return
	}
	b.add(2, "matchResources:")
	b.add(4, "namespaceSelector:")
	if len(sel.Labels) > 0 {
		b.add(6, "matchLabels:")
		for _, p := range sel.Labels {
			b.add(8, quote(p.Key)+": "+quote(p.Value))
		}
	}
	if len(sel.Exprs) > 0 {
		b.add(6, "matchExpressions:")
		for _, e := range sel.Exprs {
			b.add(8, "- key: "+quote(e.Key))
			b.add(10, "operator: "+e.Operator)
			if len(e.Values) > 0 {
				values := make([]string, len(e.Values))
				for i, v := range e.Values {
					values[i] = quote(v)
				}
				b.add(10, "values: ["+strings.Join(values, ", ")+"]")
			}
		}
	}
}

// Join returns documents as one stream.
func Join(docs []Document) string {
	texts := make([]string, len(docs))
	for i, d := range docs {
		texts[i] = d.YAML
	}
	return strings.Join(texts, "---\n")
}
