package kubeobj

import (
	"fmt"
	"strings"

	"plimsoll/internal/snapshot"
)

// insideWindow is how much of one value of a config map is looked into.
const insideWindow = 256 << 10

// secretWords are in the names of what may hold a secret. Whether one does is for
// the checks to say; what has none of them and no telling form is not kept.
var secretWords = []string{"pass", "secret", "token", "credential", "key", "pwd"}

// inside looks through the lines of a value for assignments that may hold a
// credential, and keeps their names and shapes.
func inside(key, text string, most int) []snapshot.Secretish {
	var out []snapshot.Secretish
	if !strings.ContainsAny(text, "=:") {
		return nil
	}
	n := 0
	for line := range strings.Lines(text[:min(len(text), insideWindow)]) {
		n++
		if len(out) >= most {
			break
		}
		if strings.Contains(line, "-----BEGIN") && strings.Contains(line, "PRIVATE KEY") {
			out = append(out, snapshot.Secretish{Name: fmt.Sprintf("%s:line %d:", key, n), Len: len(line), Shape: snapshot.ShapeKey})
			continue
		}
		name, value, ok := assignment(line)
		if !ok {
			continue
		}
		s := snapshot.Conceal(fmt.Sprintf("%s:line %d:%s", key, n, name), value)
		if telling(s.Shape) || value != "" && hasSecretWord(name) {
			out = append(out, s)
		}
	}
	return out
}

func telling(s snapshot.Shape) bool {
	return s == snapshot.ShapeKey || s == snapshot.ShapeToken || s == snapshot.ShapeURLCreds
}

func hasSecretWord(name string) bool {
	lower := strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// longestName bounds the name of an assignment; what is longer is prose.
const longestName = 80

// assignment takes a line of YAML, JSON, properties, ini or shell apart.
func assignment(line string) (name, value string, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || strings.HasPrefix(line, ";") {
		return "", "", false
	}
	i := strings.IndexAny(line, "=:")
	if i <= 0 || i > longestName {
		return "", "", false
	}
	name = strings.Trim(strings.TrimPrefix(strings.TrimPrefix(line[:i], "export "), "- "), " \t\"'{,")
	if name == "" || strings.ContainsAny(name, " \t()<>/") {
		return "", "", false
	}
	return name, strings.Trim(strings.TrimSuffix(strings.TrimSpace(line[i+1:]), ","), " \t\"'"), true
}
