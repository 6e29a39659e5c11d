package snapshot

import "strings"

// keyed gives subjects keys that are the only ones of their kind and scope.
type keyed struct {
	natural map[[2]string]int  // scope, natural key -> how many have it
	taken   map[[2]string]bool // scope, key
}

func newKeyed(n int) *keyed {
	return &keyed{natural: make(map[[2]string]int, n), taken: make(map[[2]string]bool, n)}
}

// note counts a natural key. All are counted before the first is given.
func (k *keyed) note(scope, natural string) { k.natural[[2]string{scope, natural}]++ }

// key returns the natural key, with the first digits of the ID where others
// have the same one, so that no order decides who keeps it. A file from a
// stranger may repeat even that; then the whole ID follows.
func (k *keyed) key(scope, natural, id string) string {
	key := natural
	if k.natural[[2]string{scope, natural}] > 1 {
		key += "/" + shortID(id)
	}
	for k.taken[[2]string{scope, key}] {
		key += "/" + id
	}
	k.taken[[2]string{scope, key}] = true
	return key
}

// shortID is the first 12 digits of an ID, as the docker command shows it.
func shortID(id string) string {
	const digits = 12
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(digits, len(id))]
}

// reference is the name of an image: its first tag, else its first digest, else
// "".
func (m *Image) reference() string {
	switch {
	case len(m.Tags) > 0:
		return m.Tags[0]
	case len(m.Digests) > 0:
		return m.Digests[0]
	}
	return ""
}

// key is the natural key of an image. The ID of one without a name is a digest
// of its content, so it means the same on every engine.
func (m *Image) key() string {
	if ref := m.reference(); ref != "" {
		return "image/" + ref
	}
	return "image/untagged/" + shortID(m.ID)
}
