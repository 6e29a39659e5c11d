package dockerfile

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// packager is how one package manager is called.
type packager struct {
	name            string
	update, install []string // verbs
	valued          []string // flags whose value is the next word
	pinned          func(pkg string) bool
	locks           []string // flags or verbs that a file fixes the versions with
}

var apt = &packager{
	name: "apt", update: []string{"update"}, install: []string{"install"},
	valued: []string{"-o", "--option", "-t", "--target-release", "-c", "--config-file", "-a"},
	pinned: func(p string) bool { return strings.Contains(p, "=") || local(p) },
}

var rpm = &packager{
	name: "dnf", update: []string{"makecache", "check-update"}, install: []string{"install", "reinstall"},
	valued: []string{"-c", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "--setopt", "-x"},
	pinned: func(p string) bool { return versionSuffix(p) || local(p) },
}

var pip = &packager{
	name: "pip", install: []string{"install"},
	valued: []string{"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--target", "--prefix", "--trusted-host", "--root", "-c", "--timeout"},
	pinned: func(p string) bool {
		return strings.Contains(p, "==") || strings.Contains(p, "@") || local(p) || p == "."
	},
	locks: []string{"-r", "--requirement", "--require-hashes"},
}

var npm = &packager{
	name: "npm", install: []string{"install", "i", "add", "ci"}, valued: []string{"--prefix", "--registry", "--cache", "--loglevel"},
	pinned: atVersion, locks: []string{"ci", "--frozen-lockfile", "--immutable"},
}

var packagers = map[string]*packager{
	"apt-get": apt, "apt": apt, "aptitude": apt,
	"yum": rpm, "dnf": rpm, "microdnf": rpm, "tdnf": rpm,
	"apk": {
		name: "apk", update: []string{"update"}, install: []string{"add"},
		valued: []string{"-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--repositories-file"},
		pinned: func(p string) bool { return strings.ContainsAny(p, "=~<>") || local(p) },
	},
	"zypper": {
		name: "zypper", update: []string{"refresh", "ref"}, install: []string{"install", "in"}, valued: []string{"--root", "-R", "-r", "--repo", "--from"},
		pinned: func(p string) bool { return strings.ContainsAny(p, "=") || local(p) },
	},
	"pip": pip, "pip3": pip,
	"npm": npm, "pnpm": npm,
	"yarn": {name: "yarn", install: []string{"add"}, valued: []string{"--cwd", "--cache-folder"}, pinned: atVersion},
	"gem": {
		name: "gem", install: []string{"install"}, valued: []string{"-i", "--install-dir", "-n", "--bindir", "--source", "-s"},
		pinned: func(p string) bool { return strings.Contains(p, ":") || local(p) }, locks: []string{"-v", "--version"},
	},
	"go":    {name: "go", install: []string{"install"}, valued: []string{"-ldflags", "-tags", "-o"}, pinned: atVersion},
	"cargo": {name: "cargo", install: []string{"install"}, valued: []string{"--root", "--git", "--features", "--path"}, pinned: atVersion, locks: []string{"--version", "--vers", "--path"}},
}

// manager finds how a program is called as a package manager, python -m pip
// included.
func manager(name string, args []string) (*packager, []string) {
	if strings.HasPrefix(name, "python") && len(args) > 1 && args[0] == "-m" && args[1] == "pip" {
		return pip, args[2:]
	}
	return packagers[name], args
}

// verb returns the first word that is no flag, and all others.
func (m *packager) verb(args []string) (string, []string) {
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			return args[i], slices.Concat(args[:i], args[i:i+1], args[i+1:])
		}
		if slices.Contains(m.valued, args[i]) {
			i++
		}
	}
	return "", nil
}

const maxUnpinned = 16

// packages counts what is installed; dynamic says that a word stands for names
// that the file does not show.
func (m *packager) packages(words []string) (in snapshot.Install, dynamic bool) {
	in.Manager = m.name
	verb := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		flag, _, joined := strings.Cut(w, "=")
		switch {
		case slices.Contains(m.locks, flag) && (verb || strings.HasPrefix(w, "-") || w == "ci"):
			in.Locked, verb = true, verb || !strings.HasPrefix(w, "-")
			if !joined && strings.HasPrefix(w, "-") && w != "--require-hashes" && w != "--frozen-lockfile" && w != "--immutable" {
				i++
			}
			continue
		case strings.HasPrefix(w, "-"):
			if slices.Contains(m.valued, w) {
				i++
			}
			continue
		case !verb:
			verb = true
			continue
		case w == "", w == "$(…)", strings.HasPrefix(w, "$") && !m.pinned(w):
			dynamic = dynamic || w != ""
			continue
		}
		in.Packages++
		switch {
		case m.pinned(w):
		case len(in.Unpinned) == maxUnpinned:
			in.More++
		default:
			in.Unpinned = append(in.Unpinned, cut(bare(w)))
		}
	}
	return in, dynamic
}

// local reports whether a package is a file that is here already, or is fetched
// from a URL by its own name.
func local(p string) bool {
	return strings.HasPrefix(p, "/") || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") || strings.Contains(p, "://") ||
		strings.HasSuffix(p, ".deb") || strings.HasSuffix(p, ".rpm") || strings.HasSuffix(p, ".whl") || strings.HasSuffix(p, ".apk")
}

// atVersion reports whether NAME@VERSION names one version: it begins with a
// digit, or with v and a digit, or is a commit or a variable.
func atVersion(p string) bool {
	if local(p) || p == "." {
		return true
	}
	i := strings.LastIndexByte(p, '@')
	if i <= 0 {
		return false
	}
	v := strings.TrimPrefix(p[i+1:], "v")
	return v != "" && (v[0] >= '0' && v[0] <= '9' || v[0] == '$' || len(v) == 40)
}

// versionSuffix reports whether an RPM is named with its version: bash-5.1.
func versionSuffix(p string) bool {
	for i := 1; i+1 < len(p); i++ {
		if p[i] == '-' && (p[i+1] >= '0' && p[i+1] <= '9' || p[i+1] == '$') {
			return strings.Contains(p[i:], ".") || p[i+1] == '$'
		}
	}
	return false
}
