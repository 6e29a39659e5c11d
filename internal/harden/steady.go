package harden

import (
	"context"
	"encoding/json"
	"time"

	"plimsoll/internal/dockerapi"
)

// undoTime bounds how long one change may take, but for what a container's own
// settings add.
const undoTime = 5 * time.Minute

// backTime bounds how long taking a step back may take when the caller's own
// context has ended: two stops, a start and the wait after it.
const backTime = 2*longestWait + undoTime

// steady is an engine whose changes are never cut off in the middle. An engine
// goes on with a call whose caller has gone (a stop ends minutes later), and what
// is then read is soon not true any more. A caller who gives up is heard at the
// next read or wait.
type steady struct{ Engine }

func whole[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	return call(ctx)
}

func wholeErr(ctx context.Context, call func(context.Context) error) error {
	_, err := whole(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

func (s steady) ContainerUpdate(ctx context.Context, id string, u dockerapi.Update) ([]string, error) {
	return whole(ctx, func(ctx context.Context) ([]string, error) { return s.Engine.ContainerUpdate(ctx, id, u) })
}

func (s steady) ContainerCreate(ctx context.Context, name string, config json.RawMessage) (string, []string, error) {
	var warnings []string
	id, err := whole(ctx, func(ctx context.Context) (id string, err error) {
		id, warnings, err = s.Engine.ContainerCreate(ctx, name, config)
		return id, err
	})
	return id, warnings, err
}

func (s steady) NetworkConnect(ctx context.Context, network, id string, endpoint json.RawMessage) error {
	return wholeErr(ctx, func(ctx context.Context) error { return s.Engine.NetworkConnect(ctx, network, id, endpoint) })
}

func (s steady) Rename(ctx context.Context, id, name string) error {
	return wholeErr(ctx, func(ctx context.Context) error { return s.Engine.Rename(ctx, id, name) })
}

func (s steady) Start(ctx context.Context, id string) error {
	return wholeErr(ctx, func(ctx context.Context) error { return s.Engine.Start(ctx, id) })
}

func (s steady) Remove(ctx context.Context, id string, force bool) error {
	return wholeErr(ctx, func(ctx context.Context) error { return s.Engine.Remove(ctx, id, force) })
}
