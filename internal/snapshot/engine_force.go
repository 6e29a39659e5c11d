package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// startSlack is how far apart the kernel's time of a process's start and that of
// a file may be for the same moment.
const startSlack = time.Second

// FileLoaded reports whether the engine runs with its configuration file as it is
// now, as far as times tell: a file that changed after the engine started is in
// force only after the next start, and then in part after a reload. No file is
// as good as one that was loaded.
func (e *Engine) FileLoaded() bool {
	c := &e.Config.V
	if c.FileSeen == Absent {
		return true
	}
	started := e.Process.V.Started
	if !e.Process.Known() || started.IsZero() || c.Modified.IsZero() {
		return false
	}
	return !c.Modified.After(started.Add(startSlack))
}

// InForce returns the values of a key of the engine's configuration. known is
// false when the configuration was not read, or the key, set or not, is one of a
// file that the engine may not have loaded.
func (e *Engine) InForce(key string) (values []string, set, known bool) {
	if !e.Config.Known() {
		return nil, false, false
	}
	values, set = e.Config.V.Setting(key)
	return values, set, e.Config.V.Origin(key) == "flag" || e.FileLoaded()
}

// FileDigest identifies a file by its path and content.
func FileDigest(path string, content []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", path) // a hash takes all that is written
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
