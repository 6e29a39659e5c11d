package harden

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"plimsoll/internal/snapshot"
)

// StateDir returns the folder for journals: /var/lib/plimsoll for root, else
// $XDG_STATE_HOME/plimsoll, else ~/.local/state/plimsoll.
func StateDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/plimsoll", nil
	}
	if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) { // a relative one is to be ignored, says the specification
		return filepath.Join(d, "plimsoll"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no state folder: %w", err)
	}
	return filepath.Join(home, ".local", "state", "plimsoll"), nil
}

func journalDir(state string) string { return filepath.Join(state, "journal") }

// lockState takes the state folder for this process. The operating system lets
// go of the lock when the process ends, however it ends.
func lockState(state string) (*flock.Flock, error) {
	for _, d := range []string{state, journalDir(state)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the state folder: %w", err)
		}
		if err := os.Chmod(d, 0o700); err != nil {
			return nil, fmt.Errorf("close the state folder to others: %w", err)
		}
	}
	path := filepath.Join(state, "lock")
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	if !ok {
		b, _ := os.ReadFile(path) // best effort: who holds it is a courtesy
		who := strings.TrimSpace(string(b))
		if who == "" { // it has not said so yet
			who = "another process"
		}
		return nil, &Error{Kind: ErrLocked, Why: fmt.Sprintf("held by %s; wait for it to end", printable(who))}
	}
	noteHolder(state, "")
	return l, nil
}

// noteHolder writes into the lock file who holds it, for the one who is refused.
func noteHolder(state, journal string) {
	text := fmt.Sprintf("process %d of user %s", os.Getpid(), owner())
	if journal != "" {
		text += ", journal " + journal
	}
	_ = os.WriteFile(filepath.Join(state, "lock"), []byte(text+"\n"), 0o600) // a courtesy; the lock itself holds
}

// owner names the user of this process, by number where there is no name.
func owner() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// writer appends to a journal; every line is on disk before append returns.
type writer struct {
	*Journal
	f   *os.File
	now func() time.Time
}

// newJournal creates the journal of a new run.
func newJournal(state string, h Header, now func() time.Time) (*writer, error) {
	var id [4]byte
	rand.Read(id[:])
	h.Schema, h.ID, h.Started = Schema, hex.EncodeToString(id[:]), now().UTC()
	path := filepath.Join(journalDir(state), h.Started.Format("20060102T150405Z")+"-"+h.ID+".jsonl")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the journal: %w", err)
	}
	w := &writer{Journal: &Journal{Path: path, Header: h}, f: f, now: now}
	if err := w.line(h); err != nil {
		f.Close()
		return nil, err
	}
	if err := syncDir(journalDir(state)); err != nil {
		f.Close()
		return nil, err
	}
	noteHolder(state, path)
	return w, nil
}

// reopen continues a journal, cutting off a torn last line.
func reopen(state string, j *Journal, now func() time.Time) (*writer, error) {
	f, err := os.OpenFile(j.Path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if err := f.Truncate(j.whole); err != nil {
		f.Close()
		return nil, fmt.Errorf("cut the torn line off the journal: %w", err)
	}
	noteHolder(state, j.Path)
	return &writer{Journal: j, f: f, now: now}, nil
}

func (w *writer) close() { w.f.Close() } // every line was synced already

// append writes one record and takes it into the entries.
func (w *writer) append(rec Record) error {
	rec.At = w.now().UTC()
	rec.Why = printable(rec.Why)
	if err := w.line(rec); err != nil {
		return err
	}
	return w.note(&rec)
}

func (w *writer) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode journal line: %w", err)
	}
	b = snapshot.Inert(b)
	if len(b) >= maxLine {
		return fmt.Errorf("journal line of %d bytes is longer than %d", len(b), maxLine)
	}
	if _, err := w.f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if err := w.f.Sync(); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Load reads all journals of a state folder, oldest first. A journal whose
// very header is torn was never acted upon and is left out.
func Load(state string) ([]*Journal, error) {
	dir, err := os.ReadDir(journalDir(state))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journals: %w", err)
	}
	var all []*Journal
	for _, d := range dir {
		if !strings.HasSuffix(d.Name(), ".jsonl") {
			continue
		}
		j, err := loadFile(filepath.Join(journalDir(state), d.Name()))
		if err != nil {
			return nil, err
		}
		if j.Header.ID != "" {
			all = append(all, j)
		}
	}
	slices.SortStableFunc(all, func(a, b *Journal) int { return a.Header.Started.Compare(b.Header.Started) })
	return all, nil
}

// loadFile reads one journal from its file.
func loadFile(path string) (*Journal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	j, err := ReadJournal(f)
	if err != nil {
		return nil, &Error{Kind: ErrJournal, Why: "move the file away if its run is settled", Journal: path, Cause: err}
	}
	j.Path = path
	return j, nil
}
