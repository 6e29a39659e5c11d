package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"plimsoll/internal/report/text"
)

// logger writes everything that is not data to the standard error stream. It
// makes what it is given safe for a terminal.
type logger struct {
	mu      sync.Mutex
	w       io.Writer
	json    bool
	quiet   bool // no notes
	verbose bool // details too
	line    bool // a progress line stands on the terminal
}

// note says what a person may want to know. -q silences it.
func (l *logger) note(format string, a ...any) {
	if !l.quiet {
		l.write(slog.LevelInfo, fmt.Sprintf(format, a...))
	}
}

// warn says what a person should know. Nothing silences it.
func (l *logger) warn(format string, a ...any) {
	l.write(slog.LevelWarn, fmt.Sprintf(format, a...))
}

// detail is for -v.
func (l *logger) detail(format string, a ...any) {
	if l.verbose {
		l.write(slog.LevelDebug, fmt.Sprintf(format, a...))
	}
}

// fail says why the run failed.
func (l *logger) fail(msg string) { l.write(slog.LevelError, msg) }

func (l *logger) write(level slog.Level, msg string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	msg = text.Clean(msg)
	l.wipe()
	if l.json {
		h := slog.NewJSONHandler(l.w, &slog.HandlerOptions{Level: slog.LevelDebug})
		slog.New(h).Log(context.Background(), level, msg)
		return
	}
	fmt.Fprintf(l.w, "plimsoll: %s\n", msg)
}

// redraw replaces the progress line of a terminal.
func (l *logger) redraw(msg string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "\r\x1b[K%s", text.Clean(msg))
	l.line = true
}

// clear takes the progress line away.
func (l *logger) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wipe()
}

func (l *logger) wipe() {
	if l.line {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.line = false
	}
}
