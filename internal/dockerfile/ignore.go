package dockerfile

import (
	"bytes"
	"fmt"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

const (
	maxIgnoreBytes    = 256 << 10
	maxIgnorePatterns = 2000
)

// Ignored returns a function that says whether an ignore file keeps a path,
// relative to the build context with slashes, out of it.
func Ignored(data []byte) (func(path string) bool, error) {
	if len(data) > maxIgnoreBytes {
		return nil, fmt.Errorf("has %d bytes; at most %d are read", len(data), maxIgnoreBytes)
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("is no list of patterns")
	}
	if len(patterns) > maxIgnorePatterns {
		return nil, fmt.Errorf("has %d patterns; at most %d are read", len(patterns), maxIgnorePatterns)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("holds a pattern that is not valid")
	}
	return func(path string) bool {
		ok, err := m.MatchesOrParentMatches(path)
		return err == nil && ok
	}, nil
}
