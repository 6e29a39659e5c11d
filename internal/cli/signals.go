package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that ends with the first signal that asks the
// process to end: an interrupt, a termination, or the terminal going away, which
// is told more than once. A second interrupt or termination ends the process at
// once. What was set to be ignored, as nohup does, stays ignored. A reader of the
// output that goes away is an error of the write, and never the end of a step
// that is being made.
func Interruptible(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	heard := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(heard, s)
		}
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-heard
		cancel()
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	}()
	return ctx
}

// unheard reports whether an error is only that nobody reads the output any more.
func unheard(err error) bool {
	e, ok := errors.AsType[*fs.PathError](err)
	return ok && e.Path == os.Stdout.Name() && errors.Is(e.Err, syscall.EPIPE)
}
