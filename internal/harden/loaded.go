package harden

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"

	"plimsoll/internal/atomicfile"
	"plimsoll/internal/snapshot"
)

// loadedFile is where harden notes which configuration files it changed without
// their leaving what runs. A note that is missing leaves settings unknown, so
// that nothing here is worth an error.
func loadedFile(state string) string { return filepath.Join(state, "loaded.json") }

// Loaded returns the configuration files that were changed from a state folder and
// that engines run with as they were left.
func Loaded(state string) []snapshot.LoadedFile {
	b, err := os.ReadFile(loadedFile(state))
	if err != nil {
		return nil
	}
	var list []snapshot.LoadedFile
	if json.Unmarshal(b, &list) != nil {
		return nil
	}
	return list
}

// noteLoaded says that a process runs with a file as it is now.
func noteLoaded(state, path string, pid int) {
	fi, err := os.Stat(path)
	if err != nil {
		return
	}
	list := slices.DeleteFunc(Loaded(state), func(l snapshot.LoadedFile) bool { return l.Path == path })
	list = append(list, snapshot.LoadedFile{Path: path, PID: pid, Modified: fi.ModTime().UTC()})
	_ = atomicfile.Write(loadedFile(state), 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(list) })
}
