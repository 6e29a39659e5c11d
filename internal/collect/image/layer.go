package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// layer is what one layer says, by itself. Paths that only matter because they
// hide others are kept as hashes; the seed is of one run, so that nobody can make
// two paths collide.
type layer struct {
	files    []uint64 // everything but folders, sorted
	dirs     []uint64 // sorted
	hidden   []uint64 // named by whiteouts, sorted
	emptied  []uint64 // folders whose lower content is hidden, sorted
	entries  int
	unpacked int64
	packed   bool // it was stored compressed

	privileged map[string]snapshot.PrivilegedFile
	secrets    map[string]snapshot.SecretFile
	programs   map[string]bool
	links      map[string]string // symbolic links on the way to the accounts
	texts      map[string][]byte // passwd and shadow files
	packages   map[string]packageDB
	hard       []hardLink // to files of lower layers
	dropped    int
}

type hardLink struct{ path, target string }

// The most that is kept of one layer.
const (
	maxKept  = 2000    // of each list
	maxHard  = 100_000 // hard links
	maxTexts = 32
)

// scanner reads layers.
type scanner struct {
	seed   maphash.Seed
	budget *budget
}

func newScanner(b *budget) *scanner { return &scanner{seed: maphash.MakeSeed(), budget: b} }

func (s *scanner) hash(p string) uint64 { return maphash.String(s.seed, p) }

// scan reads an uncompressed tar archive to its end.
func (s *scanner) scan(r io.Reader) (*layer, error) {
	l := &layer{
		privileged: make(map[string]snapshot.PrivilegedFile), secrets: make(map[string]snapshot.SecretFile), programs: make(map[string]bool),
		links: make(map[string]string), texts: make(map[string][]byte), packages: make(map[string]packageDB),
	}
	before := s.budget.unpacked
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.entry(l, h, tr)
		}
		if err != nil {
			return nil, s.tarError(err)
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // padding, which belongs to the digest
		return nil, s.tarError(err)
	}
	l.unpacked = s.budget.unpacked - before
	for _, list := range []*[]uint64{&l.files, &l.dirs, &l.hidden, &l.emptied} {
		slices.Sort(*list)
	}
	l.hard = slices.DeleteFunc(l.hard, func(h hardLink) bool { return has(l.files, s.hash(h.target)) })
	return l, nil
}

var errNoLayer = bad("a layer is no tar archive")

// tarError tells a broken layer from a source that failed.
func (s *scanner) tarError(err error) error {
	switch {
	case s.budget.failed != nil:
		return fmt.Errorf("reading a layer: %w", s.budget.failed)
	case errors.Is(err, ErrImage):
		return err
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return errNoLayer
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bad("a layer ends too early")
	}
	return bad("a layer is broken: %w", err)
}

const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
	aufsMark = ".wh..wh." // folders of bookkeeping, which engines leave out
)

// entry takes in one entry of a layer.
func (s *scanner) entry(l *layer, h *tar.Header, content io.Reader) error {
	if s.budget.entries++; s.budget.entries > s.budget.limits.Entries {
		return bad("it has more than %d files", s.budget.limits.Entries)
	}
	l.entries++
	p, err := s.clean(h.Name)
	if err != nil {
		return err
	}
	dir, base := path.Split(p)
	if strings.HasPrefix(base, whiteout) {
		s.hide(l, path.Dir(p), base)
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		l.dirs = append(l.dirs, s.hash(p))
		return nil
	}
	l.files = append(l.files, s.hash(p))
	l.forget(p) // the last entry of a path counts
	switch h.Typeflag {
	case tar.TypeLink:
		target, err := s.clean(h.Linkname)
		if err != nil {
			return err
		}
		return l.hardLink(p, target, h)
	case tar.TypeSymlink:
		if onTheWay(p) {
			l.links[p] = h.Linkname
		}
	case tar.TypeReg, tar.TypeRegA, tar.TypeGNUSparse: //nolint:staticcheck // old archives have TypeRegA
		l.privilege(p, h)
		if err := s.look(l, p, h.Size, content); err != nil {
			return err
		}
	}
	if program(dir, base) {
		if keep(l, len(l.programs)) {
			l.programs[p] = true
		}
	}
	return nil
}

// clean makes the path absolute. A path that leads out of the layer is refused,
// as engines do.
func (s *scanner) clean(name string) (string, error) {
	if len(name) > s.budget.limits.Path {
		return "", bad("a path in a layer is longer than %d bytes", s.budget.limits.Path)
	}
	for rest := name; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if part == ".." {
			return "", bad("a path in a layer leads upwards (..), which no engine unpacks")
		}
	}
	return path.Clean("/" + name), nil
}

// hide takes in a whiteout.
func (s *scanner) hide(l *layer, dir, base string) {
	switch {
	case base == opaque:
		l.emptied = append(l.emptied, s.hash(dir))
	case strings.HasPrefix(base, aufsMark):
	default:
		l.hidden = append(l.hidden, s.hash(path.Join(dir, strings.TrimPrefix(base, whiteout))))
	}
}

// keep reports whether one more may be kept of a list, and counts it otherwise.
func keep(l *layer, have int) bool {
	if have >= maxKept {
		l.dropped++
		return false
	}
	return true
}

// forget drops what an earlier entry of the same path said.
func (l *layer) forget(p string) {
	delete(l.privileged, p)
	delete(l.secrets, p)
	delete(l.links, p)
	delete(l.texts, p)
	delete(l.packages, p)
}

// hardLink gives a file a second name. The mode of a link's header becomes that
// of the file itself.
func (l *layer) hardLink(p, target string, h *tar.Header) error {
	if f, ok := l.privileged[target]; ok {
		f.Path = p
		if keep(l, len(l.privileged)) {
			l.privileged[p] = f
		}
	}
	if h.Mode&setBits != 0 {
		l.privilege(p, h)
		l.privilege(target, h)
	}
	if f, ok := l.secrets[target]; ok && keep(l, len(l.secrets)) {
		f.Path = p
		l.secrets[p] = f
	}
	if len(l.hard) >= maxHard {
		return bad("a layer has more than %d hard links", maxHard)
	}
	l.hard = append(l.hard, hardLink{p, target})
	return nil
}

const (
	setBits = 0o6000 // setuid and setgid
	capAttr = "SCHILY.xattr.security.capability"
)

// privilege keeps a file that lends rights to its caller.
func (l *layer) privilege(p string, h *tar.Header) {
	caps, capped := h.PAXRecords[capAttr]
	set := h.Mode & setBits
	if h.Mode&0o2010 == 0o2000 {
		set &^= 0o2000 // without the group's right to run it, the bit locks and lends nothing
	}
	if h.Mode&0o111 == 0 {
		return // nobody can run it
	}
	if set == 0 && !capped || !keep(l, len(l.privileged)) {
		return
	}
	f := snapshot.PrivilegedFile{Path: p, Mode: uint32(h.Mode & 0o7777), UID: int64(h.Uid), GID: int64(h.Gid)}
	if capped {
		f.Caps = fileCaps(caps)
	}
	l.privileged[p] = f
}

func has(sorted []uint64, v uint64) bool {
	_, ok := slices.BinarySearch(sorted, v)
	return ok
}
