package shared

import "strings"

// Glob matches a pattern in which * is any number of characters.
func Glob(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, head)
	for ok && rest != "" {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		var at int
		if at = strings.Index(name, part); at < 0 {
			return false
		}
		name, rest = name[at+len(part):], next
	}
	return ok
}
