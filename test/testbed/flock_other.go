//go:build !unix

package testbed

import (
	"errors"
	"os"
)

// flock fails: no cluster of the testbed is on such a machine.
func flock(*os.File, bool) error { return errors.ErrUnsupported }
