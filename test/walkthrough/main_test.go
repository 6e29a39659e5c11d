package walkthrough

import (
	"os"
	"testing"

	"plimsoll/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m, "../..")) }
