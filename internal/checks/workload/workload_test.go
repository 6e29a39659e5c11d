package workload

import (
	"testing"

	"plimsoll/internal/checktest"
)

func TestSuite(t *testing.T) { checktest.Run(t, Suite, "testdata") }
