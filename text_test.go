package plimsoll_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// unwanted are texts that no file outside testdata may hold. The patterns are
// put together from halves, so that this file does not hold them.
var unwanted = []struct {
	text *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`), "what is left to do belongs into an issue"},
	{regexp.MustCompile(`(^|[\s"'=:(` + "`" + `])/wo` + `rk/`), "it names a folder of one machine"},
	{regexp.MustCompile(`/Us` + `ers/[a-z]`), "it names a folder of one machine"},
	{regexp.MustCompile(`^(<{7}|={7}|>{7})( |$)`), "it is left over from a merge"},
}

func TestUnwantedText(t *testing.T) {
	for p, src := range repository(t).text {
		if inTestdata(p) || path.Base(p) == "go.sum" || p == "LICENSE" {
			continue
		}
		for i, line := range strings.Split(string(src), "\n") {
			for _, u := range unwanted {
				if m := u.text.FindString(line); m != "" {
					t.Errorf("%s:%d has %q: %s", p, i+1, m, u.why)
				}
			}
		}
	}
}

var (
	fence = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	code  = regexp.MustCompile("`[^`\n]*`")
	link  = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`)
)

// TestLinks follows every link of a Markdown file to another file.
func TestLinks(t *testing.T) {
	for p, src := range repository(t).text {
		if !strings.HasSuffix(p, ".md") || inTestdata(p) {
			continue
		}
		prose := code.ReplaceAllString(fence.ReplaceAllString(string(src), ""), "")
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if strings.HasPrefix(target, "/") {
				t.Errorf("%s links to %s: links to files are relative, so that they work in every copy", p, target)
				continue
			}
			if _, err := os.Stat(path.Join(path.Dir(p), target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", p, target)
			}
		}
	}
}
