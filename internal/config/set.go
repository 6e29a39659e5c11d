package config

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/yaml"
)

// SetParam declares one parameter in p, as the option --set does:
// CHECK.PARAM=VALUE. The items of a list are separated by commas, and an empty
// value is an empty list. The rules are those of plimsoll.yaml. An error is an
// *[Error] and leaves p as it was.
func SetParam(p *policy.Policy, suite []*check.Check, setting string) error {
	const option = "--set"
	target, value, ok := strings.Cut(setting, "=")
	dot := strings.LastIndexByte(target, '.')
	if !ok || dot < 0 {
		return failure(option, "%s is not of the form CHECK.PARAM=VALUE", yaml.Quote(setting))
	}
	id, name := target[:dot], target[dot+1:]
	c, err := newIndex(suite).one(id)
	if err != nil {
		return failure(option, "%v", err)
	}
	def, err := param(c, name)
	if err != nil {
		return failure(option, "%v", err)
	}
	u, err := unitOf(def.Unit)
	if err != nil {
		return failure(option, "%s.%s cannot be set: %v", c.ID, def.Name, err)
	}
	texts := []string{value}
	switch {
	case u.many && value == "":
		texts = nil
	case u.many:
		texts = strings.Split(value, ",")
	}
	values := make([]string, 0, len(texts))
	for _, text := range texts {
		v, ok := u.parse(text)
		if !ok {
			return failure(option, "%s.%s is %s; %v", c.ID, def.Name, yaml.Quote(text), u.refuse(text))
		}
		values = append(values, v)
	}
	if p.Params == nil {
		p.Params = map[string]map[string][]string{}
	}
	if p.Params[c.ID] == nil {
		p.Params[c.ID] = map[string][]string{}
	}
	p.Params[c.ID][def.Name] = values
	return nil
}

// Origin is where the value of a parameter comes from.
type Origin string

// The origins. Undeclared is a list without which its check cannot decide.
const (
	Default    Origin = "default"
	Declared   Origin = "declared"
	Undeclared Origin = "undeclared"
)

// ParamRow is one parameter and the value that counts.
type ParamRow struct {
	Check   string   `json:"check"`
	Param   string   `json:"param"`
	Unit    string   `json:"unit"`
	Value   []string `json:"value"` // one for a scalar; never nil
	Origin  Origin   `json:"origin"`
	Meaning string   `json:"meaning"`
}

// Show lists every parameter of a suite, by check and name. p may be nil.
func Show(p *policy.Policy, suite []*check.Check) []ParamRow {
	var rows []ParamRow
	for _, c := range suite {
		for _, def := range c.Params {
			row := ParamRow{Check: c.ID, Param: def.Name, Unit: def.Unit, Value: def.Default, Origin: Default, Meaning: def.Meaning}
			if v, ok := p.Declared(c.ID, def.Name); ok {
				row.Value, row.Origin = v, Declared
			} else if def.Question {
				row.Origin = Undeclared
			}
			row.Value = append([]string{}, row.Value...)
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b ParamRow) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Param, b.Param))
	})
	return rows
}
