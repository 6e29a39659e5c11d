// Command plimsoll builds a STRIDE threat model of a running Docker host from evidence.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"plimsoll/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
