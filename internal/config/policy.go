package config

import (
	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/yaml"
)

const policySchema = "plimsoll.policy/v1"

// LoadPolicy reads the content of plimsoll.yaml. file names it in errors. IDs
// are matched in any case and kept as the suite writes them. An error is an
// *[Error] with everything that is wrong.
func LoadPolicy(data []byte, file string, suite []*check.Check) (*policy.Policy, error) {
	d, err := open(data, file, policySchema, "parameters", "checks", "answers")
	if err != nil {
		return nil, err
	}
	l := &policyLoader{document: d, index: newIndex(suite), policy: newPolicy()}
	l.perCheck("parameters", l.parameters)
	l.perCheck("checks", l.check)
	l.perCheck("answers", l.answer)
	if err := d.err(); err != nil {
		return nil, err
	}
	return l.policy, nil
}

func newPolicy() *policy.Policy {
	return &policy.Policy{
		Params:   map[string]map[string][]string{},
		Disabled: map[string]string{},
		Severity: map[string]string{},
		Answers:  map[string]policy.Answer{},
	}
}

type policyLoader struct {
	*document
	index  *index
	policy *policy.Policy
}

// perCheck walks a section whose keys are checks.
func (l *policyLoader) perCheck(section string, each func(*check.Check, *yaml.Node)) {
	seen := make(map[*check.Check]*yaml.Node)
	for _, p := range l.Map(l.fields[section], section) {
		if l.Full() {
			break
		}
		c, err := l.index.one(p.Key.Value)
		if err != nil {
			l.Errorf(p.Key, "%s: %v", section, err)
			continue
		}
		if l.again(seen[c], p.Key, c.ID) {
			continue
		}
		seen[c] = p.Key
		each(c, p.Value)
	}
}

// again reports a name that differs from an earlier one only in case.
func (l *policyLoader) again(first, key *yaml.Node, name string) bool {
	if first != nil {
		l.Errorf(key, "%s is given twice, first at line %d as %s; keep one", name, first.Line, yaml.Quote(first.Value))
	}
	return first != nil
}

func (l *policyLoader) parameters(c *check.Check, n *yaml.Node) {
	seen := make(map[string]*yaml.Node)
	values := make(map[string][]string)
	for _, pair := range l.Map(n, "parameters of "+c.ID) {
		p, err := param(c, pair.Key.Value)
		if err != nil {
			l.Errorf(pair.Key, "parameters: %v", err)
			continue
		}
		if l.again(seen[p.Name], pair.Key, p.Name) {
			continue
		}
		seen[p.Name] = pair.Key
		values[p.Name] = l.values(pair.Value, c.ID+"."+p.Name, p)
	}
	l.policy.Params[c.ID] = values
}

// values reads the value of a parameter: one, or a list.
func (l *policyLoader) values(n *yaml.Node, what string, p check.Param) []string {
	u, err := unitOf(p.Unit)
	if err != nil {
		l.Errorf(n, "%s cannot be set: %v", what, err)
		return nil
	}
	if !u.many {
		return []string{l.value(n, n.Value, what, u)}
	}
	items := l.List(n, what)
	out := make([]string, 0, len(items)) // an empty list is declared, not missing
	for _, item := range items {
		if text, ok := l.Text(item, what); ok {
			out = append(out, l.value(item, text, what, u))
		}
	}
	return out
}

// value reads one value of a unit.
func (l *policyLoader) value(n *yaml.Node, text, what string, u unit) string {
	switch n.Tag {
	case yaml.TagString, yaml.TagInt, yaml.TagFloat, yaml.TagBool:
	default:
		l.Errorf(n, "%s is %s; it takes %s", what, yaml.Describe(n), u.takes)
		return ""
	}
	v, ok := u.parse(text)
	if !ok {
		l.Errorf(n, "%s is %s; %v", what, yaml.Quote(text), u.refuse(text))
	}
	return v
}

func (l *policyLoader) check(c *check.Check, n *yaml.Node) {
	what := "checks: " + c.ID
	fields := l.Fields(n, what, "disabled", "severity")
	off, grade := fields["disabled"], fields["severity"]
	switch {
	case off != nil && grade != nil:
		l.Errorf(grade, "%s is disabled, so its severity means nothing; keep one of the two", c.ID)
	case off != nil:
		l.policy.Disabled[c.ID] = l.reason(off, "disabled of "+c.ID)
	case grade != nil:
		l.policy.Severity[c.ID] = l.word(grade, "severity of "+c.ID, severities())
	case n.Kind == yaml.Map && len(n.Pairs) == 0:
		l.Errorf(n, "%s says nothing; it takes disabled: REASON or severity: GRADE", what)
	}
}

func severities() []string {
	var names []string
	for s := check.Low; s <= check.Critical; s++ {
		names = append(names, s.String())
	}
	return names
}

// answerStatuses are what a person may answer.
func answerStatuses() []string {
	return []string{check.Pass.String(), check.Fail.String(), check.NotApplicable.String()}
}

func (l *policyLoader) answer(c *check.Check, n *yaml.Node) {
	what := "the answer to " + c.ID
	fields := l.Fields(n, what, "status", "owner", "date", "note")
	var a policy.Answer
	a.Status = l.word(l.Required(n, fields, what, "status", "pass"), "status", answerStatuses())
	a.Owner = l.line(l.Required(n, fields, what, "owner", "NAME"), "owner")
	a.Date, _ = l.date(l.Required(n, fields, what, "date", exampleDate), "date")
	if note := fields["note"]; note != nil {
		a.Note = l.line(note, "note")
	}
	l.policy.Answers[c.ID] = a
}
