package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/config"
	"plimsoll/internal/harden"
	"plimsoll/internal/report/text"
	"plimsoll/internal/yaml"
)

// The exit codes.
const (
	exitDone        = 0
	exitGate        = 1   // the gate failed
	exitUsage       = 2   // usage, configuration or waiver error
	exitBlind       = 3   // evidence is missing that the gate needs
	exitNoResult    = 4   // no result: target unreachable, output not writable, internal error
	exitNotReached  = 5   // a step's target state was not reached
	exitRollback    = 6   // rollback incomplete
	exitInterrupted = 130 // as the shell says for an interrupt
)

// precedence orders the codes of several errors, the one that counts first. A
// step that an interrupt cut short was taken back, which is no failure of its own.
var precedence = []int{exitRollback, exitInterrupted, exitNotReached, exitNoResult, exitUsage, exitGate, exitBlind}

// exitError is an error that knows its exit code. Without err it is silent: the
// screen has said it.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is an error of the command line or of a file that it names.
func usage(format string, a ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, a...)}
}

// failure is an error that leaves no result.
func failure(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitNoResult, err}
}

func interrupted(err error) error {
	if slices.Contains(collectCodes(err, nil), exitInterrupted) {
		return err // it says so already
	}
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: %w", err)}
}

// exitCode finds the code of an error; of several, the one that counts.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	codes := collectCodes(err, nil)
	for _, c := range precedence {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return exitNoResult
}

//nolint:errorlint // every level of the tree is looked at
func collectCodes(err error, codes []int) []int {
	switch e := err.(type) {
	case *exitError:
		codes = append(codes, e.code)
	case *config.Error:
		return append(codes, exitUsage)
	case *harden.Error:
		return append(codes, hardenCode(e))
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			codes = collectCodes(inner, codes)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			codes = collectCodes(inner, codes)
		}
	}
	return codes
}

func hardenCode(e *harden.Error) int {
	switch {
	case errors.Is(e, harden.ErrRollbackIncomplete):
		return exitRollback
	case errors.Is(e, harden.ErrTargetNotReached), errors.Is(e, harden.ErrPrecondition):
		return exitNotReached
	}
	return exitNoResult
}

// messages are the lines that an error puts on the screen: one for every problem
// of a configuration and for each of several errors, and what to do by hand after
// the error that asks for it.
func messages(err error) []string {
	if c, ok := errors.AsType[*config.Error](err); ok {
		return strings.Split(strings.TrimRight(c.Error(), "\n"), "\n")
	}
	if err == nil || err.Error() == "" {
		return nil
	}
	if several := apart(err); len(several) > 0 {
		var lines []string
		for _, e := range several {
			lines = append(lines, messages(e)...)
		}
		return lines
	}
	if unheard(err) {
		return nil
	}
	parts := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	lines := []string{strings.Join(parts, "; ")}
	if e, ok := errors.AsType[*harden.Error](err); ok {
		for _, h := range e.Hand {
			lines = append(lines, "by hand: "+h)
		}
	}
	return lines
}

// apart returns the errors that were joined as equals, with what wraps them
// silently taken off.
//
//nolint:errorlint // every level is looked at
func apart(err error) []error {
	switch e := err.(type) {
	case *exitError:
		return apart(e.err)
	case *harden.Error:
		return nil // its kind and cause are one sentence
	case interface{ Unwrap() []error }:
		var texts []string
		for _, inner := range e.Unwrap() {
			texts = append(texts, inner.Error())
		}
		if strings.Join(texts, "\n") == err.Error() {
			return e.Unwrap()
		}
	}
	return nil
}

// unknownName says that a name is none of those possible, and which was meant.
func unknownName(what, name string, known []string, hint string) error {
	if near := yaml.Nearest(name, known); near != "" {
		return usage("unknown %s %s; did you mean %s?", what, quote(name), near)
	}
	return usage("unknown %s %s; %s", what, quote(name), hint)
}

// quote makes a name that the user or a file gave fit for an error.
func quote(s string) string {
	const most = 80 // runes; longer than any name that is known
	s = text.Clean(s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return "\"" + s + "\""
}
