package cli

import (
	"sync"
	"time"

	"plimsoll/internal/step"
)

const (
	quietTime = time.Second      // a run that is shorter shows no progress
	redrawing = time.Second / 5  // how often the line of a terminal is redrawn
	heartbeat = 30 * time.Second // how often a log hears that work goes on
)

// progress tells on the standard error stream what a long run is doing: one
// redrawn line on a terminal, a heartbeat elsewhere.
type progress struct {
	log  *logger
	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	last string
}

// progress starts to tell; end must be called.
func (a *app) progress() *progress {
	p := &progress{log: a.log, stop: make(chan struct{})}
	every, first := heartbeat, heartbeat
	if a.isTerminal(a.Err) && a.Env("TERM") != "dumb" && !a.log.json {
		every, first = redrawing, quietTime
	}
	if a.log.quiet {
		return p
	}
	began := time.Now()
	p.done.Go(func() {
		timer := time.NewTimer(first)
		defer timer.Stop()
		for {
			select {
			case <-p.stop:
				p.log.clear()
				return
			case <-timer.C:
				timer.Reset(every)
				p.tell(time.Since(began), every == redrawing)
			}
		}
	})
	return p
}

func (p *progress) tell(since time.Duration, redraw bool) {
	p.mu.Lock()
	msg := p.last
	p.mu.Unlock()
	if msg == "" {
		msg = "working"
	}
	if redraw {
		p.log.redraw(msg + " …")
		return
	}
	p.log.note("%s, for %d s now", msg, int(since.Seconds()))
}

// say notes what is being done. With -v every note is a line.
func (p *progress) say(msg string) {
	p.mu.Lock()
	p.last = msg
	p.mu.Unlock()
	p.log.detail("%s", msg)
}

// phase tells of the phases of steps.
func (p *progress) phase(steps []step.Step) func(id, phase string) {
	return func(id, phase string) {
		target := "step " + id // one that was merged from several
		for _, s := range steps {
			if s.ID == id {
				target = s.Target.Key
			}
		}
		p.say(target + ": " + phase)
	}
}

func (p *progress) end() {
	close(p.stop)
	p.done.Wait()
}
