package shared

import "strings"

// SensitiveRoots are the host directories whose content decides over the
// machine or holds its secrets. A caller adds the data roots it knows of.
var SensitiveRoots = []string{
	"/", "/etc", "/boot", "/dev", "/proc", "/sys", "/usr", "/lib", "/root", "/home", "/var/run", "/run",
	"/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet",
}

// Within reports whether a clean absolute path is dir or lies under it.
func Within(path, dir string) bool {
	if dir == "/" {
		return strings.HasPrefix(path, "/")
	}
	return path == dir || strings.HasPrefix(path, dir) && path[len(dir)] == '/'
}

// Sensitive relates a clean host path to the sensitive roots: it "is" one,
// "contains" one or "lies under" one. The root directory is only met by
// itself, since everything lies under it. How is empty when nothing is met.
func Sensitive(path string, roots []string) (root, how string) {
	if !strings.HasPrefix(path, "/") {
		return "", ""
	}
	for _, r := range roots {
		if path == r {
			return r, "is"
		}
	}
	for _, r := range roots {
		switch {
		case r == "/":
		case Within(r, path):
			return r, "contains"
		case Within(path, r):
			return r, "lies under"
		}
	}
	return "", ""
}
