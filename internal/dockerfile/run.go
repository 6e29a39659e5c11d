package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"plimsoll/internal/snapshot"
)

// step is a RUN instruction while it is being read.
type step struct {
	snapshot.Run
	dated bool // it points a package manager to a dated repository
}

func (r *reader) run(c *instructions.RunCommand, _ vars, at int) step {
	st := step{Run: snapshot.Run{Line: at}}
	// Mounts are known only once they were expanded; their options stay as written.
	if err := c.Expand(func(word string) (string, error) { return word, nil }); err == nil {
		for _, m := range instructions.GetMounts(c) {
			if m.Type == instructions.MountTypeSecret || m.Type == instructions.MountTypeSSH {
				st.SecretMounts++
			}
		}
	}
	st.Insecure = instructions.GetSecurity(c) == instructions.SecurityInsecure
	if c.PrependShell {
		st.script(strings.Join(c.CmdLine, " "), 0)
		for _, f := range c.Files {
			st.script(f.Data, 0)
		}
	} else if len(c.CmdLine) > 0 {
		st.command(command{words: c.CmdLine}, 0)
	}
	st.settle()
	return st
}

// settle brings the facts into their order.
func (st *step) settle() {
	slices.Sort(st.Updates)
	st.Updates = slices.Compact(st.Updates)
	slices.Sort(st.Unverified)
	st.Unverified = slices.Compact(st.Unverified)
}

func (st *step) script(text string, depth int) {
	s := split(text, depth)
	st.Opaque = st.Opaque || s.opaque
	st.dated = st.dated || strings.Contains(text, "snapshot.debian.org") || strings.Contains(text, "snapshot.ubuntu.com")
	for _, p := range s.pipelines {
		from := ""
		for _, c := range p {
			if len(c.words) == 0 {
				continue
			}
			name := program(c)
			if interpreter(name) || name == "eval" || name == "source" || name == "." {
				if c.fetched != "" {
					st.Unverified = append(st.Unverified, c.fetched+" in "+name)
				} else if from != "" && readsInput(c) {
					st.Unverified = append(st.Unverified, from+" | "+name)
				}
			}
			if downloads(name) {
				from = name
			}
			st.command(c, depth)
		}
	}
}

// command reads one call.
func (st *step) command(c command, depth int) {
	name := program(c)
	if interpreter(name) && depth < maxDepth {
		for i, w := range c.words {
			if i > 0 && strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c") && i+1 < len(c.words) {
				st.script(c.words[i+1], depth+1)
				break
			}
		}
	}
	for _, f := range careless(name, c.words[1:]) {
		st.Unverified = append(st.Unverified, name+" "+f)
	}
	m, args := manager(name, c.words[1:])
	if m == nil {
		return
	}
	verb, rest := m.verb(args)
	switch {
	case slices.Contains(m.update, verb):
		st.Updates = append(st.Updates, m.name)
	case slices.Contains(m.install, verb):
		in, dynamic := m.packages(rest)
		st.Dynamic = st.Dynamic || dynamic
		if in.Packages > 0 || in.Locked {
			st.Installs = append(st.Installs, in)
		}
	}
}

// program is the base name of what a command calls.
func program(c command) string {
	if len(c.words) == 0 {
		return ""
	}
	return path.Base(c.words[0])
}

func interpreter(name string) bool {
	switch name {
	case "sh", "bash", "ash", "dash", "zsh", "ksh", "perl", "ruby", "node", "php":
		return true
	}
	return strings.HasPrefix(name, "python")
}

func downloads(name string) bool { return name == "curl" || name == "wget" || name == "fetch" }

func fetcher(p pipeline) string {
	for _, c := range p {
		if n := program(c); downloads(n) {
			return n
		}
	}
	return ""
}

// readsInput reports whether an interpreter takes its program from its input:
// it is given no file, or - or -s.
func readsInput(c command) bool {
	for _, w := range c.words[1:] {
		switch {
		case w == "-", w == "-s", w == "/dev/stdin":
			return true
		case strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c"), w == "-m", w == "-e":
			return false
		case !strings.HasPrefix(w, "-"):
			return false
		}
	}
	return true
}

// carelessFlags switch a check of authenticity off, by program.
var carelessFlags = map[string][]string{
	"apt-get": {"--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"},
	"apt":     {"--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"},
	"yum":     {"--nogpgcheck"}, "dnf": {"--nogpgcheck", "--no-gpgchecks"}, "microdnf": {"--nogpgcheck"}, "tdnf": {"--nogpgcheck"},
	"zypper": {"--no-gpg-checks", "--allow-unsigned-rpm"}, "apk": {"--allow-untrusted"},
	"rpm": {"--nosignature", "--nodigest"}, "pip": {"--trusted-host"}, "pip3": {"--trusted-host"},
	"curl": {"--insecure"}, "wget": {"--no-check-certificate"}, "git": {"http.sslVerify=false"},
}

// careless returns the words of a call that switch verification off.
func careless(name string, args []string) []string {
	var out []string
	for _, a := range args {
		flag, _, _ := strings.Cut(a, "=")
		if slices.Contains(carelessFlags[name], flag) || slices.Contains(carelessFlags[name], a) {
			out = append(out, flag)
			continue
		}
		lower := strings.ToLower(a)
		switch {
		case (name == "apt-get" || name == "apt") && (strings.Contains(lower, "allowunauthenticated=") || strings.Contains(lower, "allowinsecurerepositories=")) &&
			!strings.HasSuffix(lower, "false") && !strings.HasSuffix(lower, "=0"):
			out = append(out, "-o AllowUnauthenticated")
		case name == "curl" && len(a) > 1 && a[0] == '-' && a[1] != '-' && shortFlag(a[1:], 'k'):
			out = append(out, "-k")
		}
	}
	return out
}

// shortFlag looks for a flag among joined ones, up to the first that takes a
// value.
func shortFlag(flags string, want byte) bool {
	for i := range len(flags) {
		if flags[i] == want {
			return true
		}
		if strings.IndexByte("oHduxAbceFmTXYzCDEKPQrtUwy", flags[i]) >= 0 {
			return false
		}
	}
	return false
}

// Script reduces a script of a POSIX shell, as a step of an image's history has
// it, to facts. Its line is 0.
func Script(text string) snapshot.Run {
	if len(text) > MaxBytes {
		return snapshot.Run{Opaque: true}
	}
	var st step
	st.script(text, 0)
	st.settle()
	return st.Run
}
