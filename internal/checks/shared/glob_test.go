package shared

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"system:serviceaccount:ops:*", "system:serviceaccount:ops:x", true},
		{"system:serviceaccount:ops:*", "system:serviceaccount:opsx", false},
		{"*-prod", "shop-prod", true},
		{"*-prod", "shop-prod-2", false},
		{"a*c*e", "abcde", true},
		{"a*c*e", "ace", true},
		{"a*c*e", "aec", false},
		{"a*a", "a", false},
		{"**", "x", true},
		{"*b*b", "ab", false},
	} {
		if got := Glob(tc.pattern, tc.name); got != tc.want {
			t.Errorf("Glob(%q, %q) = %v", tc.pattern, tc.name, got)
		}
	}
	if Glob(strings.Repeat("*a", 1000)+"b", strings.Repeat("a", 100_000)) { // at once, however hostile
		t.Error("the name has no b")
	}
}
