// Package e2e runs the built program against real and hostile engines.
package e2e

import (
	"os"
	"testing"

	"plimsoll/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m, "../..")) }
