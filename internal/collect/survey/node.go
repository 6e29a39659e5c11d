package survey

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"plimsoll/internal/collect/node"
)

// node collects what this machine shows of being a node of a Kubernetes cluster,
// when the machine itself was asked for, or nothing was.
func (s *survey) node(ctx context.Context) error {
	if s.local == nil || len(s.Targets) > 0 && !slices.ContainsFunc(s.Targets, func(t Target) bool { return t.Kind == "host" }) {
		return nil
	}
	fragment, err := node.Collect(ctx, s.local, s.out.Taken)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no /proc: what runs cannot be told, and nothing else says that this is a node
	}
	if err != nil || fragment == nil {
		return err
	}
	s.say("node of a Kubernetes cluster")
	s.isNode = true
	return s.builder.Join(fragment)
}
