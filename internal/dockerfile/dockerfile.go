// Package dockerfile reads Dockerfiles with BuildKit's parser and reduces them to
// facts: bases, users, what is added from elsewhere, what is installed and how.
// It is the only importer of BuildKit. Nothing is run or fetched, and neither
// commands nor values of variables leave the package.
package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"plimsoll/internal/snapshot"
)

// MaxBytes bounds a Dockerfile. BuildKit itself takes lines of 64 KiB at most.
const MaxBytes = 1 << 20

const (
	maxStages = 256
	maxSteps  = 20_000
)

// Error is what is wrong with a Dockerfile. It repeats nothing of the file but
// the name of an instruction.
type Error struct {
	Line int // from 1; 0 is unknown
	Msg  string
}

// Error returns line N: message.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Msg
	}
	return "line " + strconv.Itoa(e.Line) + ": " + e.Msg
}

// Recipe is a Dockerfile that BuildKit takes.
type Recipe struct {
	escape rune
	args   []instructions.ArgCommand
	stages []instructions.Stage
	syntax snapshot.Syntax
}

// Args are build arguments by name, which stand in the place of defaults. Nil is
// one that is given with a value that is not known.
type Args map[string]*string

// Parse reads one Dockerfile and reduces it to facts by its own defaults. Errors
// are always *[Error].
func Parse(data []byte) (*snapshot.Dockerfile, error) {
	r, err := Read(data)
	if err != nil {
		return nil, err
	}
	return r.Facts(nil)
}

// Read reads one Dockerfile. Errors are always *[Error].
func Read(data []byte) (r *Recipe, err error) {
	if len(data) > MaxBytes {
		return nil, &Error{Msg: fmt.Sprintf("has %d bytes; at most %d are read", len(data), MaxBytes)}
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, &Error{Msg: "is no text"}
	}
	defer refuse(&err)
	result, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, syntaxError(err)
	}
	if n := len(result.AST.Children); n > maxSteps {
		return nil, &Error{Msg: fmt.Sprintf("has %d instructions; at most %d are judged", n, maxSteps)}
	}
	stages, args, err := instructions.Parse(result.AST, nil)
	if err != nil {
		return nil, syntaxError(err)
	}
	if len(stages) == 0 {
		return nil, &Error{Msg: "has no FROM instruction"}
	}
	if len(stages) > maxStages {
		return nil, &Error{Msg: fmt.Sprintf("has %d stages; at most %d are judged", len(stages), maxStages)}
	}
	r = &Recipe{escape: result.EscapeToken, args: args, stages: stages}
	if ref, _, loc, ok := parser.DetectSyntax(data); ok {
		r.syntax = snapshot.Syntax{Ref: cut(ref)}
		if len(loc) > 0 {
			r.syntax.Line = loc[0].Start.Line
		}
	}
	return r, nil
}

// Facts reduces the recipe to what can be judged when it is built with the
// arguments. Scope, Path and Ignore are left to the caller.
func (r *Recipe) Facts(given Args) (d *snapshot.Dockerfile, err error) {
	defer refuse(&err)
	d = &snapshot.Dockerfile{Parsed: snapshot.Seen(true, "BuildKit's parser"), Syntax: r.syntax}
	newReader(r.escape, r.args, given).stages(d, r.stages)
	return d, nil
}

// refuse turns a panic into an error: the library is fed by strangers, and should
// it break, the file is refused.
func refuse(err *error) {
	if v := recover(); v != nil {
		*err = &Error{Msg: "is not a Dockerfile that can be understood: the reader gave up on it"}
	}
}

// syntaxError words an error of the library without what it repeats.
func syntaxError(err error) *Error {
	e := &Error{Msg: "is not a Dockerfile that BuildKit takes"}
	if at, ok := errors.AsType[*parser.LocationError](err); ok && len(at.Locations) > 0 && len(at.Locations[0]) > 0 {
		e.Line = at.Locations[0][0].Start.Line
	}
	msg := err.Error()
	if rest, ok := strings.CutPrefix(msg, "dockerfile parse error on line "); ok && e.Line == 0 {
		number, _, _ := strings.Cut(rest, ":")
		e.Line, _ = strconv.Atoi(number) // stays 0 when it is none
	}
	var unknown *instructions.UnknownInstructionError
	switch {
	case errors.As(err, &unknown):
		e.Msg = "an instruction is unknown"
		if name := unknown.Instruction; len(name) <= 20 && strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			e.Msg = "the instruction " + strings.ToUpper(name) + " is unknown"
		}
	case strings.Contains(msg, "greater than max allowed size"):
		e.Msg = "a line is longer than BuildKit takes, 65,535 bytes"
	case strings.Contains(msg, "unterminated heredoc"):
		e.Msg = "a here-document is not ended"
	case strings.Contains(msg, "no build stage in current context"):
		e.Msg = "an instruction stands before the first FROM"
	case strings.Contains(msg, "no instructions"):
		e.Msg = "it has no instruction"
	case strings.Contains(msg, "requires"):
		e.Msg = "an instruction has too few or too many arguments"
	}
	return e
}

// cut bounds a text of the file.
func cut(s string) string {
	const most = 1024
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
