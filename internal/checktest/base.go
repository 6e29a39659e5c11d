package checktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
)

//go:embed fresh-debian.json
var freshDebian []byte

// bases are what a tweak's member base may name: each is an object that maps a
// list of the minimal snapshot to a merge patch of its only item, and files to
// patches by path. fresh-debian
// is Debian 12 with its own docker.io package and nothing configured.
var bases = map[string][]byte{"": []byte("{}"), "fresh-debian": freshDebian}

// minimalMembers are those of the minimal snapshot as they stand in the file.
var minimalMembers = sync.OnceValues(func() (map[string]any, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(minimal, &members); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(members))
	for name, raw := range members {
		out[name] = raw
	}
	return out, nil
})

// start sets root to the minimal snapshot with a base applied.
func start(base string, root *map[string]any) error {
	if base == "node" {
		var err error
		*root, err = startNode()
		return err
	}
	if base == "cluster" {
		var err error
		*root, err = startCluster()
		return err
	}
	b, ok := bases[base]
	if !ok {
		return fmt.Errorf("there is no base %q", base)
	}
	members, err := minimalMembers()
	if err != nil {
		return err
	}
	*root = maps.Clone(members)
	var patches map[string]any
	if err := json.Unmarshal(b, &patches); err != nil {
		return fmt.Errorf("base %s: %w", base, err)
	}
	if files, ok := patches["files"]; ok {
		delete(patches, "files")
		raw := make(map[string]json.RawMessage)
		b, err := json.Marshal(files)
		if err == nil {
			err = json.Unmarshal(b, &raw)
		}
		if err == nil {
			err = tweakFiles(*root, raw)
		}
		if err != nil {
			return fmt.Errorf("base %s: %w", base, err)
		}
	}
	for list, patch := range patches {
		items := opened(*root, list)
		if len(items) == 0 {
			return fmt.Errorf("base %s: the minimal snapshot has no %s", base, list)
		}
		items[0] = merge(items[0], patch)
	}
	return nil
}
