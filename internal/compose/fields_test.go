package compose

import (
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// A path that names no field would make every snapshot that holds it invalid.
func TestPathsNameFields(t *testing.T) {
	for _, kf := range keyFields {
		for p := range strings.FieldsSeq(kf.paths) {
			if !snapshot.IsSpecPath(p) {
				t.Errorf("%s: %q is no field of a ContainerSpec", kf.field, p)
			}
		}
	}
}
