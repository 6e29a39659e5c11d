package image

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	passwdFile  = "/etc/passwd"
	shadowFile  = "/etc/shadow"
	maxAccounts = 1 << 20 // bytes
	maxLinks    = 8       // symbolic links followed
)

// accountFile reports whether a file may turn out to be the passwd or shadow
// file, which may be links.
func accountFile(p string) bool {
	switch path.Base(p) {
	case "passwd", "shadow":
		return strings.HasSuffix(path.Dir(p), "/etc") || strings.HasPrefix(p, "/etc/")
	}
	return false
}

// onTheWay reports whether a symbolic link there decides which file the accounts
// are in.
func onTheWay(p string) bool { return p == "/etc" || accountFile(p) }

func (s *scanner) text(l *layer, p string, content io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(content, maxAccounts+1))
	if err != nil {
		return err
	}
	if len(b) > maxAccounts {
		return bad("%s in a layer is larger than %d bytes", path.Base(p), maxAccounts)
	}
	if len(l.texts) >= maxTexts {
		l.dropped++
		return nil
	}
	if err := s.budget.hold(len(b)); err != nil {
		return err
	}
	l.texts[p] = b
	if path.Base(p) == "shadow" && hashed(b) {
		s.secret(l, snapshot.SecretFile{Path: p, What: "password-hash"})
	}
	return nil
}

// lines calls f with the fields of every line of a passwd or shadow file.
func lines(b []byte, least int, f func(fields []string)) {
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, maxAccounts+1)
	for sc.Scan() {
		if fields := strings.Split(sc.Text(), ":"); len(fields) >= least && !strings.HasPrefix(fields[0], "#") {
			f(fields)
		}
	}
}

// hashed reports whether an account has a password in a shadow file.
func hashed(b []byte) bool {
	found := false
	lines(b, 2, func(f []string) { found = found || strings.HasPrefix(f[1], "$") })
	return found
}

// lookUp returns the number of the first account with the name, as engines do.
func lookUp(passwd []byte, name string) (int64, bool) {
	uid, found := int64(0), false
	lines(passwd, 3, func(f []string) {
		if found || f[0] != name {
			return
		}
		if n, err := strconv.ParseInt(f[2], 10, 64); err == nil && n >= 0 {
			uid, found = n, true
		}
	})
	return uid, found
}

const maxNamed = 64 // accounts that are named

// accounts reduces the two files. Without a shadow file, passwords are those of
// the passwd file: x then opens nothing.
func accounts(passwd, shadow []byte) snapshot.ImageAccounts {
	var a snapshot.ImageAccounts
	known := make(map[string]bool)
	lines(passwd, 7, func(f []string) {
		a.Count++
		name := accountName(f[0])
		known[f[0]] = true
		if n, err := strconv.ParseInt(f[2], 10, 64); err == nil && n == 0 && f[0] != "root" && len(a.Roots) < maxNamed {
			a.Roots = append(a.Roots, name)
		}
		if f[1] == "" && len(a.Passwordless) < maxNamed {
			a.Passwordless = append(a.Passwordless, name)
		}
	})
	lines(shadow, 2, func(f []string) {
		if known[f[0]] && f[1] == "" && len(a.Passwordless) < maxNamed {
			a.Passwordless = append(a.Passwordless, accountName(f[0]))
		}
	})
	slices.Sort(a.Roots)
	slices.Sort(a.Passwordless)
	a.Roots, a.Passwordless = slices.Compact(a.Roots), slices.Compact(a.Passwordless)
	return a
}

// accountName bounds a foreign name.
func accountName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return s[:min(len(s), 64)]
}
