// Command plimsoll builds a STRIDE threat model of a running Docker host from evidence.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"plimsoll/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// Garbage is collected when memory in use has doubled. Most runs are so small
	// and short that this is never worth it; these bytes count, but are never
	// touched and so cost nothing.
	untouched := make([]byte, 32<<20)
	code := cli.Run(ctx, os.Args[1:], cli.System())
	runtime.KeepAlive(untouched)
	os.Exit(code)
}
