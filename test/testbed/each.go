package testbed

import (
	"errors"
	"net/http"
	"sync"
)

// Each calls do for 0 … n-1, at most limit at a time, and returns when all are
// done.
func Each(n, limit int, do func(i int)) {
	slots := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	wg.Wait()
}

// gone reports whether the engine said that a container does not exist, or is
// being removed by someone else.
func gone(err error) bool {
	status, answered := errors.AsType[*StatusError](err)
	return answered && (status.Code == http.StatusNotFound || status.Code == http.StatusConflict)
}
