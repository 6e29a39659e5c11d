package dockerfile

import "strings"

// command is one simple command of a script: its words, without assignments and
// words such as sudo before it. fetched says that a word of it is made by a
// command that downloads, as in sh -c "$(curl …)".
type command struct {
	words   []string
	fetched string
}

// pipeline is commands joined by |.
type pipeline []command

const (
	maxCommands = 2000
	maxDepth    = 4
)

// scanner splits a script of a POSIX shell into commands, well enough to see
// what is called with which words. It executes and expands nothing.
type scanner struct {
	pipelines []pipeline
	current   pipeline
	cmd       command
	word      strings.Builder
	inWord    bool
	depth     int
	opaque    bool // something was not understood, or is too long
	skipWord  bool // the next word is the target of a redirection
}

func split(script string, depth int) *scanner {
	s := &scanner{depth: depth}
	s.scan(script)
	return s
}

func (s *scanner) scan(src string) {
	for i := 0; i < len(src) && len(s.pipelines) < maxCommands; i++ {
		switch c := src[i]; c {
		case ' ', '\t', '\r':
			s.endWord()
		case '\n', ';':
			s.endPipeline()
		case '&':
			if i > 0 && (src[i-1] == '>' || src[i-1] == '<') || i+1 < len(src) && src[i+1] == '>' {
				continue // 2>&1 and &>file
			}
			s.endPipeline()
		case '|':
			if i+1 < len(src) && src[i+1] == '|' {
				i++
				s.endPipeline()
			} else {
				s.endCommand()
			}
		case '(', ')':
			if c == '(' && s.inWord && strings.HasSuffix(s.word.String(), "=") {
				s.opaque = true
			}
			s.endPipeline()
		case '<', '>':
			i = s.redirect(src, i)
		case '#':
			if s.inWord {
				s.put(c)
				continue
			}
			for i < len(src) && src[i] != '\n' {
				i++
			}
			i--
		case '\\':
			if i++; i < len(src) && src[i] != '\n' {
				s.put(src[i])
			}
		case '\'':
			inner, end := s.until(src, i, '\'')
			s.text(inner)
			i = end
		case '"':
			i = s.quoted(src, i+1)
		case '`':
			inner, end := s.until(src, i, '`')
			s.substitute(inner)
			i = end
		case '$':
			i = s.dollar(src, i)
		default:
			s.put(c)
		}
	}
	s.opaque = s.opaque || len(s.pipelines) >= maxCommands
	s.endPipeline()
}

func (s *scanner) put(c byte)    { s.inWord = true; s.word.WriteByte(c) }
func (s *scanner) text(t string) { s.inWord = true; s.word.WriteString(t) }

// until returns what stands between the mark at i and the next one, and the
// place of that.
func (s *scanner) until(src string, i int, mark byte) (inner string, end int) {
	n := strings.IndexByte(src[i+1:], mark)
	if n < 0 {
		s.opaque = true
		return src[i+1:], len(src)
	}
	return src[i+1 : i+1+n], i + 1 + n
}

// quoted reads up to the closing double quote and returns its place.
func (s *scanner) quoted(src string, i int) int {
	s.inWord = true
	for ; i < len(src); i++ {
		switch src[i] {
		case '"':
			return i
		case '\\':
			if i++; i < len(src) {
				s.put(src[i])
			}
		case '$':
			i = s.dollar(src, i)
		case '`':
			inner, end := s.until(src, i, '`')
			s.substitute(inner)
			i = end
		default:
			s.put(src[i])
		}
	}
	s.opaque = true
	return i
}

// dollar reads a variable as text and a $(command) as what it runs.
func (s *scanner) dollar(src string, i int) int {
	if i+1 >= len(src) || src[i+1] != '(' && src[i+1] != '{' {
		s.put('$')
		return i
	}
	end := matching(src, i+1)
	if end < 0 {
		s.opaque = true
		return len(src)
	}
	inner := src[i+2 : end]
	if src[i+1] == '{' {
		s.text(src[i : end+1])
	} else if strings.HasPrefix(inner, "(") {
		s.text("$((…))")
	} else {
		s.substitute(inner)
	}
	return end
}

// matching finds the bracket that closes the one at i.
func matching(src string, i int) int {
	open, closer := src[i], byte(')')
	if open == '{' {
		closer = '}'
	}
	depth := 0
	for ; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case open:
			depth++
		case closer:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// substitute takes the commands of a substitution in, and notes when its output
// was downloaded.
func (s *scanner) substitute(script string) {
	s.text("$(…)")
	if s.depth == maxDepth {
		s.opaque = true
		return
	}
	inner := split(script, s.depth+1)
	s.opaque = s.opaque || inner.opaque
	for _, p := range inner.pipelines {
		if f := fetcher(p); f != "" && s.cmd.fetched == "" {
			s.cmd.fetched = f
		}
		s.pipelines = append(s.pipelines, p)
	}
}

// redirect skips an operator and its target; <(command) is run.
func (s *scanner) redirect(src string, i int) int {
	if src[i] == '<' && i+1 < len(src) && src[i+1] == '(' {
		if end := matching(src, i+1); end > 0 {
			s.substitute(src[i+2 : end])
			return end
		}
	}
	if s.inWord && strings.Trim(s.word.String(), "0123456789") == "" {
		s.word.Reset() // a file descriptor
		s.inWord = false
	}
	s.endWord()
	for i+1 < len(src) && strings.IndexByte("<>|&", src[i+1]) >= 0 {
		i++
	}
	s.skipWord = true
	return i
}

func (s *scanner) endWord() {
	if !s.inWord {
		return
	}
	w := s.word.String()
	s.word.Reset()
	s.inWord = false
	switch {
	case s.skipWord:
		s.skipWord = false
	case len(s.cmd.words) == 0 && prefix(w):
	default:
		s.cmd.words = append(s.cmd.words, w)
	}
}

// prefix reports whether a word only stands before a command.
func prefix(w string) bool {
	switch w {
	case "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}", "time", "exec", "sudo", "env", "command", "nice", "nohup", "-E":
		return true
	}
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func (s *scanner) endCommand() {
	s.endWord()
	if len(s.cmd.words) > 0 || s.cmd.fetched != "" {
		s.current = append(s.current, s.cmd)
	}
	s.cmd, s.skipWord = command{}, false
}

func (s *scanner) endPipeline() {
	s.endCommand()
	if len(s.current) > 0 {
		s.pipelines = append(s.pipelines, s.current)
	}
	s.current = nil
}
