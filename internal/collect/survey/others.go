package survey

import (
	"fmt"
	"slices"

	"plimsoll/internal/dockerapi"
)

// noteOthers names the engines on this machine that were not asked, since their
// sockets are not where engines usually have theirs. What docker uses now is named
// by the caller.
func (s *survey) noteOthers(engines [][]string, asked []endpoint) {
	if s.Note == nil {
		return
	}
	current, err := dockerapi.Resolve("", s.Env, s.Home)
	same := func(a, b string) bool { return a == b || s.local.Resolve(a).Real == s.local.Resolve(b).Real }
	for _, sockets := range engines {
		if slices.ContainsFunc(sockets, func(p string) bool {
			return err == nil && p == current.Socket || slices.ContainsFunc(asked, func(e endpoint) bool { return e.Socket != "" && same(p, e.Socket) })
		}) {
			continue
		}
		s.Note(fmt.Sprintf("another engine listens on %s and was not asked; name it: docker:unix://%s", sockets[0], sockets[0]))
	}
}
