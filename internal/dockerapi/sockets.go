package dockerapi

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// LocalSockets lists the unix sockets of this machine where an engine may
// answer, the usual one first: Docker's, rootless Docker's and Podman's. Two
// names of one socket are listed once.
func LocalSockets(env func(string) string) []string {
	patterns := SocketPatterns()
	if dir := env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		patterns = slices.Insert(patterns, 1, filepath.Join(dir, "docker.sock"), filepath.Join(dir, "podman", "podman.sock"))
	}
	var found []string
	seen := make(map[string]bool)
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(pattern) // fails only for a malformed pattern
		for _, p := range paths {
			info, err := os.Stat(p)
			if err != nil || info.Mode()&fs.ModeSocket == 0 {
				continue
			}
			real, err := filepath.EvalSymlinks(p)
			if err != nil {
				real = p
			}
			if !seen[real] {
				seen[real] = true
				found = append(found, p)
			}
		}
	}
	return found
}

// SocketPatterns are where sockets of engines usually are, the default first.
func SocketPatterns() []string {
	return []string{DefaultSocket, "/run/user/*/docker.sock", "/run/podman/podman.sock", "/run/user/*/podman/podman.sock"}
}
