package snapshot

import "testing"

func TestSameRegistry(t *testing.T) {
	for name, want := range map[string]bool{
		"registry.example": true, "Registry.example:443": true, "https://registry.example": true, "https://registry.example/v2/": true,
		"https://user@registry.example": true, "registry.example:5000": false, "http://registry.example": false, "example": false, "": false,
	} {
		if got := sameRegistry(name, "registry.example:443"); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	for name, want := range map[string]bool{"[::1]:5000": true, "::1": false, "[::1]": false, "127.0.0.1:5000": false} {
		if got := sameRegistry(name, "[::1]:5000"); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
