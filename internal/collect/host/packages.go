package host

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	dpkgInfo   = "/var/lib/dpkg/info"
	dpkgStatus = "/var/lib/dpkg/status"
	apkDB      = "/lib/apk/db/installed"
)

// rpmDBs are databases in forms that only rpm reads.
var rpmDBs = []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"}

// packages says whether the distribution's package database can be read.
func (m *Machine) packages(part snapshot.PartStatus) snapshot.PartStatus {
	for _, f := range []string{dpkgStatus, apkDB} {
		r, err := m.open(f)
		if err == nil {
			err = r.Close()
		}
		if s, _ := outcome(err); s != snapshot.Absent {
			if err != nil {
				return unread(part, err, "the package database")
			}
			return part
		}
	}
	if slices.ContainsFunc(rpmDBs, m.exists) {
		part.State, part.Reason = snapshot.Skipped, snapshot.ReasonNotCollected
		part.Detail = "The rpm database is binary and is not read."
		return part
	}
	part.State = snapshot.Absent
	part.Detail = "There is no dpkg, apk or rpm database."
	return part
}

// Package names the dpkg or apk package that owns a file, with its version, or
// "" when no such database knows it.
func (m *Machine) Package(ctx context.Context, exe string) string {
	if !path.IsAbs(exe) {
		return ""
	}
	names := []string{exe}
	if s, ok := strings.CutPrefix(exe, "/usr/"); ok { // the package may know it by the name before the merge of /usr
		names = append(names, "/"+s)
	} else {
		names = append(names, "/usr"+exe)
	}
	if name := m.dpkgOwner(ctx, names); name != "" {
		return text(m.dpkgVersion(name))
	}
	return text(m.apkOwner(names))
}

// dpkgOwner searches the file lists of dpkg, likely packages first, as
// "name" or "name:architecture".
func (m *Machine) dpkgOwner(ctx context.Context, files []string) string {
	lists, err := m.list(dpkgInfo)
	if err != nil {
		return ""
	}
	lists = slices.DeleteFunc(lists, func(s string) bool { return !strings.HasSuffix(s, ".list") })
	likely := func(s string) int {
		if strings.HasPrefix(s, "docker") || strings.HasPrefix(s, "moby") || strings.HasPrefix(s, "podman") {
			return 0
		}
		return 1
	}
	slices.SortFunc(lists, func(a, b string) int {
		if d := likely(a) - likely(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	left := maxDB
	for _, l := range lists {
		if ctx.Err() != nil || left <= 0 {
			return ""
		}
		b, err := m.read(dpkgInfo+"/"+l, maxTable)
		if err != nil {
			continue
		}
		left -= len(b)
		for _, f := range files {
			if bytes.HasPrefix(b, []byte(f+"\n")) || bytes.Contains(b, []byte("\n"+f+"\n")) {
				return strings.TrimSuffix(l, ".list")
			}
		}
	}
	return ""
}

// dpkgVersion returns "name version" of an installed package, or "".
func (m *Machine) dpkgVersion(owner string) string {
	name, arch, _ := strings.Cut(owner, ":")
	found := ""
	m.stanzas(dpkgStatus, func(p map[string]string) bool {
		if p["Package"] == name && (arch == "" || p["Architecture"] == arch) && strings.HasSuffix(p["Status"], " installed") {
			found = name + " " + p["Version"]
		}
		return found == ""
	}, ": ", "Package", "Architecture", "Status", "Version")
	return found
}

// apkOwner returns "name version" of the package that owns a file. Its database
// names folders (F) and then the files (R) in them.
func (m *Machine) apkOwner(files []string) string {
	f, err := m.open(apkDB)
	if err != nil {
		return ""
	}
	defer f.Close()
	var name, version, dir string
	s := bufio.NewScanner(io.LimitReader(f, maxDB))
	for s.Scan() {
		k, v, _ := strings.Cut(s.Text(), ":")
		switch k {
		case "P":
			name = v
		case "V":
			version = v
		case "F":
			dir = "/" + v
		case "R":
			if slices.Contains(files, dir+"/"+v) {
				return name + " " + version
			}
		}
	}
	return ""
}

// stanzas calls f with chosen fields of each block of a file until f returns
// false; a file that cannot be read has none.
func (m *Machine) stanzas(name string, f func(map[string]string) bool, sep string, fields ...string) {
	file, err := m.open(name)
	if err != nil {
		return
	}
	defer file.Close()
	r := bufio.NewReader(io.LimitReader(file, maxDB))
	block := make(map[string]string)
	for {
		l, err := r.ReadSlice('\n')
		if k, v, ok := strings.Cut(strings.TrimRight(string(l), "\n"), sep); ok && slices.Contains(fields, k) {
			block[k] = v
		}
		if len(bytes.TrimSpace(l)) == 0 || err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if !f(block) || err != nil {
				return
			}
			clear(block)
		}
	}
}
