package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

const (
	maxEnvBytes    = 64 << 10 // of one env file
	maxEnvExpanded = 1 << 20  // bytes of its values, variables in them expanded
)

// envGuard keeps the largest value that any env file may have made so far.
type envGuard struct{ largest int }

var (
	envKey = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]`)
	envRef = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// bound refuses an env file whose values could grow without measure: each line
// may name values of lines before it, which doubles them again and again.
func (g *envGuard) bound(data []byte) error {
	sizes := make(map[string]int)
	largest, total, split := g.largest, 0, false
	for line := range bytes.Lines(data) {
		size := len(line)
		for _, m := range envRef.FindAllSubmatch(line, -1) {
			n, known := sizes[string(m[1])]
			if !known || split {
				n = largest
			}
			size += n
		}
		// A value that goes on in the next line is not attributed to its key.
		split = split || bytes.Count(line, []byte{'"'})%2 == 1 || bytes.Count(line, []byte{'\''})%2 == 1
		if m := envKey.FindSubmatch(line); m != nil {
			sizes[string(m[1])] = max(size, sizes[string(m[1])])
		}
		if bytes.ContainsRune(line, '$') {
			largest = max(largest, size)
		} else {
			largest = max(largest, len(line))
		}
		if total += size; total > maxEnvExpanded {
			return errors.New("its variables name one another so often that its values would grow without measure")
		}
	}
	g.largest = largest
	return nil
}

// envFile reads variables. A file that is missing is an error only when it is
// required.
func (s *sources) envFile(path string, required bool) (map[string]string, error) {
	data, err := s.Read(path, maxEnvBytes)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("env file %q: %w", path, err)
	}
	if err := s.env.bound(data); err != nil {
		return nil, fmt.Errorf("env file %q: %w", path, err)
	}
	vars, err := dotenv.ParseWithLookup(bytes.NewReader(data), nil)
	if err != nil {
		// The library's words may hold a value.
		where := "it is not a list of NAME=value"
		if at := lineNumber.FindString(err.Error()); at != "" {
			where += ", " + at
		}
		return nil, fmt.Errorf("env file %q: %s", path, where)
	}
	return vars, nil
}

var lineNumber = regexp.MustCompile(`line [0-9]+`)

// environment is what variables of the files are looked up in: .env beside the
// first file, and nothing else.
func (s *sources) environment() (map[string]string, error) {
	env, err := s.envFile(filepath.Join(s.Options.Dir, ".env"), false)
	if err != nil {
		return nil, refuse(s.Files[0], nil, "%v", err)
	}
	if env == nil {
		env = make(map[string]string)
	}
	return env, nil
}
