package image

import (
	"testing"

	"plimsoll/internal/checktest"
)

func TestSuite(t *testing.T) { checktest.Run(t, Suite, "testdata") }

func TestLike(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		want          bool
	}{
		{"/a/b", "/a/b", true},
		{"/a/b", "/a", false},
		{"/a/b/c", "/a/*", true},
		{"/usr/lib/python3.12/test/k.pem", "/usr/lib/python3*/test/*", true},
		{"/usr/lib/python3/x/k.pem", "/usr/lib/python3*/test/*", false},
		{"ab", "*", true},
		{"", "*", true},
		{"aXbXb", "a*b", true},
		{"ba", "a*", false},
		{"aa", "a*a*a", false},
	} {
		if got := like(tt.name, tt.pattern); got != tt.want {
			t.Errorf("like(%q, %q) = %v", tt.name, tt.pattern, got)
		}
	}
}
