package rbac

import (
	"encoding/binary"

	"plimsoll/internal/snapshot"
)

// content is one set of rules. Roles with the same rules share it, so that the
// work of a question follows what is different.
type content struct {
	rules []snapshot.Rule
	open  bool // further rules come from objects that were not seen
}

func (c *content) allows(a *Attributes) bool {
	for i := range c.rules {
		if ruleAllows(&c.rules[i], a) {
			return true
		}
	}
	return false
}

// contents finds the content of rules.
type contents struct {
	all []content
	at  map[string]int32
	key []byte
}

// put returns the position of the content with the rules.
func (c *contents) put(rules []snapshot.Rule, open bool) int32 {
	k := c.key[:0]
	for i := range rules {
		r := &rules[i]
		for _, list := range [...][]string{r.Verbs, r.Groups, r.Resources, r.Names, r.URLs} {
			k = binary.AppendUvarint(k, uint64(len(list)))
			for _, s := range list {
				k = binary.AppendUvarint(k, uint64(len(s)))
				k = append(k, s...)
			}
		}
	}
	if open {
		k = append(k, 1)
	}
	c.key = k
	if i, ok := c.at[string(k)]; ok {
		return i
	}
	i := int32(len(c.all))
	c.all = append(c.all, content{rules: rules, open: open})
	c.at[string(k)] = i
	return i
}
