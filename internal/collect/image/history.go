package image

import (
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/dockerfile"
	"plimsoll/internal/snapshot"
)

var (
	// A step of the classic builder that runs nothing.
	noOperation = regexp.MustCompile(`^/bin/sh -c #\(nop\)\s+`)

	// What the builders put before a command: arguments of the build with their
	// number, then the shell.
	buildArgs  = regexp.MustCompile(`^\|(\d{1,4}) `)
	shellStart = regexp.MustCompile(`(^|\s)(/\S+|sh|bash|ash|powershell|cmd)( -\S+| pipefail)* -[a-z]*c `)

	instruction = regexp.MustCompile(`^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(\s|$)`)
)

const maxStep = 64 << 10 // bytes of a command that are looked at

// Step reduces one line of a history to facts: what was done, not with what.
func Step(createdBy string) snapshot.ImageStep {
	var s snapshot.ImageStep
	text := strings.TrimSuffix(strings.TrimSpace(createdBy), "# buildkit")
	cut := len(text) > maxStep
	text = text[:min(len(text), maxStep)]
	if m := noOperation.FindString(text); m != "" {
		text = text[len(m):]
	} else if buildArgs.MatchString(text) || shellStart.MatchString(text) && !instruction.MatchString(text) {
		text = "RUN " + text
	}
	m := instruction.FindStringSubmatch(text)
	if m == nil {
		s.Values = words(text)
		return s
	}
	s.Instruction = m[1]
	text = strings.TrimSpace(text[len(m[1]):])
	switch s.Instruction {
	case "RUN":
		args, script := command(text)
		run := dockerfile.Script(script)
		run.Opaque = run.Opaque || cut
		s.Run, s.Values = &run, append(words(args), words(script)...)
	case "ENV", "ARG":
		s.Values = assignments(text)
	case "LABEL", "EXPOSE", "USER", "WORKDIR", "STOPSIGNAL", "VOLUME", "MAINTAINER", "SHELL":
	default:
		s.Values = words(text)
	}
	return s
}

// command takes the build's arguments and the shell off what a step runs. The
// arguments are separated like words of the command, so all that stands before
// the shell is taken for them.
func command(text string) (args, script string) {
	if m := buildArgs.FindString(text); m != "" {
		text = text[len(m):]
		at := shellStart.FindStringIndex(text)
		if at == nil {
			return text, ""
		}
		return text[:at[0]], text[at[1]:]
	}
	if at := shellStart.FindStringIndex(text); at != nil && at[0] == 0 {
		return "", text[at[1]:]
	}
	return "", text
}

// assignments reduces NAME=VALUE words, or NAME VALUE in the old form.
func assignments(text string) []snapshot.Secretish {
	name, value, ok := strings.Cut(text, " ")
	if ok && !strings.Contains(name, "=") && variable(name) {
		return []snapshot.Secretish{snapshot.Conceal(name, unquoted(value))}
	}
	return words(text)
}

const maxStepValues = 64

// telling are shapes that only a credential has.
var telling = []snapshot.Shape{snapshot.ShapeToken, snapshot.ShapeURLCreds, snapshot.ShapeKey}

// words keeps of a command what may be a credential: assignments, options with
// values, and words of the form of a token, a key or a URL with a password.
func words(text string) []snapshot.Secretish {
	var out []snapshot.Secretish
	add := func(name, value string) {
		value = unquoted(value)
		if value != "" && value[0] != '$' && len(out) < maxStepValues {
			out = append(out, snapshot.Conceal(name, value))
		}
	}
	before, fetches := "", strings.Contains(text, "curl ")
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, `"';,()[]`)
		name, value, assigned := strings.Cut(w, "=")
		option := strings.HasPrefix(w, "--") && variable(strings.ReplaceAll(strings.TrimPrefix(name, "--"), "-", "_"))
		switch {
		case assigned && (variable(name) || option):
			add(name, value)
		case before == "user": // curl -u NAME:PASSWORD
			if _, password, ok := strings.Cut(w, ":"); ok {
				add("password", password)
			}
		case before != "" && !strings.HasPrefix(w, "-"):
			add(before, w)
		default:
			if c := snapshot.Conceal("a word", w); slices.Contains(telling, c.Shape) {
				add(c.Name, w)
			}
		}
		before = ""
		if option && !assigned {
			before = name
		}
		if fetches && (w == "-u" || w == "--user") {
			before = "user"
		}
	}
	return out
}

func unquoted(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }
