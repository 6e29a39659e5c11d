package cli

import (
	"strings"
	"testing"
)

// TestFilterOfNoCheck: a name that no check has hides everything, which nobody means.
func TestFilterOfNoCheck(t *testing.T) {
	b := newBench(t)
	b.do(t, 2, "assess", "docker", b.state(), "--only", "check=container-memory-limt")
	has(t, &b.err, "did you mean container-memory-limit?")
	b.do(t, 0, "assess", "docker", b.state(), "--only", "check=container-*,check=container-memory-limit")
}

// TestPipedBenchmarkHasWholeRows: what a search reads is not broken into lines.
func TestPipedBenchmarkHasWholeRows(t *testing.T) {
	b := newBench(t)
	b.do(t, 0, "bench", "docker", b.state(), "--edition", "1.6.0")
	for line := range strings.Lines(b.out.String()) {
		if strings.HasPrefix(line, "        ") {
			t.Errorf("a row goes on in %q", line)
		}
	}
	has(t, &b.out, "[PASS] 2.7 The engine API answers no caller on TCP without a client certificate\n")
	has(t, &b.out, "name it: image")
}
