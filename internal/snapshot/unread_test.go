package snapshot

import "testing"

func TestIsSpecPath(t *testing.T) {
	for path, want := range map[string]bool{
		"privileged": true, "security": true, "security.seccomp": true, "resources.pidsLimit": true, "mounts": true,
		"": false, "unread": false, "*": false, "HostConfig.Privileged": false, "mounts.source": false, "security.": false, "privileged.x": false,
	} {
		if got := IsSpecPath(path); got != want {
			t.Errorf("IsSpecPath(%q) = %v", path, got)
		}
	}
}

func TestFirstUnread(t *testing.T) {
	for _, tt := range []struct {
		unread, asked []string
		want          string
	}{
		{nil, []string{"privileged"}, ""},
		{[]string{"mounts"}, []string{"privileged", "mounts"}, "mounts"},
		{[]string{"security"}, []string{"security.seccomp"}, "security.seccomp"},
		{[]string{"security.seccomp"}, []string{"security"}, "security"},
		{[]string{"security.seccomp"}, []string{"security.appArmor"}, ""},
		{[]string{"capAdd"}, []string{"cap"}, ""},
		{[]string{AllUnread}, []string{"user"}, "user"},
	} {
		s := ContainerSpec{Unread: tt.unread}
		if got := s.FirstUnread(tt.asked...); got != tt.want {
			t.Errorf("unread %q, asked %q: %q, want %q", tt.unread, tt.asked, got, tt.want)
		}
	}
}
