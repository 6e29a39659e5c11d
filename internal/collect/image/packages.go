package image

import (
	"bufio"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
)

// packageDB is what one database of installed packages says.
type packageDB struct {
	names  []string
	unread bool // a database of a kind that is not read
}

const (
	dpkgStatus  = "/var/lib/dpkg/status"
	dpkgFolder  = "/var/lib/dpkg/status.d/" // one file a package, in images without a package manager
	apkDatabase = "/lib/apk/db/installed"
	rpmFolder   = "/var/lib/rpm/"
	rpmSysimage = "/usr/lib/sysimage/rpm/"

	maxPackages    = 20_000
	maxPackageName = 128
	maxPackageLine = 1 << 20
)

func packageFile(p string) bool {
	switch {
	case p == dpkgStatus, p == apkDatabase, p == "/usr"+apkDatabase:
		return true
	case strings.HasPrefix(p, dpkgFolder):
		return !strings.HasSuffix(p, ".md5sums")
	}
	return rpmDatabase(p)
}

func rpmDatabase(p string) bool {
	if !strings.HasPrefix(p, rpmFolder) && !strings.HasPrefix(p, rpmSysimage) {
		return false
	}
	switch path.Base(p) {
	case "Packages", "Packages.db", "rpmdb.sqlite":
		return true
	}
	return false
}

// packageFile reads the names out of one database.
func (s *scanner) packageFile(l *layer, p string, content io.Reader) error {
	if !keep(l, len(l.packages)) {
		return nil
	}
	if rpmDatabase(p) {
		l.packages[p] = packageDB{unread: true}
		return nil
	}
	db := packageDB{}
	lr := &io.LimitedReader{R: content, N: s.budget.limits.Package}
	lines := bufio.NewScanner(lr)
	lines.Buffer(nil, maxPackageLine)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "Status: deinstall") && len(db.names) > 0 {
			db.names = db.names[:len(db.names)-1] // removed; dpkg remembers its configuration
			continue
		}
		name, ok := strings.CutPrefix(lines.Text(), "Package: ")
		if !ok {
			name, ok = strings.CutPrefix(lines.Text(), "P:")
		}
		if !ok || len(name) > maxPackageName {
			continue
		}
		if len(db.names) >= maxPackages {
			db.unread = true
			break
		}
		db.names = append(db.names, strings.ToValidUTF8(strings.TrimSpace(name), "\uFFFD"))
	}
	if err := lines.Err(); err != nil || lr.N == 0 {
		db.unread = true
		if err != nil && !errors.Is(err, bufio.ErrTooLong) {
			return err
		}
	}
	slices.Sort(db.names)
	db.names = slices.Compact(db.names)
	l.packages[p] = db
	return nil
}
