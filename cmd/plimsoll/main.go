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
	context.AfterFunc(ctx, stop)      // a second signal ends the process at once
	untouched := make([]byte, 32<<20) // counts as used and costs nothing: no garbage is collected below 64 MB
	code := cli.Run(ctx, os.Args[1:], cli.System())
	runtime.KeepAlive(untouched)
	os.Exit(code)
}
