package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/yaml"
)

// index finds checks by the names that people give them.
type index struct {
	suite   []*check.Check
	ids     []string
	byID    map[string]*check.Check   // by lower-case ID
	aliases map[string][]*check.Check // by lower-case alias: cis-docker-1.2.0/5.10
	numbers map[string][]string       // aliases by number
}

func newIndex(suite []*check.Check) *index {
	x := &index{suite: suite, byID: map[string]*check.Check{}, aliases: map[string][]*check.Check{}, numbers: map[string][]string{}}
	for _, c := range suite {
		x.ids = append(x.ids, c.ID)
		x.byID[strings.ToLower(c.ID)] = c
		for _, r := range c.Refs {
			alias := strings.ToLower(r.Alias())
			if x.aliases[alias] == nil {
				x.numbers[r.ID] = append(x.numbers[r.ID], alias)
			}
			if !slices.Contains(x.aliases[alias], c) {
				x.aliases[alias] = append(x.aliases[alias], c)
			}
		}
	}
	return x
}

// number is a benchmark's number without its edition.
var number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)+$`)

// lookup returns the checks that a name stands for: one by ID, any number by
// alias.
func (x *index) lookup(name string) ([]*check.Check, error) {
	key := strings.ToLower(name)
	if c := x.byID[key]; c != nil {
		return []*check.Check{c}, nil
	}
	if cs := x.aliases[key]; cs != nil {
		return cs, nil
	}
	if number.MatchString(name) {
		if as := x.numbers[name]; as != nil {
			return nil, fmt.Errorf("%s means different checks in different editions; write %s", name, strings.Join(as, " or "))
		}
	}
	return nil, fmt.Errorf("there is no check %s%s", yaml.Quote(name), hint(name, x.names(), "plimsoll bench docker --all lists every check"))
}

// one returns the check with an ID. An alias is refused with the IDs that it
// stands for.
func (x *index) one(name string) (*check.Check, error) {
	if c := x.byID[strings.ToLower(name)]; c != nil {
		return c, nil
	}
	cs, err := x.lookup(name)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(cs))
	for i, c := range cs {
		ids[i] = c.ID
	}
	return nil, fmt.Errorf("%s is a number of a benchmark; write the check it stands for: %s", yaml.Quote(name), strings.Join(ids, " or "))
}

// names lists what lookup takes, IDs first.
func (x *index) names() []string {
	names := slices.Clone(x.ids)
	for _, c := range x.suite {
		for _, r := range c.Refs {
			names = append(names, r.Alias())
		}
	}
	return names
}

// param finds a parameter of a check.
func param(c *check.Check, name string) (check.Param, error) {
	var names []string
	for _, p := range c.Params {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if names == nil {
		return check.Param{}, errors.New(c.ID + " has no parameters")
	}
	return check.Param{}, fmt.Errorf("%s has no parameter %s%s", c.ID, yaml.Quote(name), hint(name, names, "it has "+strings.Join(names, ", ")))
}

// hint ends a sentence with the nearest name, or with another way out.
func hint(name string, names []string, otherwise string) string {
	if near := yaml.Nearest(name, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return "; " + otherwise
}
